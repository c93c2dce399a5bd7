#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps the house in order: who includes whom (rules.txt), where exit() may stand, how long a file
is, and that each says its licence first.

    check.py ROOT          one line per complaint; exit code 1 when there is one
"""
import fnmatch
import os
import re
import sys
from pathlib import Path

MAX_LINES = 400
BASE = ("sys/result.h", "sys/handle.h", "sys/embedded.h")
SOURCES = (".cpp", ".h", ".c", ".cc", ".hpp")
SCRIPTS = (".py", ".sh", ".bt", ".cmake")
# Says its licence, may be as long as its matter: data and manuals.
DATA = (".yaml", ".1", ".5", ".8")
TOP = ("tools", "kdump", "probes", "tests", "cmake", "crash-scripts", ".ci")
# Recorded, not written.
RECORDED = ("tests/fixtures/*.tsv", "tests/golden/*", "tests/fuzz/corpus/*")


def read_rules(text):
    sections, section = {}, None
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line:
            section.append([cell.strip() for cell in line.split("|")])
    return sections


class Rules:
    def __init__(self, text):
        sections = read_rules(text)
        self.folders = {folder: [word.strip() for word in allowed.split(",")]
                        for folder, allowed in sections["folders"]}
        self.libraries = [(prefix, [place.strip() for place in places.split(",")])
                          for prefixes, places in sections["libraries"]
                          for prefix in prefixes.split()]
        self.between_commands = {name for row in sections["between commands"]
                                 for name in row[0].split()}
        self.model_extra = {name for row in sections["model beside std"] for name in row[0].split()}

    def folder_of(self, path):
        """The row that a file stands under; None: tests and the like, which may include all."""
        for folder in self.folders:
            if path == folder or path.startswith(folder + "/"):
                return folder
        return None


def lies_in(path, place):
    return fnmatch.fnmatch(path, place) or path.startswith(place + "/")


def without_comments_and_strings(text):
    """Line breaks stay, so that positions can be counted."""
    token = re.compile(r'R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
                       r'|//[^\n]*|/\*.*?\*/', re.DOTALL)
    return token.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def ours(root, path, name):
    """Where an include leads, seen from the root; None: not to a file of ours."""
    for base in (Path(path).parent, Path("tools"), Path(".")):
        candidate = Path(os.path.normpath(base / name))
        if (root / candidate).is_file():
            return candidate.as_posix()
    return None


def may_include(rules, folder, target):
    if rules.folder_of(target) == folder:
        return True
    short = target.removeprefix("tools/")
    for word in rules.folders[folder]:
        if word == "base" and short in BASE:
            return True
        if word != "nothing" and (short == word or short.startswith(word + "/")):
            return True
    return False


def check_between_commands(rules, path, target):
    name, stem = Path(target).name, Path(target).stem
    if not target.startswith("tools/commands/") or name in rules.between_commands:
        return None
    if Path(path).stem == stem or Path(path).stem.startswith(stem + "_"):
        return None
    return f"commands do not include each other, as {name}: move what they share into engine"


def check_own_include(rules, path, target):
    folder = rules.folder_of(path)
    if folder is None:
        return None
    if not may_include(rules, folder, target):
        allowed = ", ".join(rules.folders[folder])
        return f"{folder} may not include {target} (it may include: {allowed})"
    if folder == "tools/commands":
        return check_between_commands(rules, path, target)
    return None


def check_library(rules, path, name):
    for prefix, places in rules.libraries:
        if name.startswith(prefix) and not any(lies_in(path, place) for place in places):
            return f"<{name}> is for {', '.join(places)} only"
    std = "/" not in name and not name.endswith(".h")
    if rules.folder_of(path) == "tools/model" and not std and name not in rules.model_extra:
        return f"the model includes the standard library only, not <{name}>"
    return None


def check_unknown(rules, path, name):
    """A header that is not in the tree: made by the build, or a mistake."""
    if rules.folder_of(path) is None:
        return None
    if not name.endswith(".skel.h"):
        return f'there is no "{name}" here; another library\'s header takes <>'
    return None if path.startswith("tools/source/") else f"{name} is for tools/source only"


def check_includes(rules, root, path, text):
    for number, quoted, name in includes(text):
        target = ours(root, path, name) if quoted else None
        if target:
            complaint = check_own_include(rules, path, target)
        elif quoted:
            complaint = check_unknown(rules, path, name)
        else:
            complaint = check_library(rules, path, name)
        if complaint:
            yield f"{path}:{number}: {complaint}"


def check_exit(path, text):
    if not path.startswith(("tools/", "kdump/")) or path == "tools/main.cpp":
        return
    for number, line in enumerate(without_comments_and_strings(text).splitlines(), 1):
        if re.search(r"(?<![\w.>])(?:quick_exit|exit)\s*\(", line):
            yield f"{path}:{number}: exit() is for main.cpp only: return an Error"


def says_licence(lines):
    first = 1 if lines and lines[0].startswith("#!") else 0
    return len(lines) > first and "SPDX-License-Identifier: GPL-2.0-or-later" in lines[first]


def kind_of(path, text):
    """code, data, or None: neither."""
    name = Path(path).name
    if any(fnmatch.fnmatch(path, pattern) for pattern in RECORDED):
        return None
    if name == "CMakeLists.txt" or path.endswith(SOURCES + SCRIPTS) or text.startswith("#!"):
        return "code"
    return "data" if path.endswith(DATA) else None


def files(root):
    """Of the top level the files and our folders; nothing that was built."""
    for entry in sorted(root.iterdir()):
        if entry.is_file():
            yield entry
        elif entry.name in TOP:
            yield from sorted(path for path in entry.rglob("*")
                              if path.is_file() and "__pycache__" not in path.parts)


def check(root, rules):
    complaints = []
    for file in files(root):
        path = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8", errors="replace")
        kind = kind_of(path, text)
        if kind is None:
            continue
        lines = text.splitlines()
        if not says_licence(lines):
            complaints.append(f"{path}:1: no SPDX line at the top")
        if kind == "code" and len(lines) >= MAX_LINES:
            complaints.append(f"{path}:{len(lines)}: {len(lines)} lines; {MAX_LINES} are too many")
        if path.endswith(SOURCES):
            complaints += check_includes(rules, root, path, text)
            complaints += check_exit(path, text)
    return complaints


def check_manual(rules_text, manual):
    """Each row of the rules stands in CONTRIBUTING.md, word for word."""
    rows = {tuple(cell.strip().replace("`", "") for cell in line.strip("| ").split("|"))
            for line in manual.splitlines() if line.startswith("|")}
    sections = read_rules(rules_text)
    for row in sections["folders"] + sections["libraries"]:
        if tuple(row) not in rows:
            yield f"CONTRIBUTING.md:1: its tables lack the row | {' | '.join(row)} |"


def main():
    root = Path(sys.argv[1])
    text = (Path(__file__).parent / "rules.txt").read_text(encoding="utf-8")
    complaints = check(root, Rules(text))
    complaints += check_manual(text, (root / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    print("\n".join(complaints + [f"{len(complaints)} complaints"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
