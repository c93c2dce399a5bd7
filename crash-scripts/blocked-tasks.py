# SPDX-License-Identifier: GPL-2.0-or-later
"""What hangs? The tasks in uninterruptible sleep (D), those with the same stack together, the
longest asleep first. Idle kernel threads, which sleep in the same way and load nothing, are left
out.

    drgn -c CORE -s VMLINUX crash-scripts/blocked-tasks.py

Needs:  vmlinux with debuginfo, and crash_common.py beside it.
Costs:  1.2 s and 260 MB on 6.1, 1.5 s and 320 MB on 6.12 (drgn 0.3.0).
Tried:  drgn 0.3.0 on 6.1.192 and 6.12.95, with and without KASLR; drgn 0.0.22 on both.
A line of a stack that begins with ? was found on it, not unwound: drgn 0.0.22 needs a module's
debuginfo (-s MODULE.ko) to get out of it, newer versions do not.
"""
import os
import sys

from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_common import GONE, Stack, Symbols, attempt, cpus, each, has, table, text

UNINTERRUPTIBLE, NO_LOAD = 0x2, 0x400  # TASK_UNINTERRUPTIBLE, TASK_NOLOAD


def state(task):
    """It was renamed in 5.14."""
    return int(task.member_("__state" if has(task, "__state") else "state"))


def is_blocked(task):
    return state(task) & (UNINTERRUPTIBLE | NO_LOAD) == UNINTERRUPTIBLE


def now(prog):
    """The newest of the CPUs' scheduler clocks, in ns."""
    return max(int(per_cpu(prog["runqueues"], cpu).clock) for cpu in cpus(prog))


def seconds_asleep(task, clock):
    """Since it last got a CPU."""
    return max(0, clock - int(task.sched_info.last_arrival)) / 1e9


def grouped(prog, symbols):
    """{stack: [(seconds, task)]}"""
    groups, clock = {}, now(prog)
    for task in each(for_each_task(prog)):
        if attempt(lambda task=task: is_blocked(task), False):
            calls = tuple(Stack(prog, symbols, task).calls()) or ("(no stack)",)
            groups.setdefault(calls, []).append((seconds_asleep(task, clock), task))
    return groups


def main(prog):
    groups = grouped(prog, Symbols(prog))
    ordered = sorted(groups.items(), key=lambda group: -max(row[0] for row in group[1]))
    for calls, tasks in ordered:
        print(f"{len(tasks)} blocked in")
        print("".join(f"    {call}\n" for call in calls), end="")
        table("PID TASK SECONDS", [(int(task.pid), attempt(lambda task=task: text(task.comm)),
                                    f"{seconds:.3f}")
                                   for seconds, task in sorted(tasks, key=lambda row: -row[0])])
    print(f"{sum(map(len, groups.values()))} blocked tasks, {len(groups)} different stacks")


main(prog)
