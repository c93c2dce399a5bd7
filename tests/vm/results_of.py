# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test that ran in a guest left in its folder, as {test: result}."""
import json
import re


def last_line(path):
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return lines[-1] if lines else "it printed nothing"


def _why_skipped(printed):
    """{test: reason}; GoogleTest 1.12 does not write it into its JSON."""
    found = re.finditer(r": Skipped\n(.*?)\n\[  SKIPPED \] \S+?\.(\S+)", printed, re.DOTALL)
    return {match[2]: " ".join(match[1].split()) for match in found}


def gtest(name, folder):
    results = {}
    file = folder / f"{name}.json"
    if not file.exists():
        return {name: f"FAIL: it did not end: {last_line(folder / f'{name}.out')}"}
    said = _why_skipped((folder / f"{name}.out").read_text(errors="replace"))
    for suite in json.loads(file.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("status") != "RUN":
                continue  # not of the filter
            test = f"{name.removesuffix('_test')}.{case['name']}"
            if case.get("failures"):
                results[test] = f"FAIL: {case['failures'][0]['failure'].splitlines()[0]}"
            elif case.get("result") == "SKIPPED":
                results[test] = f"skip: {said.get(case['name'], 'no reason was printed')}"
            else:
                results[test] = "pass"
    return results


def check(name, folder):
    status, said = folder / f"{name}.status", last_line(folder / f"{name}.out")
    if not status.exists():
        return {name: f"FAIL: it did not end: {said}"}
    code = int(status.read_text())
    why = said.removeprefix("skip: ")
    return {name: {0: "pass", 77: f"skip: {why}"}.get(code, f"FAIL: {code}: {said}")}
