# SPDX-License-Identifier: GPL-2.0-or-later
"""`whydrop vmcore`, which has no debuginfo, beside the debuggers, which have: backtraces beside
drgn's, totals beside crash's. A result is "pass" or "FAIL: WHY"; what was compared goes to a file."""
import json
import re
import subprocess

import vmcore
from kernel import FOLDER

SECONDS = 600  # for one program
LEAST_TASKS, LEAST_BLOCKED = 41, 4  # so that nothing compared is no success
# What crash computes at another moment or from another clock.
SECONDS_APART = 1


def _printed(debugger, words, said=None):
    done = subprocess.run(words, env=debugger.environment, input=said, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                          check=False)
    if done.returncode:
        raise ValueError(f"{words[-1]}: {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _difference(ours, theirs):
    """Of two backtraces; None."""
    if ours["state"] != theirs["state"]:
        return f"state {ours['state']}, drgn says {theirs['state']}"
    if ours.get("addresses", []) != theirs["addresses"]:
        return f"{ours.get('addresses')} {ours.get('stack')}, drgn says {theirs['addresses']} " \
               f"{theirs['problem'] or ''}"
    return None


def _key(task):
    """The idle tasks of all CPUs have pid 0."""
    return task["pid"], task["cpu"] if task["pid"] == 0 else None


def backtraces(whydrop, core, drgn, vmlinux, kept):
    """The tasks, their states and each return address: of those that slept, and of those that ran,
    the one that panicked among them."""
    ours = {_key(row): row for row in vmcore.rows(whydrop, core, "bt", "-a")
            if row["type"] == "backtrace"}
    printed = map(json.loads, _printed(drgn, drgn.words(
        vmlinux, core, FOLDER / "backtraces.py")).splitlines())
    theirs = {_key(row): row for row in printed}
    sleeping = [key for key in theirs if not theirs[key]["runs"]]
    blocked = [key for key in sleeping if theirs[key]["state"] == "D"]
    wrong = {key: _difference(ours[key], theirs[key]) for key in theirs if key in ours}
    wrong = {key: what for key, what in wrong.items() if what}

    def equal(keys):
        good = [key for key in keys if key in ours and key not in wrong]
        return f"{len(good)} of {len(keys)}"
    told = f"{equal(theirs)} tasks, {equal(sleeping)} that slept, {equal(blocked)} blocked ones, " \
           f"{sum(len(row['addresses']) for row in theirs.values())} return addresses"
    kept.write_text("\n".join([told, *(f"{theirs[key]['comm']} {key}: {what}"
                                       for key, what in wrong.items())]) + "\n")
    if ours.keys() != theirs.keys():
        return f"FAIL: not the same tasks: {sorted(ours.keys() ^ theirs.keys())[:7]}"
    if wrong:
        pid = next(iter(wrong))
        return f"FAIL: {told}; pid {pid[0]} ({theirs[pid]['comm']}): {wrong[pid]}"
    if len(sleeping) < LEAST_TASKS or len(blocked) < LEAST_BLOCKED:
        return f"FAIL: no more than {told}"
    return "pass"


COMMANDS = {"sys": "sys", "memory": "kmem -i", "ps": "ps", "mod": "mod", "net": "net", "log": "log"}


def _crash_totals(printed):
    """What COMMANDS print, as numbers and texts."""
    parts = dict(re.findall(r"^== (\w+)\n(.*?)(?=^== |\Z)", printed, re.MULTILINE | re.DOTALL))
    sys = dict(re.findall(r"^ *([A-Z][A-Z ]*): (.*)$", parts["sys"], re.MULTILINE))
    days = re.match(r"(?:(\d+) days?, )?(\d+):(\d+):(\d+)", sys["UPTIME"])
    pages = re.search(r"TOTAL MEM +(\d+)", parts["memory"])
    return {
        "cpus": int(sys["CPUS"].split()[0]), "tasks": int(sys["TASKS"]),
        "uptime_s": sum(int(number or 0) * unit for number, unit in
                        zip(days.groups(), (86400, 3600, 60, 1))),
        "load": sys["LOAD AVERAGE"], "release": sys["RELEASE"], "node": sys["NODENAME"],
        "version": sys["VERSION"], "memory_bytes": int(pages[1]) * 4096,
        "pids": sorted(int(row) for row in re.findall(
            r"^>? +(\d+) +\d+ +\d+ +[0-9a-f]{16} ", parts["ps"], re.MULTILINE)),
        "modules": sorted(re.findall(r"^([0-9a-f]{16}) +(\S+) +[0-9a-f]{16} +(\d+) ", parts["mod"],
                                     re.MULTILINE)),
        "devices": sorted(re.findall(r"^[0-9a-f]{16} +(\S+)", parts["net"], re.MULTILINE)),
        "log": [line.split("] ", 1)[-1].strip() for line in parts["log"].splitlines()],
    }


def _our_totals(whydrop, core):
    rows = {}
    for words in ((), ("ps",), ("mod",), ("net",), ("log",)):
        for row in vmcore.rows(whydrop, core, *words):
            rows.setdefault((words, row["type"]), []).append(row)
    summary = rows[(), "vmcore"][0]
    totals = {name: summary.get(name) for name in (
        "cpus", "tasks", "uptime_s", "load", "release", "node", "version", "memory_bytes")}
    own = next(row["netns"] for row in rows[("net",), "device"])  # init_net is the first
    return totals | {
        "pids": sorted(row["pid"] for row in rows[("ps",), "task"]),
        "modules": sorted((row["address"][2:], row["module"], str(row["size_bytes"]))
                          for row in rows[("mod",), "module"]),
        "devices": sorted(row["dev"] for row in rows[("net",), "device"] if row["netns"] == own),
        "log": [row["text"].split("] ", 1)[-1].strip() for row in rows[("log",), "log"]],
    }


def _short(value):
    return f"{len(value)} lines" if isinstance(value, list) else value


def totals(whydrop, core, crash, vmlinux, kept):
    """Tasks, modules, devices (crash has those of the first namespace) and the log, each by what it
    consists of; CPUs, memory, load, uptime."""
    script = kept.with_suffix(".commands")
    script.write_text("".join(f"gdb echo == {name}\\n\n{command}\n"
                              for name, command in COMMANDS.items()))
    theirs = _crash_totals(_printed(crash, crash.words(vmlinux, core, script), "quit\n"))
    ours = _our_totals(whydrop, core)
    kept.write_text("".join(f"{name}: {_short(ours[name])}, crash: {_short(theirs[name])}\n"
                            for name in theirs))
    for name, should in theirs.items():
        near = SECONDS_APART if name == "uptime_s" else 0
        if isinstance(should, list) and ours[name] != should:
            where = next((i for i, pair in enumerate(zip(ours[name], should)) if pair[0] != pair[1]),
                         min(len(ours[name]), len(should)))
            return f"FAIL: {name}: {len(ours[name])}, crash has {len(should)}; the first that " \
                   f"differs: {ours[name][where:where + 1]}, {should[where:where + 1]}"
        if not isinstance(should, list) and ours[name] != should and \
                not (near and abs(ours[name] - should) <= near):
            return f"FAIL: {name}: {ours[name]}, crash says {should}"
    return "pass"
