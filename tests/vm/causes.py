#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events for the checks of the scripts, a prime number of each, in the network namespace it runs in:

    unshare -n causes.py NAME

But for `nic`, which takes the pair of NICs of modules/pausenic where they are.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys

from checking import until

# Twins, so that one flow's and all together are primes.
OF_FLOW, OF_OTHERS = 197, 2
ALL = OF_FLOW + OF_OTHERS
FRAMES, PAUSES, ABORTED, REDIRECTED, REFUSED = 101, 31, 43, 37, 7
SENDER, PORT, OTHER_PORT = ("127.0.0.1", 40007), ("127.0.0.2", 9), ("127.0.0.2", 10)
TX, RX = "wdscript0", "wdscript1"
NIC, NICS_PEER = "pause0", "pause1"
NOBODY = 9999  # the index of no device
LOCAL_EXPERIMENT, MAC_CONTROL = "88b5", "8808"  # ethertypes; nobody here takes frames of them
FRAME, LINK_HEADER = 60, 14


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def udp_without_port():
    lines = [line.split() for line in open("/proc/self/net/snmp") if line.startswith("Udp:")]
    return int(dict(zip(*lines))["NoPorts"])


def cause_datagrams():
    ip("link", "set", "lo", "up")
    for target, count in ((PORT, OF_FLOW), (OTHER_PORT, OF_OTHERS)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(SENDER)
            for _ in range(count):
                sender.sendto(b"lost", target)
    until(lambda: udp_without_port() == ALL, "datagrams that nobody takes")


def dropped_by_device():
    line = next(line for line in open("/proc/self/net/dev") if line.strip().startswith(RX + ":"))
    return int(line.split(":")[1].split()[3])


def send(ethertype, count, payload=b"", device=TX):
    frame = bytes.fromhex("0180c2000001" "525400000001" + ethertype) + payload
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((device, 0))
        for _ in range(count):
            sender.send(frame.ljust(FRAME, b"\0"))


def link_of(name):
    return json.loads(ip("-j", "link", "show", "dev", name))[0]


def without_ipv6(name):
    """A device that sends nothing by itself."""
    off = pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    if off.exists():
        off.write_text("1\n")


def veth():
    # On one CPU frames are received in the order in which they were sent.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    without_ipv6("default")
    ip("link", "add", TX, "type", "veth", "peer", "name", RX)
    for name in (TX, RX):
        ip("link", "set", name, "up")
    # Before that what is sent is thrown away: the kernel learns of the carrier in its own time.
    until(lambda: all(link_of(name)["operstate"] == "UP" for name in (TX, RX)), "a link")


def cause_frames():
    veth()
    send(LOCAL_EXPERIMENT, FRAMES)
    until(lambda: dropped_by_device() == FRAMES, "frames that nobody takes")


def cause_pause():
    veth()
    send(MAC_CONTROL, PAUSES, bytes.fromhex("0001ffff"))
    until(lambda: dropped_by_device() == PAUSES, "PAUSE frames that nobody takes")


def run_xdp(program, count):
    """That many frames go through a program, whose object file the environment names."""
    ip("link", "set", "dev", RX, "xdpgeneric", "obj", os.environ[program], "sec", "xdp")
    link = link_of(RX)
    print(f"{program}: {link['ifindex']} {link['xdp']['prog']['id']}", flush=True)
    send(LOCAL_EXPERIMENT, count)
    # Nothing counts these. One that comes behind them, and is counted, tells that they are through.
    ip("link", "set", "dev", RX, "xdpgeneric", "off")
    before = dropped_by_device()
    send(LOCAL_EXPERIMENT, 1)
    until(lambda: dropped_by_device() > before, "the frame behind them")


def cause_xdp():
    veth()
    run_xdp("ABORTING", ABORTED)
    run_xdp("REDIRECTING", REDIRECTED)


def nic_counter(name):
    lines = subprocess.run(["ethtool", "-S", NIC], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return int(dict(line.split(":") for line in lines if ": " in line)[f"     {name}"])


def cause_nic():
    for name in (NIC, NICS_PEER):
        without_ipv6(name)
        ip("link", "set", name, "up")
    refuse = pathlib.Path("/sys/module/pausenic/parameters/refuse")
    refuse.write_text(f"{REFUSED}\n")
    send(LOCAL_EXPERIMENT, 1, device=NIC)
    until(lambda: refuse.read_text() == "0\n", "packets that the driver refuses")
    # Stopped for as long as a PAUSE can say, with a packet waiting; then started again.
    send(MAC_CONTROL, 1, bytes.fromhex("0001ffff"), NICS_PEER)
    send(LOCAL_EXPERIMENT, 1, device=NIC)
    until(lambda: nic_counter("tx_timeouts") > 0, "the watchdog of transmit queues")
    send(MAC_CONTROL, 1, bytes.fromhex("00010000"), NICS_PEER)
    print(f"timeouts: {nic_counter('tx_timeouts')}", flush=True)


CAUSES = {name: globals()[f"cause_{name}"] for name in ("datagrams", "frames", "pause", "xdp", "nic")}

if __name__ == "__main__":
    CAUSES[sys.argv[1]]()
