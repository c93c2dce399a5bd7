# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds an out-of-tree module for a guest's kernel, from its headers package and with this
machine's compiler. Built once per kernel and source."""
import hashlib
import pathlib
import shutil
import subprocess

import archive
import headers

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
    compiler = target / "compiler"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    words = [f"M={target}", f"CC={compiler}", "LD=ld", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"]
    done = subprocess.run(["make", "-s", "-C", headers.get(kernel), *words], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Failed(f"{target.name}: {done.stdout.strip()}")
