#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which packets does this kernel lose, for what reason, where and on which device? For kernels
without BTF, on which whydrop itself does not run: BCC compiles against the kernel's headers.

Prints JSON lines as `whydrop drops -f json` does, at the end of the run: session, a drop_group for
each reason, location and device, drop_total, losses. `drops.py | whydrop replay -` explains them, on
this machine or another.

Needs:  root; drops.c beside it; python3-bpfcc; the headers of the running kernel, below
        /lib/modules/$(uname -r) or where BCC_KERNEL_SOURCE says.
Costs:  about 0.2 us a drop on a 2-CPU Xeon, nothing while nothing is dropped; 2 s of a CPU at the
        start, and 190 MB of memory, of which BCC's compiler takes most.
Bounds: --max-groups rows; what found no room is in the total and in no row. Up to 4 packets of a
        row are kept, 192 bytes of each.
Not in it: packets that native XDP or the NIC dropped, which never were an skb. Names of reasons that
modules define (mac80211, openvswitch): they keep their number.
"""
import argparse
import copy
import ctypes
import json
import os
import pathlib
import re
import shlex
import signal
import sys
import time

TRACING = [pathlib.Path(path) for path in ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")]
SCHEMA, KEYS = 1, ["reason", "location", "dev"]
CANNOT = 3  # as whydrop's exit code
SAMPLES, RING_PAGES = 4, 64
CORE_REASONS_END = 1 << 16  # above: reasons of a subsystem, whose number it is

PROGRAM = pathlib.Path(__file__).with_name("drops.c").read_text()


class Fatal(Exception):
    def __init__(self, status, what, hint=""):
        super().__init__(what)
        self.status, self.hint = status, hint


# The kernel's own words

def event_format():
    for tracing in TRACING:
        path = tracing / "events/skb/kfree_skb/format"
        try:
            return path.read_text()
        except PermissionError as error:
            raise Fatal(CANNOT, f"cannot read {path}: {error.strerror}", "run it as root") from error
        except OSError:
            continue
    raise Fatal(CANNOT, "there is no tracepoint skb:kfree_skb, or no tracefs",
                "mount -t tracefs tracefs /sys/kernel/tracing")


def reason_names(text):
    """{number: name}; None where the kernel gives no reasons (before 5.17)."""
    if not re.search(r"^\tfield:.*\breason;", text, re.MULTILINE):
        return None
    table = text.partition("__print_symbolic(REC->reason,")[2]
    pairs = re.findall(r'\{ *(\w+) *, *"(\w+)" *\}', table)
    return {int(number, 0): name for number, name in pairs if name != "MAX"}


def reason(code, names):
    fields = {"reason": names[code]} if code in names else {}
    subsystem = "core" if code < CORE_REASONS_END else str(code >> 16)
    return {**fields, "reason_code": code, "subsystem": subsystem}


def place(bcc, address):
    """As the codec has a location; the address alone where it has no name."""
    if not address:
        return {}
    found = {"address": f"{address:#x}"}
    name = bcc.BPF.ksym(address, show_module=True, show_offset=True).decode(errors="replace")
    match = re.fullmatch(r"(.+)\+0x([0-9a-f]+)(?: \[(.+)\])?", name)
    if match:
        module = {"module": match[3]} if match[3] not in (None, "kernel") else {}
        found = {"symbol": match[1], "offset": int(match[2], 16), **module, **found}
    return {"location": found}


def missed_by_recursion(bcc, program):
    """How often the kernel did not run a program because it was running already on that CPU;
    0 where it does not say (before 5.12)."""
    at, size = 208, 216  # struct bpf_prog_info: recursion_misses, and what there is up to its end
    info, length = ctypes.create_string_buffer(size), ctypes.c_uint32(size)
    if bcc.libbcc.lib.bpf_obj_get_info(program, info, ctypes.byref(length)) != 0:
        return 0
    return int.from_bytes(info.raw[at:size], "little") if length.value >= size else 0


# Records, as tools/codec/json.h has them

def swapped(number):
    return int.from_bytes(number.to_bytes(2, "little"), "big")


def name_of(raw):
    return raw.decode(errors="replace")


def device(key, name):
    fields = {"dev": name_of(name)} if name else {}
    if key.ifindex:
        fields["ifindex"] = key.ifindex
    return {**fields, **({"netns": key.netns} if key.netns else {})}


def packet(sample):
    kinds = ("host", "broadcast", "multicast", "other_host", "outgoing", "loopback", "user", "kernel")
    sums = ("none", "unnecessary", "complete", "partial")
    fields = {"link": ("none", "ip", "ethernet")[sample.link], "wire_bytes": sample.wire_bytes,
              "bytes_hex": bytes(sample.packet[:sample.caplen]).hex(), "length_bytes": sample.len,
              "pkt_type": kinds[sample.pkt_type], "checksum_state": sums[sample.ip_summed],
              "ethertype": swapped(sample.ethertype)}
    if sample.received or sample.sent:
        fields["direction"] = "in" if sample.received else "out"
    fields.update({name: value for name, value in (
        ("mark", sample.mark), ("hash", sample.hash), ("gso_segs", sample.gso_segs),
        ("gso_size_bytes", sample.gso_size)) if value})
    if sample.has_vlan:
        tag = sample.vlan_tci
        fields["vlan"] = {"tpid": swapped(sample.vlan_proto), "id": tag & 0xfff,
                          "priority": tag >> 13, "drop_eligible": bool(tag & 0x1000),
                          "in_metadata": True}
    return fields


def drop_record(bcc, sample, names):
    return {"time_ns": sample.time_ns, "cpu": sample.cpu,
            **(reason(sample.reason, names) if names is not None else {}),
            **place(bcc, sample.location), **device(sample, sample.dev),
            "pid": sample.pid, "comm": name_of(sample.comm), "packet": packet(sample)}


def identity(key):
    return key.location, key.reason, key.netns, key.ifindex


def count(events, packets, size):
    return {"events": events, "packets": packets, "bytes": size}


def session(names):
    system = os.uname()
    return {"command": shlex.join(sys.argv), "host": system.nodename, "kernel": system.release,
            "machine": system.machine, "version": "drops.py",
            "start_ns": time.clock_gettime_ns(time.CLOCK_MONOTONIC),
            "start_unix_ns": time.clock_gettime_ns(time.CLOCK_REALTIME),
            "cpus": os.cpu_count(), "source": "bcc, raw_tracepoint/kfree_skb",
            "has_reasons": names is not None}


def losses(no_room, samples, recursion):
    rows = (("no_room", no_room, "events", "the table of groups was full: counted as 'other'; a "
             "larger --max-groups keeps them apart", {"in_other": True}),
            ("recursion", recursion, "events", "the kernel did not run the probe because it was "
             "already running on that CPU", {}),
            ("samples", samples, "samples",
             "packets that would have been shown; every drop was counted", {}))
    return [{"kind": kind, "count": lost, "unit": unit, "detail": detail, **more}
            for kind, lost, unit, detail, more in rows if lost]


def write(kind, fields):
    print(json.dumps({"type": kind, "schema": SCHEMA, **fields}, separators=(",", ":")), flush=True)


# The run

def load(options, has_reasons):
    try:
        import bcc
    except ImportError as error:
        raise Fatal(CANNOT, f"BCC's Python module is missing ({error})",
                    "apt-get install python3-bpfcc, on other distributions python3-bcc") from error
    flags = [f"-DMAX_GROUPS={options.max_groups}", f"-DMAX_SAMPLES={SAMPLES}",
             f'-DRELEASE="{os.uname().release}"',
             *(["-DHAS_REASON"] if has_reasons else []), "-w",
             "-Werror=implicit-function-declaration", "-fms-extensions"]
    try:
        return bcc, bcc.BPF(text=PROGRAM, cflags=flags)
    except Exception as error:  # BCC raises Exception itself, its compiler speaks on stderr
        raise Fatal(CANNOT, f"BCC cannot compile or load the program: {error}",
                    "it needs the headers of the running kernel (linux-headers-$(uname -r), or "
                    "BCC_KERNEL_SOURCE) and a clang that is not much older than the kernel") from error


class Samples:
    def __init__(self, program):
        self.program, self.by_group, self.lost = program, {}, 0
        program["samples"].open_perf_buffer(self._take, page_cnt=RING_PAGES, lost_cb=self._lose)

    def _take(self, _cpu, data, _size):
        # A copy: BCC's own lies in the ring.
        sample = copy.copy(self.program["samples"].event(data))
        self.by_group.setdefault(identity(sample), []).append(sample)

    def _lose(self, lost):
        self.lost += lost


def observe(program, seconds):
    """Until the time is over, SIGINT or SIGTERM."""
    ended = []
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda *_: ended.append(True))
    end = time.monotonic() + seconds if seconds else None
    while not ended and (end is None or time.monotonic() < end):
        left = 200 if end is None else min(200, max(1, int((end - time.monotonic()) * 1000)))
        program.perf_buffer_poll(timeout=left)


def group_lines(bcc, table, samples, names):
    for key, group in sorted(table.items(), key=lambda item: -item[1].events):
        yield {"final": True, "by": KEYS,
               **(reason(key.reason, names) if names is not None else {}),
               **place(bcc, key.location), **device(key, group.dev),
               **count(group.events, group.packets, group.bytes),
               "first_ns": group.first_ns, "last_ns": group.last_ns, "folded": False,
               "samples": [drop_record(bcc, sample, names)
                           for sample in samples.by_group.get(identity(key), [])[:8]]}


def run(options):
    if os.geteuid() != 0:
        raise Fatal(CANNOT, "only root may load a BPF program", "run it with sudo")
    names = reason_names(event_format())
    bcc, program = load(options, names is not None)
    probe = program.load_func("dropped", bcc.BPF.RAW_TRACEPOINT)
    samples = Samples(program)
    program.attach_raw_tracepoint("kfree_skb", "dropped")
    begin = session(names)
    write("session", begin)
    print("drops.py: counting; Ctrl-C ends it and shows what was counted", file=sys.stderr)
    observe(program, options.seconds)
    program.detach_raw_tracepoint("kfree_skb")
    end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    program.perf_buffer_poll(timeout=0)
    total, other = [0, 0, 0], [0, 0, 0]
    for group in group_lines(bcc, program["groups"], samples, names):
        write("drop_group", group)
        add(total, (group["events"], group["packets"], group["bytes"]))
    for lost in program["no_room"][0]:
        add(other, (lost.events, lost.packets, lost.bytes))
    add(total, other)
    write("drop_total", {"final": True, "by": KEYS, "from_ns": begin["start_ns"], "to_ns": end,
                         "total": count(*total), "other": count(*other)})
    write("losses", {"losses": losses(other[0], samples.lost, missed_by_recursion(bcc, probe.fd))})


def add(to, numbers):
    for at, number in enumerate(numbers):
        to[at] += number


def positive(text):
    number = float(text)
    if not 0 < number < 1e9:
        raise ValueError
    return number


def parse():
    about, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=about, epilog=details, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-d", "--duration", dest="seconds", type=positive, metavar="SECONDS",
                        help="end after this time (default: at Ctrl-C)")
    parser.add_argument("--max-groups", type=int, default=4096, metavar="N",
                        help="rows there is room for (default: %(default)s)")
    options = parser.parse_args()
    if not 1 <= options.max_groups <= 1 << 20:
        parser.error("argument --max-groups: 1 to 1048576")
    return options


def main():
    try:
        run(parse())
    except Fatal as error:
        print(f"drops.py: {error}", *(["  hint: " + error.hint] if error.hint else []), sep="\n",
              file=sys.stderr)
        return error.status
    except BrokenPipeError:  # the reader has gone away: no failure of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
