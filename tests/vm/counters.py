# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest of checks/counted-death printed before it died, beside what `whydrop vmcore` finds in
its memory. No traffic is on the way then, so all numbers are equal; of tasks there may be more, those
that came after the list was written."""
import json
import re

import vmcore

# Of `ip -s -s link`: [(direction, name there, ours)]. What a driver counts for itself is absent.
OF_DEVICE = [(direction, name, f"{direction}_{name}") for direction in ("rx", "tx")
             for name in ("packets", "bytes", "errors", "dropped")] + \
            [("rx", "nohandler", "rx_nohandler")]
MAY_BE_ABSENT = {ours for _, name, ours in OF_DEVICE if name != "dropped"}
OF_QDISC = {"packets": "packets", "drops": "drops", "qlen": "backlog_packets",
            "overlimits": "overlimits", "requeues": "requeues"}
OF_SOFTNET = {0: "processed", 1: "dropped", 2: "time_squeeze", 9: "received_rps"}
# What scene.sh caused: (namespace's file, row's type, device, key, number).
CAUSED = (("netns", "device", "ours", "rx_dropped", 37),
          ("netns-of-peer", "device", "theirs", "rx_dropped", 41),
          ("netns", "qdisc", "ours", "drops", 43),
          ("netns-of-peer", "qdisc", "slow", "drops", 47),
          ("netns-of-peer", "qdisc", "slow", "backlog_packets", 5))
TASKS_MORE = 31  # that a driver's coming and going may need


class Facts:
    """The files that the guest wrote."""

    def __init__(self, folder):
        self.folder = folder
        self.inodes = {name: int(re.search(r"\d+", self.text(name))[0])
                       for name in ("netns", "netns-of-peer")}

    def text(self, name):
        return (self.folder / name).read_text()

    def of_namespaces(self, name):
        """(inode, object) of a file of JSON that there is for both."""
        for inode, suffix in (("netns", ""), ("netns-of-peer", "-of-peer")):
            for row in json.loads(self.text(name + suffix)):
                yield self.inodes[inode], row


def _expected(facts):
    """(what it is, {key: value} that finds our row, {key: value} that it has to have)"""
    for inode, link in facts.of_namespaces("links"):
        stats = link["stats64"]
        yield f"{link['ifname']} in {inode}", {
            "type": "device", "netns": inode, "dev": link["ifname"], "ifindex": link["ifindex"]}, {
            ours: stats[direction][name] for direction, name, ours in OF_DEVICE
            if name in stats[direction]}
    for inode, qdisc in facts.of_namespaces("qdiscs"):
        if qdisc["kind"] != "noqueue":
            yield f"{qdisc['kind']} {qdisc['handle']} of {qdisc['dev']}", {
                "type": "qdisc", "netns": inode, "dev": qdisc["dev"], "kind": qdisc["kind"],
                "handle": qdisc["handle"]}, {ours: qdisc[name] for name, ours in OF_QDISC.items()}
    for line in facts.text("softnet").splitlines():
        counted = [int(number, 16) for number in line.split()]
        yield f"softnet of CPU {counted[12]}", {"type": "softnet", "cpu": counted[12]}, {
            ours: counted[column] for column, ours in OF_SOFTNET.items()}
    for inode, kind, device, key, number in CAUSED:
        yield f"what was caused on {device}", {
            "type": kind, "netns": facts.inodes[inode], "dev": device}, {key: number}


def _differences(row, should):
    for key, value in should.items():
        absent = key not in row and (key in MAY_BE_ABSENT or key.endswith("_dropped") and not value)
        if row.get(key) != value and not absent:
            yield f"{key} is {row.get(key)}, the guest said {value}"


def _compare(rows, facts, said):
    """The first difference; None. `said` gets a line for each row, and how much of it was there."""
    compared = 0
    for what, finds, should in _expected(facts):
        row = next((row for row in rows if finds.items() <= row.items()), None)
        if not row:
            return f"{what}: no row has {finds}"
        if wrong := next(_differences(row, should), None):
            return f"{what}: {wrong}"
        compared += sum(key in row for key in should)
        said.append(f"{what}: " + ", ".join(f"{key} {row.get(key, 'absent')}" for key in should))
    said.append(f"{compared} numbers are equal")
    return None


def problem(whydrop, core, folder, kept):
    """What is not as the guest said; None. What was compared goes to `kept`."""
    facts, said = Facts(folder), []
    wrong = _compare(vmcore.rows(whydrop, core, "net"), facts, said)
    tasks = {int(path.rsplit("/", 1)[1]) for path in facts.text("tasks").splitlines()}
    found = {row["pid"] for row in vmcore.rows(whydrop, core, "ps") if row["type"] == "task"} - {0}
    said.append(f"{len(tasks)} tasks, {len(found)} in the memory")
    kept.write_text("\n".join(said) + "\n")
    if not tasks <= found or len(found) > len(tasks) + TASKS_MORE:
        wrong = wrong or f"{said[-1]}, without {sorted(tasks - found)[:7]}"
    return wrong
