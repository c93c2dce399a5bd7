# SPDX-License-Identifier: GPL-2.0-or-later
"""For drgn, which unwinds by DWARF where there is debuginfo: a line of JSON for each task, with its
state and the return addresses of its frames in the kernel. Frames of inlined functions have none of
their own.

    drgn -c CORE -s VMLINUX tests/vm/backtraces.py
"""
import itertools
import json

from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.sched import task_cpu, task_state_to_char


USER = 1 << 63  # addresses below are of user mode


def idle_tasks(prog):
    """One for each CPU that there was (those online are fewer: a panic stops them)."""
    for cpu in range(int(prog["nr_cpu_ids"])):
        if int(prog["__cpu_present_mask"].bits[cpu // 64]) >> cpu % 64 & 1:
            yield per_cpu(prog["runqueues"], cpu).idle


def addresses_of(prog, task):
    """Up to where the task came from user mode: drgn goes on there, on the wrong memory."""
    frames = itertools.takewhile(lambda frame: frame.pc >= USER, prog.stack_trace(task))
    return [f"{frame.pc:#x}" for frame in frames if not frame.is_inline]


def main(prog):
    for task in [*idle_tasks(prog), *for_each_task(prog)]:
        addresses, problem = [], None
        try:
            addresses = addresses_of(prog, task)
        except (LookupError, ValueError) as error:
            problem = str(error)
        print(json.dumps({
            "pid": int(task.pid), "cpu": int(task_cpu(task)), "runs": bool(task.on_cpu),
            "comm": task.comm.string_().decode(errors="replace"),
            "state": task_state_to_char(task), "addresses": addresses, "problem": problem}))


main(prog)
