# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture kernel leaves on a guest's disk: the report, and after it the dump."""
import difflib
import re
import subprocess

SECONDS = 60
OF_THE_FILE = "DUMPFILE:"  # in the summary: what the file is, and not what the kernel was

BROKEN_LINES = 3  # on the console, by what the kernel says at the same time


def from_disk(disk, path, target):
    """Takes a file out of a disk; when it was last written to and when it was made, as pairs of
    seconds and nanoseconds. None: it is not there."""
    subprocess.run(["debugfs", "-R", f"dump {path} {target}", disk], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = subprocess.run(["debugfs", "-R", f"stat {path}", disk], check=False, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    times = {name: (int(seconds, 16), int(extra, 16) >> 2) for name, seconds, extra in
             re.findall(r"(crtime|mtime): 0x([0-9a-f]+):([0-9a-f]+)", shown)}
    return (times["mtime"], times["crtime"]) if len(times) == 2 else None


def names(disk, folder):
    """Of what is in a folder of a disk."""
    shown = subprocess.run(["debugfs", "-R", f"ls -p {folder}", disk], check=False, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return [line.split("/")[5] for line in shown.splitlines() if line.count("/") > 5]


def _of_the_kernel(text):
    return [line.rstrip() for line in text.splitlines()
            if not line.lstrip().startswith(OF_THE_FILE)]


def problem(whydrop, core, report, times, console):
    """Why the report is not that of this dump, or was not there before it; None. `times`: of the
    report and of the dump."""
    if None in times:
        return f"the disk has no report, or no dump: {times}"
    if times[0][0] >= times[1][1]:
        return f"the report was written at {times[0][0]}, the dump begun at {times[1][1]}"
    early = _of_the_kernel(report.read_text(errors="replace"))
    shown = {line.rstrip() for line in console.partition("whydrop-report: reading")[2].splitlines()}
    missing = [line for line in early if line not in shown]
    if len(missing) > BROKEN_LINES:
        return f"not on the console: {len(missing)} lines, {missing[0]!r}"
    ran = subprocess.run([whydrop, "vmcore", "--no-debuginfo", core], capture_output=True, text=True,
                         timeout=SECONDS, check=False)
    other = [line for line in difflib.unified_diff(early, _of_the_kernel(ran.stdout), lineterm="",
                                                   n=0) if not line.startswith(("---", "+++", "@@"))]
    if ran.returncode or other:
        return f"status {ran.returncode}, {len(other)} lines differ: {' | '.join(other[:4])}"
    return None
