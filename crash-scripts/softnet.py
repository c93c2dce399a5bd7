# SPDX-License-Identifier: GPL-2.0-or-later
"""Did the CPUs keep up with receiving? What /proc/net/softnet_stat would say, by CPU: packets
processed and dropped, how often the time was up (TIME_SQUEEZE), what waits in the backlog, and
which devices were being polled.

    drgn -c CORE -s VMLINUX crash-scripts/softnet.py

Needs:  vmlinux with debuginfo, and crash_common.py beside it.
Costs:  1.2 s and 260 MB on 6.1, 1.5 s and 320 MB on 6.12 (drgn 0.3.0).
Tried:  drgn 0.3.0 on 6.1.192 and 6.12.95, with and without KASLR; drgn 0.0.22 on both.
"""
import os
import sys

from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.percpu import per_cpu

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_common import cpus, each, has, lines, number, table, text

# What net.core.NAME was as a variable.
LIMITS = {"netdev_max_backlog": "netdev_max_backlog", "netdev_budget": "netdev_budget",
          "netdev_budget_usecs": "netdev_budget_usecs", "dev_weight": "dev_rx_weight"}


def dropped(softnet):
    """An integer; an atomic one in 6.12; two of them in 7.x."""
    if has(softnet, "dropped"):
        return number(softnet.dropped)
    return number(softnet.drop_counters.drops0) + number(softnet.drop_counters.drops1)


def polled(softnet):
    """The devices on the poll list; the backlog has none."""
    names = [text(napi.dev.name) if napi.dev else "backlog" for napi in
             each(list_for_each_entry("struct napi_struct", softnet.poll_list.address_of_(),
                                      "poll_list"))]
    return ",".join(names) or "-"


def row(prog, cpu):
    softnet = per_cpu(prog["softnet_data"], cpu)
    limited = int(softnet.flow_limit.count) if has(softnet, "flow_limit") and softnet.flow_limit \
        else 0
    return (cpu, int(softnet.processed), dropped(softnet), int(softnet.time_squeeze),
            int(softnet.received_rps), limited, int(softnet.input_pkt_queue.qlen),
            int(softnet.process_queue.qlen),
            int(softnet.defer_count) if has(softnet, "defer_count") else "-", polled(softnet))


def limits(prog):
    """The sysctls net.core.NAME; variables of their own, in newer kernels together."""
    for name, before in LIMITS.items():
        if before in prog:
            yield name, int(prog[before])
        elif "net_hotdata" in prog:
            yield name, int(prog["net_hotdata"].member_(before.replace("netdev_max", "max")))


def main(prog):
    table("CPU PROCESSED DROPPED TIME_SQUEEZE RECEIVED_RPS FLOW_LIMITED INPUT_QLEN PROCESS_QLEN "
          "DEFERRED POLLED", lines(cpus(prog), lambda cpu: row(prog, cpu)))
    table("SYSCTL VALUE", list(limits(prog)))


main(prog)
