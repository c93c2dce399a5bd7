# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian of its own for the disk of a guest, with kdump-tools, dracut and whydrop's report in them,
and the capture initramfs that they make. Nothing of it is installed here."""
import pathlib
import shutil
import subprocess
import tempfile

import archive
from kernel import FOLDER

SUITE = "bookworm"
PACKAGES = (
    "kdump-tools", "makedumpfile", "initramfs-tools", "dracut-core", "busybox-static", "zstd", "login",
    "systemd-sysv", "udev", "base-files", "bsdutils", "util-linux", "hostname", "linux-base",
    # What no package depends on, because every system has it.
    "dash", "bash", "grep", "sed", "mawk", "findutils", "libc-bin", "debianutils", "gzip",
    "perl-base", "sysvinit-utils")
DRIVERS = "virtio_pci virtio_blk ext4"
BUILD = FOLDER / "in-debian"


def _complete(root):
    """What the packages' own scripts would have done."""
    for name in ("bin", "sbin", "lib", "lib64"):
        if not (root / name).is_symlink():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
            (root / name).symlink_to(f"usr/{name}")
    (root / "usr/bin/awk").symlink_to("mawk")
    for file, text in {"passwd": "root:x:0:0:root:/root:/bin/bash\n", "group": "root:x:0:\n",
                       "fstab": "/dev/vda / ext4 defaults 0 0\n", "hostname": "guest\n",
                       "machine-id": "", "initramfs-tools/conf.d/modules": "MODULES=list\n",
                       "initramfs-tools/modules": DRIVERS.replace(" ", "\n") + "\n"}.items():
        (root / "etc" / file).write_text(text)
    shutil.copy(root / "usr/share/kdump-tools/kdump-tools.conf", root / "etc/default/kdump-tools")
    subprocess.run(["chroot", root, "ldconfig"], check=True)


def root():
    """The folder it is unpacked in. Raises archive.Unreachable."""
    found = archive.CACHE / "debian"
    with archive.lock("debian"):
        if not (found / "complete").exists():
            shutil.rmtree(found, ignore_errors=True)
            archive.Archive().unpack_with_everything(PACKAGES, SUITE, found)
            _complete(found)
            (found / "complete").touch()
    return found


def disk(kernel, static_build, path):
    """Makes the disk, and in `path`'s folder `initramfs-tools` and `dracut`: what each has made.
    Raises subprocess.CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="whydrop-debian.") as folder:
        subprocess.run(["cp", "-a", f"{root()}/.", folder], check=True)
        subprocess.run(["unshare", "--mount", BUILD, folder, kernel.root, kernel.release,
                        static_build, path.parent], check=True, stdin=subprocess.DEVNULL)
        with open(path, "wb") as file:
            file.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-d", folder, path], check=True)
