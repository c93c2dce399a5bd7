# SPDX-License-Identifier: GPL-2.0-or-later
"""Why did this kernel panic? The summary, the task with its registers and stack, what ran on the
other CPUs, modules that are not the distribution's or on their way out, the last lines of the
log.

    drgn -c CORE -s VMLINUX crash-scripts/panic.py

Needs:  vmlinux with debuginfo, and crash_common.py beside it.
Costs:  1.2 s and 260 MB on 6.1, 1.5 s and 320 MB on 6.12 (drgn 0.3.0).
Tried:  drgn 0.3.0 on 6.1.192 and 6.12.95, with and without KASLR; drgn 0.0.22 on both.
A line of the stack that begins with ? was found on it, not unwound: drgn 0.0.22 needs a module's
debuginfo (-s MODULE.ko) to get out of it, newer versions do not.
"""
import datetime
import os
import sys

from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_common import (GONE, Stack, Symbols, attempt, cpus, each, lines, module_memory, modules,
                          number, table, text)

LOG_LINES = 40
REASONS = ("Kernel panic - not syncing", "BUG:", "Oops:", "general protection fault", "kernel BUG")
MODULE_STATES = ("live", "coming", "going", "unformed")
# Bits of a module's taints: proprietary, out of tree, unsigned.
FOREIGN = {0: "P", 12: "O", 13: "E"}
REGISTERS = ("rip rsp rflags", "rax rbx rcx", "rdx rsi rdi", "rbp r8 r9", "r10 r11 r12",
             "r13 r14 r15")


def timekeeper(prog):
    """Newer kernels have several; the first is the system's."""
    try:
        return prog["tk_core"].timekeeper
    except KeyError:
        return prog["timekeeper_data"][0].timekeeper


def when(prog):
    keeper = timekeeper(prog)
    now = int(keeper.xtime_sec)
    up = now + int(keeper.wall_to_monotonic.tv_sec) + int(keeper.offs_boot) // 10**9
    date = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    return f"{date:%Y-%m-%d %H:%M:%S} UTC", str(datetime.timedelta(seconds=up))


def taints(prog):
    mask = number(prog["tainted_mask"]) if "tainted_mask" in prog else 0
    flags = prog["taint_flags"]
    letters = [chr(int(flags[bit].c_true)) for bit in range(flags.type_.length) if mask >> bit & 1]
    return "".join(letters) or "no"


def panic_task(prog):
    """The task that ran on the CPU that panicked; None: none did."""
    cpu = number(prog["panic_cpu"])
    if cpu not in cpus(prog):
        return None, None
    return cpu, per_cpu(prog["runqueues"], cpu).curr


def show_summary(prog, log, cpu, task):
    name = prog["init_uts_ns"].name
    date, up = attempt(lambda: when(prog), (GONE, GONE))
    rows = [("KERNEL", f"{text(name.release)} {text(name.machine)}"), ("BUILD", text(name.version)),
            ("NODE", text(name.nodename)), ("DATE", date), ("UPTIME", up),
            ("LOAD", " ".join(f"{int(prog['avenrun'][i]) / 2048:.2f}" for i in range(3))),
            ("CPUS", len(cpus(prog))), ("TASKS", sum(1 for _ in each(for_each_task(prog)))),
            ("TAINTED", taints(prog))]
    for reason in REASONS:
        rows += [("REASON", line[line.index(reason):]) for line in log if reason in line][-1:]
    if task is not None:
        rows += [("CPU", cpu), ("TASK", f"{text(task.comm)} (pid {int(task.pid)})")]
    table("FIELD VALUE", rows)


def show_registers(frames, task, symbols):
    """Those at the exception; without one, of the innermost frame."""
    at = next((i for i, frame in enumerate(frames) if i and frame.interrupted and not
               frames[i - 1].interrupted), 0)
    if not frames:
        print("REGISTERS\n(none: the dump has none of this CPU)\n")
        return
    print("REGISTERS at", symbols.name(frames[at].pc))
    known = frames[at].registers()
    for line in REGISTERS:
        print("  ".join(f"{name.upper():6} {known[name]:016x}" for name in line.split()
                        if name in known))
    print(f"CR2    {int(task.thread.cr2):016x}\n")  # of the last fault that was fatal


def show_other_cpus(prog, but):
    others = [(cpu, per_cpu(prog["runqueues"], cpu).curr) for cpu in cpus(prog) if cpu != but]
    table("CPU PID TASK", lines(others, lambda row: (row[0], int(row[1].pid), text(row[1].comm))))


def module_row(module):
    letters = "".join(letter for bit, letter in FOREIGN.items() if int(module.taints) >> bit & 1)
    size = sum(end - start for start, end in module_memory(module))
    return (text(module.name), MODULE_STATES[int(module.state)], letters or "-", size,
            max(0, number(module.refcnt) - 1))  # one is of the module itself


def show_modules(prog):
    found = lines(modules(prog), module_row)
    print(f"{len(found)} modules; not the distribution's, or not live:")
    table("MODULE STATE TAINTS BYTES USED_BY",
          [row for row in found if row[1] != "live" or row[2] != "-"])


def main(prog):
    symbols = Symbols(prog)
    log = attempt(lambda: get_dmesg(prog).decode(errors="replace").splitlines(), [])
    cpu, task = panic_task(prog)
    show_summary(prog, log, cpu, task)
    if task is not None:
        stack = Stack(prog, symbols, task)
        show_registers(stack.frames, task, symbols)
        print("STACK")
        print("\n".join(stack.calls(with_lines=True)) + "\n")
    show_other_cpus(prog, cpu)
    show_modules(prog)
    print("LOG")
    print("\n".join(log[-LOG_LINES:]))


main(prog)
