# SPDX-License-Identifier: GPL-2.0-or-later
"""The archive a guest boots from: busybox, our init, and the modules it takes to reach the host's
files. Made once per kernel and set of modules."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import archive
from kernel import FOLDER, decompress

BUSYBOX = pathlib.Path("/bin/busybox")
TO_REACH_THE_HOST = ("virtio_pci", "9pnet_virtio", "9p", "overlay")


def _fill(tree, files):
    for folder in ("bin", "proc", "sys", "dev", "ro", "rw", "new", "modules"):
        (tree / folder).mkdir()
    shutil.copy(BUSYBOX, tree / "bin/busybox")
    shutil.copy(FOLDER / "init", tree / "init")
    (tree / "init").chmod(0o755)
    for number, file in enumerate(files):
        data = pathlib.Path(file).read_bytes()
        name = pathlib.Path(file).name.split(".ko")[0]
        (tree / f"modules/{number:03}-{name}.ko").write_bytes(decompress(data))


def get(kernel, modules=()):
    """The archive's path, for modules beyond those that every guest needs."""
    files = kernel.module_files(*TO_REACH_THE_HOST, *modules)
    key = hashlib.sha256("\n".join(files).encode())
    key.update((FOLDER / "init").read_bytes() + BUSYBOX.read_bytes())
    path = kernel.root / f"initramfs.{key.hexdigest()[:16]}"
    with archive.lock(f"kernel-{kernel.series}"):
        if path.exists():
            return path
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder)
            _fill(tree, files)
            names = sorted(str(found.relative_to(tree)) for found in tree.rglob("*"))
            packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=tree,
                                    input="\n".join(names).encode(), check=True,
                                    stdout=subprocess.PIPE).stdout
            made = path.with_suffix(f".{os.getpid()}")
            made.write_bytes(packed)
            made.rename(path)
    return path
