# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian of its own for the disk of a guest, with kdump-tools, dracut and whydrop's report in them,
and the capture initramfs that they make. Nothing of it is installed here."""
import shutil
import subprocess
import tempfile

import archive
from kernel import FOLDER

SUITE = "bookworm"
PACKAGES = (
    "kdump-tools", "makedumpfile", "initramfs-tools", "dracut-core", "busybox-static", "zstd",
    "systemd-sysv", "udev", "login", "base-files", "bsdutils", "util-linux", "hostname", "linux-base",
    # What no package depends on, because every system has it.
    "dash", "bash", "grep", "sed", "mawk", "findutils", "libc-bin", "debianutils", "gzip",
    "perl-base", "sysvinit-utils")
DRIVERS = "virtio_pci virtio_blk ext4"
BUILD = FOLDER / "in-debian"


def _complete(root):
    """What the packages' own scripts would have done."""
    for name in ("bin", "sbin", "lib", "lib64"):
        if (root / name).is_dir() and not (root / name).is_symlink():
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
        complete = found / "complete"
        if not complete.exists() or complete.read_text() != " ".join(PACKAGES):
            shutil.rmtree(found, ignore_errors=True)
            archive.Archive().unpack_with_everything(PACKAGES, SUITE, found)
            _complete(found)
            complete.write_text(" ".join(PACKAGES))
    return found


def disk(kernel, static_build, path, log):
    """Makes the disk, and in `path`'s folder `initramfs-tools` and `dracut`: what each has made. What
    they said is in `log`. Raises ValueError."""
    with tempfile.TemporaryDirectory(prefix="whydrop-debian.") as folder:
        subprocess.run(["cp", "-a", f"{root()}/.", folder], check=True)
        words = ["unshare", "--mount", BUILD, folder, kernel.root, kernel.release, static_build,
                 path.parent]
        with open(log, "wb") as out:
            ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 check=False)
        if ran.returncode:
            raise ValueError(f"{BUILD.name} ended with {ran.returncode}, see {log}")
        with open(path, "wb") as file:
            file.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-d", folder, path], check=True)
