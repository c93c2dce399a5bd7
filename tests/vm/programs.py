# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that are unpacked in the cache, with the libraries this system lacks, and not installed:
installing them would change what it does at boot, or is not in its release."""
import os
import shutil

import archive

SUITE = "bookworm-backports"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu",
             "usr/lib/x86_64-linux-gnu/pulseaudio")


def environment(root):
    """In which a program below `root` finds its libraries."""
    return dict(os.environ, LD_LIBRARY_PATH=":".join(str(root / folder) for folder in LIBRARIES))


def by_own_loader(root, *words):
    """The command of a program below `root`, which was unpacked with `whole`: started by the C
    library's own loader, as this system's is older than it wants."""
    libraries = root / "usr/lib/x86_64-linux-gnu"
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries),
            *map(str, words)]


def get(name, packages, works, suite=SUITE, whole=False):
    """The folder below which `packages` are unpacked; they are fetched when it is not there, or
    does not work: `works(root)` says so. `whole`: with all the libraries, also those this system
    has. Raises archive.Unreachable."""
    root = archive.CACHE / name
    with archive.lock(name):
        if (root / "complete").exists() and works(root):
            return root
        shutil.rmtree(root, ignore_errors=True)
        repository = archive.Archive()
        (repository.unpack_with_everything if whole else
         repository.unpack_with_libraries)(packages, suite, root)
        if not works(root):
            raise archive.Unreachable(f"{' '.join(packages)} of {suite} cannot be run here")
        (root / "complete").touch()
    return root
