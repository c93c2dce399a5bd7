# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels, unpacked in the cache and never installed."""
import hashlib
import lzma
import pathlib
import re
import shutil
import subprocess
import zlib

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
    """One unpacked kernel: vmlinux, config, lib/modules/RELEASE, and headers when asked for."""

    def __init__(self, root):
        self.root = root
        self.release, self.version, self.series = (root / "identity").read_text().split()

    @property
    def vmlinux(self):
        return self.root / "vmlinux"

    @property
    def image(self):
        """The compressed one, as kexec wants it."""
        return _packed_file(self.root, self.release, "vmlinuz")

    @property
    def modules(self):
        return self.root / "lib/modules" / self.release

    def has(self, option):
        """Is CONFIG_<option> built in or a module?"""
        return re.search(rf"^CONFIG_{option}=", (self.root / "config").read_text(), re.M) is not None

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

    def headers(self):
        """The headers package's folder to build modules in; fetched when missing."""
        root = self.root / "headers"
        package = f"linux-headers-{self.release}"
        folder = root / "usr/src" / package
        with archive.lock(f"kernel-{self.series}"):
            if not (root / "complete").exists():
                _unpack_headers(root, package, self.version)
        return folder


def _unpack_headers(root, package, version):
    repository = archive.Archive()
    repository.update()
    shutil.rmtree(root, ignore_errors=True)
    others = [name for name in repository.dependencies(package, version)
              if re.match(r"linux-(headers|kbuild)-", name)]
    repository.unpack([f"{name}={version}" for name in [package, *sorted(set(others))]], root)
    # Debian's Makefile names /usr/src, where it would be installed.
    makefile = root / "usr/src" / package / "Makefile"
    makefile.write_text(re.sub(r"(?<![\w.])/usr/src/", f"{root}/usr/src/", makefile.read_text()))
    (root / "complete").touch()


def _by_program(*words):
    # What follows the packed part makes some complain: what came out before that is all.
    return lambda data: subprocess.run(words, input=data, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, check=False).stdout


UNPACKERS = {
    b"\x28\xb5\x2f\xfd": _by_program("zstd", "-dcq"),
    b"\x02\x21\x4c\x18": _by_program("lz4", "-dcq"),
    b"\xfd7zXZ": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x1f\x8b": lambda data: zlib.decompressobj(wbits=31).decompress(data),
}


def decompress(data):
    """By its first bytes; what is not packed stays as it is."""
    for magic, unpack in UNPACKERS.items():
        if data.startswith(magic):
            return unpack(data)
    return data


def _uncompressed_kernel(image):
    """What is packed in a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset and
    payload_length). QEMU boots it by its PVH note and saves the guest the unpacking."""
    data = image.read_bytes()

    def u32(offset):
        return int.from_bytes(data[offset:offset + 4], "little")
    start = ((data[0x1f1] or 4) + 1) * 512 + u32(0x248)
    return decompress(data[start:start + u32(0x24c)])


def _packed_file(root, release, name):
    """Since 7.x they are beside the modules."""
    beside = root / "lib/modules" / release / name
    return beside if beside.exists() else root / "boot" / f"{name}-{release}"


def _checksum(root):
    digest = hashlib.sha256()
    for name in ("vmlinux", "config", "identity"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _unpack(series, suites, root):
    repository = archive.Archive()
    repository.update()
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
    (root / "vmlinux").write_bytes(_uncompressed_kernel(_packed_file(root, release, "vmlinuz")))
    shutil.copy(_packed_file(root, release, "config"), root / "config")
    subprocess.run(["depmod", "-b", root, release], check=True)
    (root / "identity").write_text(f"{release} {version} {series}\n")
    (root / "checksum").write_text(_checksum(root))  # last: the unpacking is complete


def get(series):
    """The kernel of a series of kernels.tsv. Raises archive.Unreachable."""
    root = KERNELS / series
    with archive.lock(f"kernel-{series}"):
        checksum = root / "checksum"
        if not checksum.exists() or checksum.read_text() != _checksum(root):
            _unpack(series, series_and_suites()[series], root)
    return Kernel(root)
