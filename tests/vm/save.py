# SPDX-License-Identifier: GPL-2.0-or-later
"""`whydrop vmcore save`: what it wrote says the same as what it read, and makedumpfile reads it."""
import re
import subprocess

import formats

FORMS = {"zstd": (), "zlib": ("--compress", "zlib"), "elf": ("--as", "elf")}


# Who printed a line, which our log does not say; and what a terminal would take for itself.
CALLER = re.compile(r"^(\[ *[0-9.]+\]) \[ *[TC][0-9]+\]")
UNSHOWN = re.compile(r"\\x[0-9a-f]{2}|[^!-~]")


def _lines(log):
    return [UNSHOWN.sub("", CALLER.sub(r"\1", line)) for line in log.strip().splitlines()]


def _log_differs(whydrop, saved, target):
    """The first line of makedumpfile's log that is not in ours."""
    formats.make(saved, ["--dump-dmesg"], target)
    ours = set(_lines(subprocess.run([whydrop, "vmcore", "log", saved], text=True, check=True,
                                     capture_output=True, timeout=formats.SECONDS).stdout))
    read = _lines(target.read_text(errors="replace"))
    if len(read) < 100:
        return f"makedumpfile's log has {len(read)} lines"
    return next((f"{line!r} is not in our log" for line in read if line not in ours), None)


def problem(whydrop, core, folder, kept):
    """What is not as it should be; None. `core`: an ELF dump of QEMU's."""
    should = formats.report(whydrop, core)
    told, wrong = [], []
    for form, words in FORMS.items():
        saved = folder / f"saved-{form}"
        done = subprocess.run([whydrop, "vmcore", "save", *words, core, saved], text=True,
                              capture_output=True, timeout=formats.SECONDS, check=False)
        told.append(f"{form}: {done.stdout}{done.stderr}")
        if done.returncode:
            wrong.append(f"{form}: {done.returncode}: {done.stderr.strip()[-200:]}")
            continue
        if not done.stdout.endswith("losses: none\n"):
            wrong.append(f"{form}: {done.stdout[-200:]}")
        is_now = formats.report(whydrop, saved)
        if is_now != should:
            wrong.append(f"{form}: {formats.first_difference(should, is_now)}")
        if differs := _log_differs(whydrop, saved, folder / "saved.log"):
            wrong.append(f"{form}: {differs}")
        saved.unlink()
        (folder / "saved.log").unlink(missing_ok=True)
    kept.write_text("\n".join(told))
    return "; ".join(wrong) or None
