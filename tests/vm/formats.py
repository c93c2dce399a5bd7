# SPDX-License-Identifier: GPL-2.0-or-later
"""The same memory in each format that QEMU and makedumpfile write: `whydrop vmcore` has to say the
same of all, but for the lines that name the file."""
import struct
import subprocess

import programs

SECONDS = 120
SUITE = "trixie"  # whose makedumpfile knows zstd
# With zero pages left out: they are most of a guest's memory, and have to be read as zeroes.
WITHOUT_ZEROES = ("-d", "1")
FORMATS = {"zlib": ("-c",), "lzo": ("-l",), "zstd": ("-z",), "uncompressed": (), "elf": ("-E",),
           "flattened": ("-F", "-c"), "flattened-elf": ("-F", "-E")}
OF_QEMU = ("kdump-zlib",)  # flattened; Debian's QEMU has no lzo and no snappy
PARTS = ((), ("bt", "-a"), ("log",), ("ps",), ("mod",), ("net",), ("work",), ("bpf",))


def move_headers(core):
    """makedumpfile looks for the program headers of an ELF file right behind its header, where QEMU
    has those of sections, which nobody needs."""
    with open(core, "r+b") as file:
        header = list(struct.unpack("<16sHHIQQQIHHHHHH", file.read(64)))
        phoff, phentsize, phnum = header[5], header[9], header[10]
        file.seek(phoff)
        programs = file.read(phentsize * phnum)
        first = min(struct.unpack_from("<Q", programs, i * phentsize + 8)[0] for i in range(phnum))
        if phoff == 64 or 64 + len(programs) > first:
            return
        header[5:7], header[8], header[11:] = (64, 0), 64, (0, 0, 0)
        file.seek(0)
        file.write(struct.pack("<16sHHIQQQIHHHHHH", *header) + programs)


def _makedumpfile(root, *words):
    return programs.by_own_loader(root, root / "usr/bin/makedumpfile", *words)


def _starts(root):
    return subprocess.run(_makedumpfile(root, "-v"), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def command(*words):
    """makedumpfile with these words. Raises archive.Unreachable."""
    return _makedumpfile(programs.get("makedumpfile", ("makedumpfile",), _starts, SUITE,
                                      whole=True), *words)


def make(core, words, target):
    """Writes `core`, after move_headers(), anew to `target`. Raises archive.Unreachable."""
    flattened = "-F" in words
    asked = command(*words, core, *([] if flattened else [target]))
    with open(target if flattened else f"{target}.out", "wb") as out:
        done = subprocess.run(asked, stdout=out, stderr=subprocess.PIPE, timeout=SECONDS,
                              check=False)
    if done.returncode:
        raise ValueError(f"makedumpfile {' '.join(words)}: {done.stderr.decode()[-200:]}")


def report(whydrop, core):
    """Its lines but those that name the file."""
    lines = []
    for part in PARTS:
        ran = subprocess.run([whydrop, "vmcore", *part, core], text=True, timeout=SECONDS,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        lines += [f"== {' '.join(part)}: {ran.returncode}",
                  *(line for line in ran.stdout.splitlines() if str(core) not in line)]
    return lines


def first_difference(should, is_now):
    return next((f"{before!r} has become {now!r}" for before, now in zip(should, is_now)
                 if before != now), f"{len(should)} lines have become {len(is_now)}")


def problem(whydrop, core, of_qemu, folder, kept):
    """The first line that is not the same in all formats; None. `core`: an ELF dump; `of_qemu`:
    {format: path} of the same memory."""
    should = report(whydrop, core)
    told = [f"{len(should)} lines of the report on {core.stat().st_size} bytes of QEMU's ELF"]
    wrong = None
    move_headers(core)
    for name in [*of_qemu, *FORMATS]:
        target = of_qemu.get(name, folder / f"as-{name}.core")
        if name in FORMATS:
            make(core, [*FORMATS[name], *WITHOUT_ZEROES], target)
        is_now = report(whydrop, target)
        told.append(f"{name}: {len(is_now)} lines on {target.stat().st_size} bytes")
        target.unlink()
        if is_now != should and not wrong:
            wrong = f"{name}: {first_difference(should, is_now)}"
    kept.write_text("\n".join(told) + "\n")
    return wrong
