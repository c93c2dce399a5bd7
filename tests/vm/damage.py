# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged dumps: `whydrop vmcore` may say that it cannot read one, or what it has lost. It may not
die, hang, or take all the memory there is."""
import json
import os
import random
import re
import resource
import struct
import subprocess

import formats

SEED = "WHYDROP_DAMAGE_SEED"  # of the environment: to repeat a run
SECONDS, MEMORY = 10, 2 << 30  # for one run
DONE, ALLOWED = 0, (0, 1, 2)
LEFT_PERCENT = (99, 90, 50, 10, 1)
RANGES, FLIPS, OF_ELF = 20, 20, 5
TAKEN, TAKEN_PAGES = 41, 48  # how often so many pages are taken out of a dump
DESCRIPTOR = 24  # bytes: struct page_desc of makedumpfile
HEADERS = 1 << 20  # bytes at the beginning: what they say decides about all the rest
PARTS = (("bt", "-a"), ("log",), ("ps",), ("mod",), ("net",), ("work",), ("bpf",), ("info",))


def _limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _run(whydrop, core, words):
    return subprocess.run([whydrop, "vmcore", *words, "-f", "json", core], capture_output=True,
                          timeout=SECONDS, preexec_fn=_limit_memory, check=False)


def _names_losses(printed):
    last = printed.splitlines()[-1:]
    return bool(last) and bool(json.loads(last[0]).get("losses"))


def _said(printed):
    """Without what is said of the file itself, such as how the first page is packed."""
    return re.sub(rb'"dump":"[^"]*"', b"", printed)


def descriptors(core):
    """Of a kdump-compressed dump: where those of its pages begin, and how many there are. In its
    header (struct disk_dump_header) numbers follow a struct new_utsname and a time."""
    with open(core, "rb") as file:
        block, header, bitmap = struct.unpack_from("<iii", file.read(4096), 428)
        file.seek((1 + header) * block + bitmap * block // 2)  # the second one: what was dumped
        pages = sum(byte.bit_count() for byte in file.read(bitmap * block // 2))
    return (1 + header + bitmap) * block, pages


class Trial:
    """One dump in its variants; what came of each, and of the worst a line."""

    def __init__(self, whydrop, core, chance):
        self.whydrop, self.core, self.chance = whydrop, core, chance
        self.told, self.wrong, self.parts = [], None, 0
        self.whole = _said(_run(whydrop, core, ()).stdout)

    def look(self, what, must_be_named):
        """`must_be_named`: a report that is not that of the whole dump has to name losses."""
        self.parts += 1
        for words in ((), PARTS[self.parts % len(PARTS)]):
            told = f"{self.core.name}, {what}: whydrop vmcore {' '.join(words)}"
            try:
                ran = _run(self.whydrop, self.core, words)
            except subprocess.TimeoutExpired:
                self._complain(f"{told}: not done after {SECONDS} s")
                continue
            self.told.append(f"{told}: {ran.returncode} {ran.stderr.decode()[:150].strip()}")
            if ran.returncode not in ALLOWED:
                self._complain(self.told[-1])
            elif ran.returncode == DONE and must_be_named and not words and \
                    _said(ran.stdout) != self.whole and not _names_losses(ran.stdout):
                self._complain(f"{told}: is another, and no losses are named")

    def _complain(self, what):
        self.told.append(what)
        self.wrong = self.wrong or what

    def patched(self, what, patches, must_be_named):
        """The same with [(offset, bytes)] written over it, which are taken back afterwards."""
        before = []
        with open(self.core, "r+b", buffering=0) as file:
            for offset, data in patches:
                file.seek(offset)
                before.append((offset, file.read(len(data))))
                file.seek(offset)
                file.write(data)
            self.look(what, must_be_named)
            for offset, data in reversed(before):
                file.seek(offset)
                file.write(data)

    def take_pages_out(self, count):
        """Pages whose descriptors say that they were not written: the rest of the dump is right, so
        that what is said of it has to be right as well, or named."""
        begin, pages = descriptors(self.core)
        for _ in range(count):
            first = self.chance.randrange(pages - TAKEN_PAGES)
            self.patched(f"without {TAKEN_PAGES} pages from number {first} on",
                         [(begin + first * DESCRIPTOR, bytes(TAKEN_PAGES * DESCRIPTOR))], True)

    def zero_ranges(self, count):
        """They may become values of the memory, so that what is said cannot be judged."""
        size = self.core.stat().st_size
        for _ in range(count):
            length = int(2 ** self.chance.uniform(0, 20))
            offset = self.chance.randrange(max(1, size - length))
            self.patched(f"{length} zeroes at {offset}", [(offset, bytes(length))], False)

    def flip_bits(self, count):
        """Half of them among the headers. What a wrong bit makes of a page cannot be known."""
        size = self.core.stat().st_size
        for number in range(count):
            end = min(size, HEADERS) if number % 2 else size
            flips = int(2 ** self.chance.uniform(0, 10))
            offsets = self.chance.sample(range(end), min(flips, end))
            with open(self.core, "rb") as file:
                patches = []
                for offset in offsets:
                    file.seek(offset)
                    patches.append((offset, bytes([file.read(1)[0] ^ 1 << self.chance.randrange(8)])))
            self.patched(f"{flips} bits flipped below {end}", patches, False)

    def truncate(self, percents):
        """Ever shorter: afterwards it is gone."""
        size = self.core.stat().st_size
        for percent in percents:
            os.truncate(self.core, size * percent // 100)
            self.look(f"the first {percent} %", True)
        self.core.unlink()


def problem(whydrop, core, folder, kept):
    """The first run that did not end as it may; None. `core`: an ELF dump, which stays as it is but
    for formats.move_headers()."""
    seed = os.environ.get(SEED) or str(random.randrange(1 << 32))
    chance = random.Random(seed)
    packed, elf = folder / "packed.core", folder / "elf-copy.core"
    formats.move_headers(core)
    formats.make(core, ["-l", "-d", "31"], packed)
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", core, elf], check=True)
    trials = [Trial(whydrop, packed, chance), Trial(whydrop, elf, chance)]
    trials[0].take_pages_out(TAKEN)
    for trial, ranges, flips in ((trials[0], RANGES, FLIPS), (trials[1], OF_ELF, OF_ELF)):
        trial.zero_ranges(ranges)
        trial.flip_bits(flips)
        trial.truncate(LEFT_PERCENT)
    told = [line for trial in trials for line in trial.told]
    kept.write_text("\n".join([f"{SEED}={seed}", *told]) + "\n")
    wrong = next((trial.wrong for trial in trials if trial.wrong), None)
    return f"{wrong} ({SEED}={seed})" if wrong else None
