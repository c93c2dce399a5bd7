# SPDX-License-Identifier: GPL-2.0-or-later
"""What crash-scripts/ have to find in the dump of checks/crash-scene: the numbers that the guest
itself printed before it died, and those that the scene was made with."""
import json
import re
import subprocess

import debuggers

SCRIPTS = ("blocked-tasks", "bpf-maps", "net-drops", "panic", "softnet", "workqueues")
SECONDS = 600  # for one script, on a machine that has much else to do
HEADER = re.compile(r"\s*[A-Z][A-Z_]*(\s+[A-Z][A-Z_]*)+\s*(\(.*\))?")


def rows(printed):
    """Of each table {column: cell}; an empty line ends it. Only the last column's cells may have
    spaces in them."""
    columns = []
    for line in printed.splitlines():
        if not line.strip():
            columns = []
        elif columns:
            yield dict(zip(columns, line.split(maxsplit=len(columns) - 1)))
        elif HEADER.fullmatch(line):
            columns = line.split()


def count_rows(printed, wanted):
    """How many rows have these cells, each a regular expression or a number."""
    return sum(all(column in row and re.fullmatch(str(cell), row[column])
                   for column, cell in wanted.items()) for row in rows(printed))


def problem(printed, expected):
    """What is not as expected, of (wanted, count): rows with the cells of a dict, or matches of a
    regular expression; None."""
    for wanted, count in expected:
        found = count_rows(printed, wanted) if isinstance(wanted, dict) else \
            len(re.findall(wanted, printed, re.MULTILINE))
        if found != count:
            return f"{found} instead of {count} times {wanted}"
    return None


def _function(name):
    return rf".*\b{name}\b.*"


