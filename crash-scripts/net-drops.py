# SPDX-License-Identifier: GPL-2.0-or-later
"""Where did this kernel lose packets? The devices of all network namespaces with their counters,
the core's counters by CPU, the qdiscs, and what the protocols counted as lost.

    drgn -c CORE -s VMLINUX crash-scripts/net-drops.py

Needs:  vmlinux with debuginfo, and crash_common.py beside it.
Costs:  1.2 s and 260 MB on 6.1, 1.5 s and 320 MB on 6.12 (drgn 0.3.0).
Tried:  drgn 0.3.0 on 6.1.192 and 6.12.95, with and without KASLR; drgn 0.0.22 on both.
Not in it: what drivers count for themselves (veth, for one) or in the hardware (ethtool -S).
"""
import os
import re
import sys

from drgn.helpers.linux.list import hlist_for_each_entry
from drgn.helpers.linux.percpu import per_cpu_ptr

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_common import (cpus, devices, each, has, lines, namespaces, number, per_cpu_sum, table,
                          text)

UP = 1  # IFF_UP
CPU_STATS = 0x20  # TCQ_F_CPUSTATS
ROOT = 0xffffffff  # TC_H_ROOT
CORE = ("rx_dropped", "tx_dropped", "rx_nohandler", "rx_otherhost_dropped")
# A pointer in net.mib, and a constant of the enum that names what it counts.
PROTOCOLS = {"ip_statistics": "IPSTATS_MIB_INPKTS", "ipv6_statistics": "IPSTATS_MIB_INPKTS",
             "icmp_statistics": "ICMP_MIB_INMSGS", "tcp_statistics": "TCP_MIB_INSEGS",
             "net_statistics": "LINUX_MIB_LISTENDROPS", "udp_statistics": "UDP_MIB_INDATAGRAMS",
             "udp_stats_in6": "UDP_MIB_INDATAGRAMS"}
LOST = re.compile("DISCARD|ERR|DROP|NOPORT|NOROUTE|FAIL|OVERFLOW|PRUNE|REJECT|TRUNC|QFULL|FILTER|"
                  "UNKNOWNPROTO|TOOBIG|ABORTON|CHALLENGE")


def core_counters(device, cpu=None):
    """Of the network core for this device, on a CPU or all. Per CPU since 5.18."""
    prog = device.prog_
    if not has(device, "core_stats"):
        return [number(device.member_(name)) if has(device, name) else 0 for name in CORE]
    if not device.core_stats:
        return [0] * len(CORE)
    one = per_cpu_ptr(device.core_stats, 0)
    names = [name if has(one, name) else None for name in CORE]
    if cpu is None:
        return [per_cpu_sum(prog, device.core_stats, name) if name else 0 for name in names]
    one = per_cpu_ptr(device.core_stats, cpu)
    return [number(one.member_(name)) if name else 0 for name in names]


def own_counters(device):
    """Of drivers that let the core keep all their counters per CPU: received, sent."""
    prog = device.prog_
    if not has(device, "pcpu_stat_type") or "NETDEV_PCPU_STAT_DSTATS" not in prog or \
            int(device.pcpu_stat_type) != int(prog["NETDEV_PCPU_STAT_DSTATS"]):
        return 0, 0
    return (per_cpu_sum(prog, device.dstats, "rx_drops"),
            per_cpu_sum(prog, device.dstats, "tx_drops"))


def device_row(inode, device):
    stats, core, own = device.stats, core_counters(device), own_counters(device)
    return (inode, int(device.ifindex), text(device.name),
            "up" if int(device.flags) & UP else "down",
            number(stats.rx_errors), number(stats.rx_dropped) + core[0] + own[0],
            number(stats.rx_missed_errors), core[2], core[3],
            number(stats.tx_errors), number(stats.tx_dropped) + core[1] + own[1])


def cpu_rows(inode, device):
    """Those CPUs that counted something."""
    if not has(device, "core_stats"):
        return []
    rows = [(inode, text(device.name), cpu, *core_counters(device, cpu))
            for cpu in cpus(device.prog_)]
    return [row for row in rows if any(row[3:])]


def qdiscs(device):
    """The root's, those of each queue, of ingress, and what hangs below the root; each once."""
    found = [device.qdisc]
    found += [device._tx[i].qdisc_sleeping for i in range(int(device.num_tx_queues))]
    if device.ingress_queue:
        found.append(device.ingress_queue.qdisc_sleeping)
    for i in range(device.qdisc_hash.type_.length):
        found += each(hlist_for_each_entry("struct Qdisc", device.qdisc_hash[i].address_of_(),
                                           "hash"))
    return {int(qdisc): qdisc for qdisc in found if qdisc}.values()


def handle(number_):
    """As tc writes it: 77: and 77:1, in hexadecimal."""
    if number_ == ROOT:
        return "root"
    return f"{number_ >> 16:x}:" + (f"{number_ & 0xffff:x}" if number_ & 0xffff else "")


def qdisc_counters(qdisc):
    counted = []
    for name in ("qlen", "backlog", "drops", "overlimits", "requeues"):
        value = number(qdisc.qstats.member_(name))
        if int(qdisc.flags) & CPU_STATS:
            value += per_cpu_sum(qdisc.prog_, qdisc.cpu_qstats, name) & 0xffffffff
        counted.append(value)
    counted[0] += int(qdisc.q.qlen)
    return counted


def qdisc_rows(inode, device):
    """Without those that have neither a handle nor counted anything, as the default ones."""
    rows = [(inode, text(device.name), text(qdisc.ops.id), handle(int(qdisc.handle)),
             handle(int(qdisc.parent)), *qdisc_counters(qdisc)) for qdisc in qdiscs(device)]
    return [row for row in rows if row[3] != "0:" or any(row[5:])]


def protocol_rows(inode, net):
    prog, rows = net.prog_, []
    for member, constant in PROTOCOLS.items():
        if not has(net.mib, member) or constant not in prog:
            continue
        pointer = net.mib.member_(member)
        if not pointer:
            continue
        per_cpu = [per_cpu_ptr(pointer, cpu).mibs for cpu in cpus(prog)]
        for name, index in prog[constant].type_.enumerators:
            if LOST.search(name) and index < per_cpu[0].type_.length:
                value = sum(int(mibs[index]) for mibs in per_cpu)
                if value:
                    rows.append((inode, member, name, value))
    return rows


def main(prog):
    nets = [(int(net.ns.inum), net) for net in namespaces(prog)]
    found = [(inode, device) for inode, net in nets for device in devices(net)]

    def rows_of(things, rows):
        return [row for many in lines(things, lambda thing: rows(*thing)) for row in many]
    table("NETNS IF DEVICE STATE RX_ERROR RX_DROP RX_MISSED NO_HANDLER OTHER_HOST TX_ERROR TX_DROP",
          lines(found, lambda row: device_row(*row)))
    table("NETNS DEVICE CPU CORE_RX_DROP CORE_TX_DROP NO_HANDLER OTHER_HOST",
          rows_of(found, cpu_rows))
    table("NETNS DEVICE QDISC HANDLE PARENT QLEN BACKLOG DROPS OVERLIMITS REQUEUES",
          rows_of(found, qdisc_rows))
    table("NETNS PROTOCOL COUNTER VALUE", rows_of(nets, protocol_rows))


main(prog)
