# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel's vmlinux with its debuginfo, beside the kernel in the cache: what crash and drgn need.
It is some 0.8 to 1.2 GB to fetch, so nothing fetches it but tests/vm/debuginfo."""
import archive

# /usr/lib/debug/boot/vmlinux-RELEASE; the rest of the package are modules, five times as much.
IN_PACKAGE = r"(\./)?usr/lib/debug/(boot/vmlinux-[^/]+|(usr/)?lib/modules/[^/]+/vmlinux)"


def not_cached(series):
    """Why something is skipped."""
    return f"the debuginfo of this kernel is not cached (tests/vm/debuginfo {series})"


def cached(kernel):
    """Its path; None when it has not been fetched."""
    path = kernel.root / "debug" / f"vmlinux-{kernel.release}"
    return path if path.exists() else None


def get(kernel):
    """Its path. Fetches it the first time. Raises archive.Unreachable."""
    with archive.lock(f"debuginfo-{kernel.series}"):
        path = cached(kernel)
        if not path:
            path = kernel.root / "debug" / f"vmlinux-{kernel.release}"
            archive.Archive().unpack_file(f"linux-image-{kernel.release}-dbg={kernel.version}",
                                          IN_PACKAGE, path)
    return path
