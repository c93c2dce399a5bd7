# SPDX-License-Identifier: GPL-2.0-or-later
"""What was in BPF? The programs and maps there were, and what hashes and arrays held, per-CPU
ones as well: the first 16 entries of each, or as many as said; of arrays those that are not zero.

    drgn -c CORE -s VMLINUX crash-scripts/bpf-maps.py [ENTRIES]

Needs:  vmlinux with debuginfo, and crash_common.py beside it.
Costs:  1.2 s and 260 MB on 6.1, 1.5 s and 320 MB on 6.12 (drgn 0.3.0).
Tried:  drgn 0.3.0 on 6.1.192 and 6.12.95, with and without KASLR; drgn 0.0.22 on both.
Not in it: maps of other types; fields of values (crash and drgn do not read the programs' BTF).
"""
import itertools
import os
import sys

from drgn import Object, cast, container_of, sizeof
from drgn.helpers.linux.idr import idr_for_each
from drgn.helpers.linux.percpu import per_cpu_ptr

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_common import cpus, each, lines, number, table, text

ENTRIES = 16  # shown of a map, unless told otherwise
BUCKETS = 1 << 16  # looked at for them
HASHES = ("HASH", "LRU_HASH", "PERCPU_HASH", "LRU_PERCPU_HASH")
ARRAYS = ("ARRAY", "PERCPU_ARRAY")


def of_idr(prog, name, type_):
    return [cast(type_, pointer) for _, pointer in each(idr_for_each(prog[name]))]


def short(enumerator, prefix):
    """The name of an enum's value; the number when this kernel's enum has none for it."""
    names = {value: name for name, value in enumerator.type_.enumerators}
    return names.get(int(enumerator), str(int(enumerator))).replace(prefix, "")


def type_of(map_):
    return short(map_.map_type, "BPF_MAP_TYPE_")


def padded(size):
    return (size + 7) & ~7


def shown(data):
    """Numbers of one, two, four or eight bytes as such, all else as bytes."""
    if len(data) in (1, 2, 4, 8):
        return str(int.from_bytes(data, "little"))
    return data[:32].hex(" ") + (" ..." if len(data) > 32 else "")


def values(prog, map_, address):
    """What is kept at this address: a value, or a pointer to one for each CPU."""
    size = int(map_.value_size)
    if not type_of(map_).startswith(("PERCPU", "LRU_PERCPU")):
        return shown(prog.read(address, size))
    pointer = Object(prog, "void **", value=address)[0]
    return " | ".join(shown(prog.read(per_cpu_ptr(pointer, cpu).value_(), size))
                      for cpu in cpus(prog))


def of_array(prog, map_):
    """The entries that are not zero."""
    array = container_of(map_, "struct bpf_array", "map")
    start, step = array.value.address_of_().value_(), int(array.elem_size)
    if type_of(map_).startswith("PERCPU"):
        start, step = array.pptrs.address_of_().value_(), sizeof(prog.type("void *"))
    for index in range(int(map_.max_entries)):
        value = values(prog, map_, start + index * step)
        if value.strip("0 |."):
            yield str(index), value


def of_hash(prog, map_):
    """Buckets are lists that end in an odd address."""
    table_ = container_of(map_, "struct bpf_htab", "map")
    key_size = int(map_.key_size)
    key_at = prog.type("struct htab_elem").member("key").offset
    for bucket in range(min(int(table_.n_buckets), BUCKETS)):
        node = table_.buckets[bucket].head.first
        while not int(node) & 1:
            key = int(node) + key_at  # the node is the element's first member
            yield shown(prog.read(key, key_size)), values(prog, map_, key + padded(key_size))
            node = node.next


def contents(prog, map_):
    if type_of(map_) in HASHES:
        return of_hash(prog, map_)
    return of_array(prog, map_) if type_of(map_) in ARRAYS else ()


def rows_of(prog, map_, limit):
    """Up to `limit`, and a row that says so if there are more."""
    row = (int(map_.id), text(map_.name) or "-")
    found = list(itertools.islice(each(contents(prog, map_)), limit + 1))
    return [(*row, *entry) for entry in found[:limit]] + \
        ([(*row, "...", "and more")] if len(found) > limit else [])


def main(prog):
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    table("ID NAME TYPE", lines(of_idr(prog, "prog_idr", "struct bpf_prog *"), lambda program: (
        int(program.aux.id), text(program.aux.name) or "-",
        short(program.type, "BPF_PROG_TYPE_"))))
    maps = of_idr(prog, "map_idr", "struct bpf_map *")
    table("ID KEY_BYTES VALUE_BYTES MAX_ENTRIES REFERENCES NAME TYPE", lines(maps, lambda map_: (
        int(map_.id), int(map_.key_size), int(map_.value_size), int(map_.max_entries),
        number(map_.refcnt), text(map_.name) or "-", type_of(map_))))
    table("MAP_ID NAME KEY VALUE", [row for rows in lines(
        maps, lambda map_: rows_of(prog, map_, limit)) for row in rows])


main(prog)
