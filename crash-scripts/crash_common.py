# SPDX-License-Identifier: GPL-2.0-or-later
"""What the drgn scripts beside this file share. Kernels are asked by their types: a member that is
not there is another kernel's. A page that is not in the dump costs the line that needed it."""
import bisect
import re
import signal
import struct
import sys

import drgn
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.percpu import per_cpu_ptr

if not sys.stdout.isatty():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error

GONE = "?"  # what the dump does not have
STACK = 16384  # bytes, x86-64
OUTERMOST = ("ret_from_fork", "entry_", "asm_", "secondary_startup", "common_startup")


def table(header, rows):
    """Columns as wide as they have to be, numbers to the right; an empty line ends it."""
    header, rows = header.split(), [[str(cell) for cell in row] for row in rows]
    columns = list(zip(header, *rows))
    widths = [max(map(len, column)) for column in columns]
    to_the_right = [all(re.fullmatch(r"[\d.]+|[?-]", cell) for cell in column[1:])
                    for column in columns]
    for row in [header, *rows]:
        cells = [cell.rjust(width) if right else cell.ljust(width)
                 for cell, width, right in zip(row, widths, to_the_right)]
        print("  ".join(cells).rstrip())
    print("" if rows else "(none)\n")


def has(thing, member):
    """Whether a struct, or what a pointer leads to, has this member."""
    type_ = thing.type_
    while type_.kind in (drgn.TypeKind.POINTER, drgn.TypeKind.TYPEDEF):
        type_ = type_.type
    return type_.has_member(member)


def number(thing):
    """The integer in atomic_t, u64_stats_t, local64_t and whatever else it is wrapped in."""
    type_ = thing.type_
    while type_.kind == drgn.TypeKind.TYPEDEF:
        type_ = type_.type
    if type_.kind == drgn.TypeKind.STRUCT:
        return number(thing.member_(type_.members[0].name))
    return int(thing)


def text(chars):
    return chars.string_().decode(errors="replace")


def attempt(ask, otherwise=GONE):
    """What `ask` gives, or `otherwise` where the memory it needs is not in the dump."""
    try:
        return ask()
    except drgn.FaultError:
        return otherwise


def _note(what):
    sys.stdout.flush()
    print(f"({what})", file=sys.stderr, flush=True)


def lines(things, line):
    """What `line` makes of each thing; those it needs more memory for than there is are counted."""
    made = [attempt(lambda thing=thing: line(thing), None) for thing in things]
    if None in made:
        _note(f"{made.count(None)} of {len(made)} left out: not all their memory is in the dump")
    return [row for row in made if row is not None]


def each(walk):
    """What `walk` yields, up to the first page that is not in the dump."""
    try:
        yield from walk
    except drgn.FaultError as error:
        _note(f"what follows is not in the dump: {error}")


