# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels, unpacked in the cache and never installed."""
import hashlib
import lzma
import pathlib
import re
import shutil
import subprocess

import archive

FOLDER = pathlib.Path(__file__).resolve().parent
KERNELS = archive.CACHE / "kernels"
FLAVOUR = "amd64"  # the cloud flavour has no 9p, by which a guest gets its files


def series_and_suites():
    """{series: [suite, ...]}, as kernels.tsv has them."""
    lines = (FOLDER / "kernels.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {series: suites.split() for series, suites in rows}


class Kernel:
    """One unpacked kernel: vmlinux, lib/modules/RELEASE."""

    def __init__(self, root):
        self.root = root
        self.release, self.version, self.series = (root / "identity").read_text().split()

    @property
    def vmlinux(self):
        return self.root / "vmlinux"

    @property
    def image(self):
        """The compressed one, as kexec wants it."""
        return _image(self.root, self.release)

    @property
    def modules(self):
        return self.root / "lib/modules" / self.release

    def module_files(self, *names):
        """The files of modules and what they need, in the order of loading; [] for one built in."""
        files = []
        for name in names:
            shown = subprocess.run(["modprobe", "-S", self.release, "-d", self.root,
                                    "--show-depends", name], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, check=False).stdout
            for line in shown.splitlines():
                if line.startswith("insmod ") and (path := line.split()[1]) not in files:
                    files.append(path)
        return files


def decompress(data):
    """By its first bytes, as Debian packs kernels and modules; what is not packed stays as it is."""
    if data.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        # What follows the packed part makes zstd complain: what came out before that is all.
        return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout
    return data


def _uncompressed_kernel(image):
    """What is packed in a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset and
    payload_length). QEMU boots it by its PVH note and saves the guest the unpacking."""
    data = image.read_bytes()

    def u32(offset):
        return int.from_bytes(data[offset:offset + 4], "little")
    start = ((data[0x1f1] or 4) + 1) * 512 + u32(0x248)
    return decompress(data[start:start + u32(0x24c)])


def _image(root, release):
    """Since 7.x it is beside the modules."""
    beside = root / "lib/modules" / release / "vmlinuz"
    return beside if beside.exists() else root / "boot" / f"vmlinuz-{release}"


def _checksum(root):
    digest = hashlib.sha256()
    for name in ("vmlinux", "identity"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _unpack(series, suites, root):
    repository = archive.Archive()
    version = repository.newest(f"linux-image-{FLAVOUR}", series, suites)
    if not version:
        raise archive.Unreachable(f"no linux-image-{FLAVOUR} of {series} in {', '.join(suites)}")
    image = next(name for name in repository.dependencies(f"linux-image-{FLAVOUR}", version)
                 if re.match(r"linux-image-\d", name))
    release = image.removeprefix("linux-image-")
    # Since 7.x the image's parts are packages of their own.
    parts = [name for name in repository.dependencies(image, version)
             if re.match(r"linux-(base|binary|modules)-\d", name)] or [image]
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    repository.unpack([f"{name}={version}" for name in parts], root)
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")
    (root / "vmlinux").write_bytes(_uncompressed_kernel(_image(root, release)))
    subprocess.run(["depmod", "-b", root, release], check=True)
    (root / "identity").write_text(f"{release} {version} {series}\n")
    (root / "checksum").write_text(_checksum(root))  # last: the unpacking is complete


def cached(series):
    """The same if it has been fetched already; None. Not checked: for those who do not boot it."""
    root = KERNELS / series
    return Kernel(root) if (root / "checksum").exists() else None


def get(series):
    """The kernel of a series of kernels.tsv. Raises archive.Unreachable."""
    root = KERNELS / series
    with archive.lock(f"kernel-{series}"):
        checksum = root / "checksum"
        if not checksum.exists() or checksum.read_text() != _checksum(root):
            _unpack(series, series_and_suites()[series], root)
    return Kernel(root)