class Scene:
    """What the guest left in `folder`, and on its console."""

    def __init__(self, folder, console, release):
        self.folder, self.console, self.release = folder, console, release
        found = re.search(r"CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (\S+)", console)
        self.cpu, self.pid, self.comm = found.groups()
        self.rip = re.search(r"RIP: 0010:(resetrace_reset_ring\S*?)\+0x", console)[1]
        self.registers = {name.replace("R0", "R"): value for name, value in
                          re.findall(r"\b(R[A-Z0-9]{2}): ([0-9a-f]{16})", console)}
        self.blocked = [line.split(" ", 1) for line in self._text("blocked").splitlines()]

    def _text(self, name):
        return (self.folder / name).read_text()

    def _json(self, name):
        return json.loads(self._text(name))

    def _inode(self, name):
        return re.search(r"\d+", self._text(name))[0]

    def net_drops(self, of_drgn):
        expected = []
        for netns, links in (("netns", "links"), ("netns-of-peer", "links-of-peer")):
            for link in self._json(links):
                stats = link["stats64"]
                expected.append(({
                    "NETNS": self._inode(netns), "DEVICE": link["ifname"], "IF": link["ifindex"],
                    "RX_DROP": stats["rx"]["dropped"], "TX_DROP": stats["tx"]["dropped"],
                    "RX_ERROR": stats["rx"]["errors"]}, 1))
        expected += [({"DEVICE": "ours", "RX_DROP": 37}, 1),
                     ({"DEVICE": "theirs", "RX_DROP": 41}, 1),
                     ({"NETNS": self._inode("netns"), "DEVICE": "ours", "QDISC": "netem",
                       "HANDLE": "77:", "DROPS": 43}, 1)]
        if of_drgn:
            names, values = [line.split()[1:] for line in self._text("snmp-of-peer").splitlines()
                             if line.startswith("Udp:")]
            counted = dict(zip(names, values))["NoPorts"]
            expected += [({"NETNS": self._inode("netns-of-peer"), "COUNTER": "UDP_MIB_NOPORTS",
                           "VALUE": value}, 1) for value in (counted, 101)]
        return expected

    def softnet(self, of_drgn):
        expected = []
        for line in self._text("softnet").splitlines():
            counted = [int(number, 16) for number in line.split()]
            expected.append(({"CPU": counted[12], "PROCESSED": counted[0], "DROPPED": counted[1],
                              "TIME_SQUEEZE": counted[2]}, 1))
        return expected + [({"DROPPED": "[1-9][0-9]*"}, 1)]

    def bpf_maps(self, of_drgn):
        maps, programs = self._json("maps"), self._json("programs")
        expected = [({"ID": row["id"], "KEY_BYTES": row["bytes_key"], "NAME": row["name"],
                      "VALUE_BYTES": row["bytes_value"], "MAX_ENTRIES": row["max_entries"],
                      "TYPE": f".*{row['type'].upper()}"}, 1) for row in maps]
        expected += [({"ID": row["id"], "NAME": row["name"], "TYPE": f".*{row['type'].upper()}"}, 1)
                     for row in programs]
        ids = {row["name"]: row["id"] for row in maps}
        contents = [("scene_hash", 11, 101), ("scene_hash", 13, 211), ("scene_array", 3, 353)]
        if of_drgn:
            contents.append(("scene_cpus", 1, r"59 \| 59 \| 59"))
        expected += [({"MAP_ID": ids[name], "KEY": key, "VALUE": value}, 1)
                     for name, key, value in contents]
        return expected + [({"MAP_ID": r"\d+"}, len(contents)), ({"NAME": "scene_prog"}, 1)]

    def workqueues(self, of_drgn):
        hanging = next(pid for pid, name in self.blocked if name.startswith("kworker"))
        return [
            ({"RUNNING": _function("resetrace_reset"), "PID": self.pid, "RUN_BY": self.comm,
              "WORKQUEUE": "events"}, 1),
            ({"RUNNING": _function("bottleneck_hang"), "PID": hanging,
              "WORKQUEUE": "bottleneck"}, 1),
            ({"RUNNING": _function("bottleneck_busy"), "POOL": r"\d+:cpu2",
              "WORKQUEUE": "bottleneck_cpu"}, 1),
            ({"PENDING": _function("bottleneck_pending"), "POOL": r"\d+:cpu2",
              "WORKQUEUE": "bottleneck_cpu"}, 2),
            ({"INACTIVE": _function("bottleneck_held_back"), "WORKQUEUE": "bottleneck"}, 5),
            *(({column: _function("wq_barrier_func")}, 0) for column in ("PENDING", "INACTIVE")),
            *(({"PID": pid, "WAITER": name, "RUN_BY": hanging,
                "WAITS_FOR": _function("bottleneck_hang")}, 1) for pid, name in self._waiters()),
        ]

    def _waiters(self):
        return [row for row in self.blocked if row[1].startswith("bottleneck/")]

    def blocked_tasks(self, of_drgn):
        hanging = [(pid, name.split("+")[0]) for pid, name in self.blocked
                   if name.startswith("kworker")]
        tasks = [*self._waiters(), *hanging]
        if of_drgn:
            together = (r"^3 blocked in\n(?:    .*\n)*    (?:__)?flush_work\+.*\n"
                        r"    bottleneck_wait\+\S+ \[bottleneck\]\n")
            return [(together, 1), *(({"PID": pid, "TASK": name}, 1) for pid, name in tasks)]
        expected = [(r"bottleneck_wait at .*\[bottleneck\]$", 3)]
        for pid, name in tasks:
            expected += [(rf'^\[.*\[UN\]  PID: {pid} .*COMMAND: "{name}"$', 1),
                         (rf'^PID: {pid} .*COMMAND: "{name}"$', 1)]
        return expected

    def panic(self, of_drgn):
        log = (r"^\[ *\d+\.\d+\] Kernel panic - not syncing: Fatal exception", 1)
        if of_drgn:
            registers = [(rf"^.*\b{name} +{value}\b", 1) for name, value in self.registers.items()]
            return [
                log, *registers,
                ({"FIELD": "KERNEL", "VALUE": rf"{re.escape(self.release)} x86_64"}, 1),
                ({"FIELD": "TASK", "VALUE": rf"{self.comm} \(pid {self.pid}\)"}, 1),
                ({"FIELD": "CPU", "VALUE": self.cpu}, 1), ({"FIELD": "CPUS", "VALUE": "3"}, 1),
                ({"FIELD": "REASON", "VALUE": "BUG: kernel NULL pointer dereference.*"}, 1),
                (rf"^REGISTERS at {re.escape(self.rip)}\+0x\w+ \[resetrace\]$", 1),
                (rf"^{re.escape(self.rip)}\+0x\w+ \[resetrace\]\n"
                 r"resetrace_reset\+0x\w+ \[resetrace\]\nprocess_one_work\+", 1),
                ({"MODULE": "resetrace", "STATE": "going", "TAINTS": "OE"}, 1),
                ({"MODULE": "bottleneck", "STATE": "live", "TAINTS": "OE"}, 1)]
        return [
            log, *((rf"^    .*\b{name}: {value}\b", 1) for name, value in self.registers.items()),
            (rf"^ +RELEASE: {re.escape(self.release)}$", 1),
            (rf'^PID: {self.pid} .* CPU: {self.cpu} +COMMAND: "{self.comm}"$', 1),
            (r"exception RIP: resetrace_reset_ring", 1),
            (r"resetrace_reset at .*\[resetrace\]$", 1), (r"^resetrace +OE$", 1)]


def check(scene, script, debugger, vmlinux, core, kept):
    """The result of one script of crash-scripts/, a path; what it printed goes to `kept`."""
    try:
        done = subprocess.run(debugger.words(vmlinux, core, script), cwd=script.parent.parent,
                              env=debugger.environment, input=debuggers.AFTER_SCRIPT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
                              timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"FAIL: not done after {SECONDS} s"
    kept.write_text(done.stdout + done.stderr)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        return f"FAIL: {done.returncode}: {said[-1]}"
    expected = getattr(scene, script.stem.replace("-", "_"))(script.suffix == ".py")
    wrong = problem(done.stdout, expected)
    return f"FAIL: {wrong}" if wrong else "pass"
