#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events for the checks of the scripts, a prime number of each, in the network namespace it runs in:

    unshare -n causes.py NAME
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
FRAMES, PAUSES, ABORTED = 101, 31, 43
SENDER, PORT, OTHER_PORT = ("127.0.0.1", 40007), ("127.0.0.2", 9), ("127.0.0.2", 10)
TX, RX = "wdscript0", "wdscript1"
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


def send(ethertype, count, payload=b""):
    frame = bytes.fromhex("0180c2000001" "525400000001" + ethertype) + payload
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((TX, 0))
        for _ in range(count):
            sender.send(frame.ljust(FRAME, b"\0"))


def veth():
    # On one CPU frames are received in the order in which they were sent.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    off = pathlib.Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
    if off.exists():
        off.write_text("1\n")
    ip("link", "add", TX, "type", "veth", "peer", "name", RX)
    for name in (TX, RX):
        ip("link", "set", name, "up")


def cause_frames():
    veth()
    send(LOCAL_EXPERIMENT, FRAMES)
    until(lambda: dropped_by_device() == FRAMES, "frames that nobody takes")


def cause_pause():
    veth()
    send(MAC_CONTROL, PAUSES, bytes.fromhex("0001ffff"))
    until(lambda: dropped_by_device() == PAUSES, "PAUSE frames that nobody takes")


def cause_aborted():
    veth()
    ip("link", "set", "dev", RX, "xdpgeneric", "obj", os.environ["ABORTING"], "sec", "xdp")
    link = json.loads(ip("-j", "link", "show", "dev", RX))[0]
    print(f"caused: {link['ifindex']} {link['xdp']['prog']['id']}", flush=True)
    send(LOCAL_EXPERIMENT, ABORTED)
    # Nothing counts these. One that comes behind them, and is counted, tells that they are through.
    ip("link", "set", "dev", TX, "address", "52:54:00:00:00:02")
    ip("link", "set", "dev", RX, "xdpgeneric", "off")
    before = dropped_by_device()
    send(LOCAL_EXPERIMENT, 1)
    until(lambda: dropped_by_device() > before, "the frame behind them")


CAUSES = {name: globals()[f"cause_{name}"] for name in ("datagrams", "frames", "pause", "aborted")}

if __name__ == "__main__":
    CAUSES[sys.argv[1]]()
