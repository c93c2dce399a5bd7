#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kdump/initramfs/whydrop-report with a whydrop that does what each row says, in every shell there
is. Whatever it does, the script ends with 0 and in time: the dump comes after it."""
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "kdump/initramfs"
SHELLS = (("dash",), ("busybox", "sh"), ("bash", "--posix"))
LIMIT, IN_TIME = 1, 15  # seconds: of the settings; what a slow machine may take
NAME = "whydrop-report.txt"


@dataclasses.dataclass
class Row:
    what: str
    whydrop: str = 'echo "PANIC: of the test, asked for: $*"'  # a script
    settings: str = ""
    before: str = ""  # commands, in the scratch folder
    arguments: tuple = ("saved",)
    console: tuple = ()  # what is printed there
    saved: tuple = None  # what is in the saved file; None: there is none
    never: tuple = ()  # what is neither printed nor saved


REPORT = "PANIC: of the test, asked for: vmcore --no-debuginfo core\n"
ROWS = (
    Row("a report is shown and saved", console=(REPORT, "saved as saved/"), saved=(REPORT,)),
    Row("without a folder it is shown, and kept in memory", arguments=(), console=(REPORT,)),
    Row("what was made before is saved, and not made again",
        before=f"mkdir made && echo earlier >made/{NAME}", console=("saved as",),
        saved=("earlier\n",), never=(REPORT,)),
    Row("one that hangs is ended, and what it said until then is shown and saved",
        whydrop="echo $$ >pid\ntrap '' TERM HUP INT\necho half\nwhile :; do sleep 1; done",
        console=("half\n", "not done after 1 s"), saved=("half\n", "not done after 1 s")),
    Row("one that fails: its message and its status",
        whydrop="echo half; echo 'vmcore: no such thing' >&2; exit 7",
        console=("half\nvmcore: no such thing\n", "status 7"),
        saved=("half\nvmcore: no such thing\n", "status 7")),
    Row("one that crashes", whydrop="echo half; kill -SEGV $$",
        console=("half\n", "status 139"), saved=("half\n", "status 139")),
    Row("one that cannot be run", whydrop="\x7fELF", console=("whydrop ended with status",),
        saved=("whydrop ended with status",)),
    Row("one that never stops printing does not fill the memory",
        whydrop="exec yes", settings="mebibytes=64", console=("y\ny\n", "whydrop ended"),
        saved=("y\ny\n", "whydrop ended")),
    Row("it has its memory limited", whydrop="ulimit -v", settings="mebibytes=100",
        console=("102400\n",), saved=("102400\n",)),
    Row("it is the first to go when memory runs out", whydrop="cat /proc/self/oom_score_adj",
        console=("1000\n",), saved=("1000\n",)),
    Row("a folder that cannot be made", before="touch file", arguments=("file/saved",),
        console=(REPORT, "could not be saved in file/saved")),
    Row("a disk that is full", before=f"mkdir saved && ln -s /dev/full saved/{NAME}.part",
        console=(REPORT, "could not be saved in saved")),
    Row("a disk that hangs", before=f"mkdir saved && mkfifo saved/{NAME}.part",
        console=(REPORT, "could not be saved in saved")),
    Row("no place in memory: it is shown at least", before="touch file", settings="made=file/made",
        console=(REPORT, "could not be saved")),
    Row("no place in memory, and it hangs", whydrop="echo half; exec sleep 60", before="touch file",
        settings="made=file/made", console=("half\n", "not done after 1 s")),
    Row("settings that are no shell count for nothing", settings="if )",
        console=("there is no /proc/vmcore",)),
    Row("limits that are no numbers are those there were", settings="seconds=soon mebibytes=",
        whydrop="ulimit -v", console=(f"{128 * 1024}\n",), saved=(f"{128 * 1024}\n",)),
    Row("no dump: it says so", settings="core=nothing",
        console=("there is no nothing: this is no capture kernel",), never=(REPORT,)),
    Row("no whydrop: it says so", settings="whydrop=./nothing",
        console=("there is no ./nothing",), never=(REPORT,)),
    Row("no console: stdout is one", settings="console=nowhere/console",
        console=(REPORT, "saved as"), saved=(REPORT,)),
)


def still_runs(pid):
    """Whether a process does not end, not even a little later; then it is ended."""
    for _ in range(50):
        try:
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return False  # nobody has asked for its status
        except OSError:
            return False
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    return True


def run(shell, row, folder):
    """What is wrong with a row, in this shell."""
    (folder / "whydrop").write_text(
        row.whydrop if row.whydrop.startswith("\x7f") else f"#!/bin/sh\n{row.whydrop}\n")
    (folder / "whydrop").chmod(0o755)
    (folder / "conf").write_text(f"whydrop=./whydrop core=core made=made console=console\n"
                                 f"seconds={LIMIT}\n{row.settings}\n")
    for name in ("core", "console"):
        (folder / name).touch()
    subprocess.run(["sh", "-ec", row.before], cwd=folder, check=True)
    began = time.monotonic()
    # A file and no pipe: a child that hangs would hold that open.
    with open(folder / "out", "w") as out:
        status = subprocess.run([*shell, SCRIPTS / "whydrop-report", *row.arguments], cwd=folder,
                                env={"PATH": "/usr/bin:/bin", "WHYDROP_REPORT_CONF": "./conf"},
                                stdout=out, stderr=out, timeout=120, check=False).returncode
    took = time.monotonic() - began
    console = (folder / "console").read_text() + (folder / "out").read_text()
    file = folder / "saved" / NAME
    saved = file.read_text() if file.is_file() else None
    problems = [f"status {status}"] if status else []
    problems += [f"it took {took:.0f} s"] if took > IN_TIME else []
    problems += [f"{text!r} is not on the console" for text in row.console if text not in console]
    problems += [f"{text!r} is there" for text in row.never if text in console + (saved or "")]
    if (saved is None) != (row.saved is None):
        problems.append(f"saved: {saved is not None}")
    problems += [f"{text!r} is not saved" for text in row.saved or () if text not in (saved or "")]
    if (folder / "pid").exists() and still_runs(int((folder / "pid").read_text())):
        problems.append("it still runs")
    if problems:
        problems.append(f"the console has {console[:300]!r}")
    if file.is_file() and file.stat().st_mode & 0o077:
        problems.append("everybody may read what was saved")
    if file.with_name(f"{NAME}.part").is_fifo():  # lets go of who hangs there
        os.close(os.open(file.with_name(f"{NAME}.part"), os.O_RDWR | os.O_NONBLOCK))
    return problems


def check(shell, row):
    with tempfile.TemporaryDirectory(prefix="whydrop-report.", ignore_cleanup_errors=True) as folder:
        problems = run(shell, row, pathlib.Path(folder))
    if problems:
        print(f"FAIL: {' '.join(shell)}: {row.what}:\n  " + "\n  ".join(problems))
    return not problems


def main():
    scripts = [path for path in SCRIPTS.rglob("*")
               if path.is_file() and path.read_text().startswith("#!/bin/sh")]
    assert len(scripts) >= 5, scripts
    shells = [shell for shell in SHELLS if shutil.which(shell[0])]
    parsed = [not subprocess.run([*shell, "-n", path], check=False).returncode
              for shell in shells for path in scripts]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # they sleep most of the time
        ran = list(pool.map(lambda pair: check(*pair), itertools.product(shells, ROWS)))
    results = parsed + ran
    print(f"{len(results)} checks in {len(shells)} shells, {results.count(False)} failed")
    return 0 if ran and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
