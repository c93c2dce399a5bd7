# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds an out-of-tree module for a guest's kernel, from its headers package and with this
machine's compiler. Built once per kernel and source."""
import hashlib
import pathlib
import shlex
import shutil
import subprocess

import archive

RUNTIME = archive.CACHE / "runtime"
RUNTIME_PACKAGES = ("libc6", "libelf1t64", "libssl3t64", "zlib1g", "libzstd1")
LOADER = RUNTIME / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
# Kernels configured for a newer compiler name what Debian 12's does not know: said differently,
# or left out where nothing but a warning or hardening hangs on it.
COMPILER = """#!/bin/bash
words=()
for word in "$@"; do
    case $word in
    -fmin-function-alignment=*) words+=("-falign-functions=${word#*=}") ;;
    -fzero-init-padding-bits=* | -fdiagnostics-show-context*) ;;
    -Wno-unterminated-string-initialization) ;;
    *) words+=("$word") ;;
    esac
done
exec gcc "${words[@]}"
"""


class Failed(Exception):
    """The compiler's words."""


def _newer_runtime():
    """The C library of sid, for the tools in its headers packages."""
    with archive.lock("runtime"):
        if not LOADER.exists():
            shutil.rmtree(RUNTIME, ignore_errors=True)
            repository = archive.Archive()
            repository.update()
            repository.unpack([f"{name}/sid" for name in RUNTIME_PACKAGES], RUNTIME)


def _let_tools_run(kernel, headers):
    """Tools of kbuild that this system's C library is too old for get a newer one."""
    for tool in (kernel.root / "headers/usr/lib").glob("linux-kbuild-*/**/*"):
        if not tool.is_file() or tool.suffix == ".elf" or not tool.stat().st_mode & 0o100:
            continue
        if tool.read_bytes()[:4] != b"\x7fELF":
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


def build(kernel, source):
    """The .ko of the folder `source`, which has a Kbuild. Raises Failed, archive.Unreachable."""
    source = pathlib.Path(source).resolve()
    files = sorted(file for file in source.iterdir() if file.is_file())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files) + COMPILER.encode())
    name = f"{source.name}-{kernel.release}-{digest.hexdigest()[:16]}"
    target = archive.CACHE / "modules" / name
    with archive.lock(f"module-{kernel.series}-{source.name}"):
        if not (target / "built").exists():
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for file in files:
                shutil.copy(file, target)
            _make(kernel, target)
            (target / "built").touch()
    return target / f"{source.name}.ko"


def _make(kernel, target):
    headers = kernel.headers()
    with archive.lock(f"kernel-{kernel.series}"):
        _let_tools_run(kernel, headers)
    compiler = target / "compiler"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    done = subprocess.run(["make", "-s", "-C", headers, f"M={target}", f"CC={compiler}", "LD=ld",
                           "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Failed(f"{target.name}: {done.stdout.strip()}")