def cpus(prog):
    """The CPUs there were. (Those online are fewer: a panic stops them.)"""
    bits = prog["__cpu_present_mask"].bits
    width = 8 * drgn.sizeof(bits[0])
    return [cpu for cpu in range(int(prog["nr_cpu_ids"]))
            if int(bits[cpu // width]) >> cpu % width & 1]


def per_cpu_sum(prog, pointer, member):
    """A member of what a per-CPU pointer leads to, over all CPUs; 0 for a null pointer."""
    if not pointer:
        return 0
    return sum(number(per_cpu_ptr(pointer, cpu).member_(member)) for cpu in cpus(prog))


def namespaces(prog):
    return each(list_for_each_entry("struct net", prog["net_namespace_list"].address_of_(), "list"))


def devices(net):
    return each(list_for_each_entry("struct net_device", net.dev_base_head.address_of_(),
                                    "dev_list"))


def modules(prog):
    return each(list_for_each_entry("struct module", prog["modules"].address_of_(), "list"))


def module_memory(module):
    """[(start, end)]; mem[] is of 6.4 and later."""
    if has(module, "mem"):
        parts = [module.mem[i] for i in range(module.mem.type_.length)]
    else:
        parts = [module.core_layout]
    return [(int(part.base), int(part.base) + int(part.size)) for part in parts if part.base]


def module_symbols(prog, module):
    """[(address, name)], sorted: what the kernel keeps of the module's symbol table."""
    table_ = module.kallsyms
    symbols, names = int(table_.symtab), int(table_.strtab)
    found = []
    for name, _, _, section, value, _ in struct.iter_unpack(
            "<IBBHQQ", prog.read(symbols, 24 * int(table_.num_symtab))):  # Elf64_Sym
        if section and value:
            at = drgn.Object(prog, "char *", value=names + name)
            found.append((value, attempt(lambda at=at: text(at))))
    return sorted(found)


class Symbols:
    """Names of addresses, also in modules that no debuginfo was loaded for."""

    def __init__(self, prog):
        self.prog = prog
        self.spans = [(*span, module) for module in modules(prog) for span in module_memory(module)]
        self.tables = {}  # of a module's address
        self.kernel = prog.symbol("_stext").address, prog.symbol("_etext").address

    def is_text(self, address):
        return self.kernel[0] <= address < self.kernel[1] or self._module(address) is not None

    def name(self, address, called=False):
        """NAME or NAME+OFFSET, and the [MODULE]; the address when nothing is known of it. What
        was `called` returns to behind the call, which may be behind the function."""
        address = int(address) - called
        module = self._module(address)
        if module is not None:
            return f"{self._in_module(address, called, module)} [{text(module.name)}]"
        try:
            symbol = self.prog.symbol(address)
            return _with_offset(symbol.name, address - symbol.address + called)
        except LookupError:
            return f"{address + called:#x}"

    def in_module(self, address):
        return self._module(address) is not None

    def _module(self, address):
        return next((module for start, end, module in self.spans if start <= address < end), None)

    def _in_module(self, address, called, module):
        key = module.value_()
        if key not in self.tables:
            self.tables[key] = attempt(lambda: module_symbols(self.prog, module), [])
        at = bisect.bisect(self.tables[key], (address, "\x7f")) - 1
        if at < 0:
            return f"{address + called:#x}"
        start, name = self.tables[key][at]
        return _with_offset(name, address - start + called)


def _with_offset(name, offset):
    return f"{name}+{offset:#x}" if offset else name


class Stack:
    """A task's frames, from the innermost out. Without debuginfo of a module older versions of drgn
    lose their way in it; what lies on the stack from there on is shown as it is."""

    def __init__(self, prog, symbols, task):
        self.prog, self.symbols, self.left_over = prog, symbols, []
        self.frames = self._unwind(task)
        lost = next((i for i, frame in enumerate(self.frames)
                     if symbols.in_module(frame.pc)), None)
        if lost is not None and not self._ends_where_stacks_begin():
            self.frames = self.frames[:lost + 1]
            self.left_over = self._return_addresses(self.frames[-1], int(task.stack) + STACK)

    def _unwind(self, task):
        try:
            trace = list(self.prog.stack_trace(task))
        except (drgn.FaultError, ValueError, LookupError):
            return []  # it runs, and the dump has no registers of its CPU
        good = next((i for i, frame in enumerate(trace) if not self.symbols.is_text(frame.pc)),
                    len(trace))
        return trace[:good]

    def _ends_where_stacks_begin(self):
        return self.symbols.name(self.frames[-1].pc, called=True).startswith(OUTERMOST)

    def _return_addresses(self, frame, end):
        start = frame.register("rsp")
        words = attempt(lambda: self.prog.read(start, end - start), b"")
        return [word for word, in struct.iter_unpack("<Q", words) if self.symbols.is_text(word)
                and "+" in self.symbols.name(word)]  # no call returns to a function's beginning

    def calls(self, with_lines=False):
        """A line for each. One that begins with ? was found on the stack and may be of an earlier
        call."""
        found = []
        for frame in self.frames:
            if not frame.is_inline:
                name = self.symbols.name(frame.pc, called=not frame.interrupted)
                found.append(name + (_source(frame) if with_lines else ""))
            elif with_lines:
                found.append(f"  {frame.name}{_source(frame)} inlined")
        return found + [f"? {self.symbols.name(word, called=True)}" for word in self.left_over]


def _source(frame):
    try:
        file, line, _ = frame.source()
        return f" ({file}:{line})"
    except LookupError:
        return ""
