# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU to run: the one of Debian 12's backports, unpacked in the cache, or the system's.

Backports' version 10 is three times as fast as Debian 12's 7.2, whose multi-threaded emulation
mishandles the kernel patching its own code, so that this one runs on a single thread.
"""
import os
import re
import shutil
import subprocess

import archive

ROOT = archive.CACHE / "qemu"
PACKAGES = ("qemu-system-x86", "qemu-system-data", "seabios", "ipxe-qemu")
SOUND_THREADS = (8, 1)  # multi-threaded emulation, from this version on
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu",
             "usr/lib/x86_64-linux-gnu/pulseaudio")


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


def _unpacked():
    libraries = ":".join(str(ROOT / folder) for folder in LIBRARIES)
    data = [word for folder in ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu")
            for word in ("-L", str(ROOT / folder))]
    return Qemu([str(ROOT / "usr/bin/qemu-system-x86_64"), *data],
                dict(os.environ, LD_LIBRARY_PATH=libraries,
                     QEMU_MODULE_DIR=str(ROOT / "usr/lib/x86_64-linux-gnu/qemu")))


def get():
    """Fetches it the first time. Raises archive.Unreachable when there is none at all."""
    try:
        with archive.lock("qemu"):
            if (ROOT / "complete").exists():
                try:
                    return _unpacked()
                except (OSError, subprocess.CalledProcessError):
                    pass  # unpacked beside other libraries than this system has now
            shutil.rmtree(ROOT, ignore_errors=True)
            repository = archive.Archive()
            repository.update()
            repository.unpack_with_libraries(PACKAGES, "bookworm-backports", ROOT)
            found = _unpacked()
            (ROOT / "complete").touch()
            return found
    except archive.Unreachable:
        system = shutil.which("qemu-system-x86_64")
        if not system:
            raise
        return Qemu([system], dict(os.environ))
