# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks that make their kernel panic: known numbers of lost packets, what the kernel says of them
# in $FOLDER, and the end. The host then looks for the same in the memory.

unknown=37 unknown_in_peer=41 of_qdisc=43 of_full_qdisc=53 datagrams=101

send() { # COUNT DEVICE: frames of a protocol nobody has registered
    python3 -c '
import contextlib, socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((sys.argv[2], 0))
for _ in range(int(sys.argv[1])):
    with contextlib.suppress(OSError):  # a full qdisc says so
        sender.send(b"\xff" * 6 + b"\x02\0\0\0\0\1" + b"\x88\xb5" + bytes(46))' "$@"
}

lose_packets() {
    local no_packets_of_its_own='echo 1 | tee /proc/sys/net/ipv6/conf/{all,default}/disable_ipv6'
    "$BASH" -c "$no_packets_of_its_own" >/dev/null
    ip netns add peer
    ip netns exec peer "$BASH" -c "$no_packets_of_its_own" >/dev/null
    ip link add ours type veth peer name theirs netns peer
    ip link set ours up
    ip -n peer link set theirs up
    ip -n peer link set lo up
    ip netns exec peer "$BASH" -c "$(declare -f send); send $unknown theirs"
    send $unknown_in_peer ours
    tc qdisc add dev ours root handle 77: netem loss 100%
    send $of_qdisc ours
    # One of 60 bytes leaves at once, then there is a byte a second, and room for five.
    ip -n peer link add slow up type dummy
    ip netns exec peer "$BASH" -c "
        tc qdisc add dev slow root handle 79: tbf rate 8bit burst 60 limit 300
        $(declare -f send); send $of_full_qdisc slow"
    ip netns exec peer "$BASH" -c "
        for ((i = 0; i < $datagrams; i++)); do
            echo >/dev/udp/127.0.0.1/9
        done"
    # An answer in fragments, all of which come at once to a CPU that may keep few.
    ip link set lo mtu 1500
    echo 3 >/proc/sys/net/core/netdev_max_backlog
    # ping hears nothing then, which is its failure and not ours.
    busybox ping -c 1 -W 1 -s 30000 127.0.0.1 >/dev/null || true
}

write_facts() {
    cat /proc/net/softnet_stat >"$FOLDER/softnet"
    ip -j -s -s link >"$FOLDER/links"
    ip -n peer -j -s -s link >"$FOLDER/links-of-peer"
    tc -j -s qdisc show >"$FOLDER/qdiscs"
    tc -n peer -j -s qdisc show >"$FOLDER/qdiscs-of-peer"
    ip netns exec peer cat /proc/net/snmp >"$FOLDER/snmp-of-peer"
    readlink /proc/self/ns/net >"$FOLDER/netns"
    ip netns exec peer readlink /proc/self/ns/net >"$FOLDER/netns-of-peer"
    printf '%s\n' /proc/[0-9]*/task/[0-9]* >"$FOLDER/tasks" # last, and without any other process
}

die() {
    insmod "$WHYDROP_MODULES/resetrace.ko" delay_ms=30000
    # The work is pending when the driver goes, which then has it run at once: of a null pointer.
    rmmod resetrace
}
