#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what `ctest --output-junit` wrote; says what passed, failed and was skipped, and why.

The reason of a skip is what the test printed: GTEST_SKIP() << REASON, or a line `skip: REASON`.
"""
import collections
import re
import sys
import xml.etree.ElementTree as ElementTree


def reason(case):
    output = case.findtext("system-out") or ""
    for pattern in (r": Skipped\n+(?!\n)(.+)", r"^skip: (.+)"):
        found = re.search(pattern, output, re.MULTILINE)
        if found:
            return found.group(1).strip()
    return "no reason was printed"


def summary(root):
    passed, failed, skipped = [], [], collections.defaultdict(list)
    for case in root.iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if case.find("skipped") is not None or status == "notrun":
            skipped[reason(case)].append(name)
        elif status == "run":
            passed.append(name)
        else:
            failed.append(name)
    lines = [f"tests/run: {len(passed)} passed, {len(failed)} failed, "
             f"{sum(map(len, skipped.values()))} skipped"]
    lines += [f"  failed: {name}" for name in failed]
    for why, names in skipped.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"  skipped: {names[0]}{more}: {why}")
    return lines


if __name__ == "__main__":
    print("\n".join(summary(ElementTree.parse(sys.argv[1]).getroot())))
