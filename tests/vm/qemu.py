# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU to run: the one of Debian 12's backports, unpacked in the cache, or the system's.

Backports' version 10 is three times as fast as Debian 12's 7.2, whose multi-threaded emulation
mishandles the kernel patching its own code, so that this one runs on a single thread.
"""
import functools
import os
import re
import shutil
import subprocess

import archive
import programs

PACKAGES = ("qemu-system-x86", "qemu-system-data", "seabios", "ipxe-qemu")
SOUND_THREADS = (8, 1)  # multi-threaded emulation, from this version on


class Qemu:
    def __init__(self, command, environment):
        self.command, self.environment = command, environment
        text = subprocess.run([*command, "--version"], env=environment, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
        self.version = tuple(int(part) for part in
                             re.search(r"version (\d+)\.(\d+)", text).groups())

    @property
    def accelerator(self):
        threads = "multi" if self.version >= SOUND_THREADS else "single"
        return f"tcg,thread={threads},tb-size=256"


def _unpacked(root):
    data = [word for folder in ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu")
            for word in ("-L", str(root / folder))]
    modules = root / "usr/lib/x86_64-linux-gnu/qemu"
    return Qemu([str(root / "usr/bin/qemu-system-x86_64"), *data],
                dict(programs.environment(root), QEMU_MODULE_DIR=str(modules)))


def _works(root):
    try:
        _unpacked(root)
        return True
    except (OSError, subprocess.CalledProcessError):
        return False


@functools.cache
def get():
    """Fetches it the first time. Raises archive.Unreachable when there is none at all."""
    try:
        return _unpacked(programs.get("qemu", PACKAGES, _works))
    except archive.Unreachable:
        system = shutil.which("qemu-system-x86_64")
        if not system:
            raise
        return Qemu([system], dict(os.environ))
