# SPDX-License-Identifier: GPL-2.0-or-later
"""`whydrop vmcore save`: what it wrote says the same as what it read, and makedumpfile reads it."""
import subprocess

import formats

FORMS = {"zstd": (), "zlib": ("--compress", "zlib"), "elf": ("--as", "elf")}


def _log_differs(whydrop, saved, target):
    """makedumpfile's own walk of the log, which shows the same last line as ours."""
    formats.make(saved, ["--dump-dmesg"], target)
    should = subprocess.run([whydrop, "vmcore", "log", saved], text=True, capture_output=True,
                            timeout=formats.SECONDS, check=True).stdout
    read = target.read_text(errors="replace").strip().splitlines()
    return None if read and read[-1] in should else f"makedumpfile's log ends {read[-1:]}"


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
