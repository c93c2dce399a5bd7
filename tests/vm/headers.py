# SPDX-License-Identifier: GPL-2.0-or-later
"""What modules are built with: a kernel's headers packages, unpacked beside it in the cache, with
tools that run on this system."""
import re
import shlex
import shutil
import subprocess

import archive

RUNTIME = archive.CACHE / "runtime"
RUNTIME_PACKAGES = ("libc6", "libelf1t64", "libssl3t64", "zlib1g", "libzstd1")
LOADER = RUNTIME / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


def _newer_runtime():
    """The C library of sid, for the tools in its headers packages."""
    with archive.lock("runtime"):
        if not LOADER.exists():
            shutil.rmtree(RUNTIME, ignore_errors=True)
            archive.Archive().unpack([f"{name}/sid" for name in RUNTIME_PACKAGES], RUNTIME)


def _let_tools_run(root):
    """Tools of kbuild that this system's C library is too old for get a newer one."""
    for tool in list((root / "usr/lib").glob("linux-kbuild-*/**/*")):
        if not tool.is_file() or tool.read_bytes()[:4] != b"\x7fELF":
            continue
        asked = subprocess.run(["ldd", tool], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, check=False).stdout
        if "not found" not in asked:
            continue
        _newer_runtime()
        moved = tool.with_name(tool.name + ".elf")
        tool.rename(moved)
        tool.write_text(f'#!/bin/sh\nexec {LOADER} --argv0 "$0" '
                        f'--library-path {LOADER.parent} {shlex.quote(str(moved))} "$@"\n')
        tool.chmod(0o755)


def _unpack(root, package, version):
    repository = archive.Archive()
    shutil.rmtree(root, ignore_errors=True)
    others = {name for name in repository.dependencies(package, version)
              if re.match(r"linux-(headers|kbuild)-", name)}
    repository.unpack([f"{name}={version}" for name in [package, *sorted(others)]], root)
    # Debian's Makefile names /usr/src, where it would be installed.
    makefile = root / "usr/src" / package / "Makefile"
    makefile.write_text(re.sub(r"(?<![\w.])/usr/src/", f"{root}/usr/src/", makefile.read_text()))
    _let_tools_run(root)
    (root / "complete").touch()


def get(kernel):
    """The folder to build modules in. Raises archive.Unreachable."""
    root = kernel.root / "headers"
    package = f"linux-headers-{kernel.release}"
    with archive.lock(f"kernel-{kernel.series}"):
        if not (root / "complete").exists():
            _unpack(root, package, kernel.version)
    return root / "usr/src" / package
