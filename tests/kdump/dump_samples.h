// SPDX-License-Identifier: GPL-2.0-or-later
// Small dumps of each format: what the fuzzer begins with.
#pragma once

#include <string>
#include <vector>

#include "../fuzz/dump_input.h"
#include "synth.h"

namespace whydrop::test {

struct DumpSample {
    std::string name;
    Bytes file;  // that the reader sees, or that is in the flattened one
    bool flattened;
    Bytes fuzz_input;  // that makes it
};

inline std::vector<DumpSample> dump_samples() {
    const SynthMemory memory = synth_memory(R"(
page 0x1000 fill 5a
page 0x2000 bytes 01 02 03 at 0x10
left 0x3000
page 0x5000 fill 00
page 0x8000 bytes ff at 0xfff
vmcoreinfo PAGESIZE=4096
prstatus 00 11 22)");
    SynthMemory sparse = memory;  // for those that pack badly
    sparse.pages.erase(1);
    const std::vector<ElfSegment> overlapping = {
        {0x1000, Bytes(64, 1)}, {0x1020, Bytes(64, 2)}, {0x1060, Bytes(4096, 0)}};
    const Bytes small = synth_elf(overlapping, synth_notes(memory));
    const struct {
        const char *name;
        Bytes file;
        bool flattened;
    } files[] = {
        {"elf", small, false},
        {"elf_flattened", small, true},
        {"elf_qemu", synth_elf(overlapping, synth_notes(memory), {.like_qemu = true}), false},
        {"elf_many", synth_elf(overlapping, {}, {.many_segments = true}), false},
        {"kdump_raw", synth_kdump(sparse, {.packing = 0}), false},
        {"kdump_zlib", synth_kdump(memory), false},
        {"kdump_zlib_flattened", synth_kdump(memory), true},
        {"kdump_lzo", synth_kdump(memory, {.version = 5, .packing = 2}), false},
        {"kdump_snappy", synth_kdump(sparse, {.version = 4, .packing = 4}), false},
        {"kdump_zstd", synth_kdump(memory, {.version = 3, .packing = 0x20}), false},
        {"kdump_part", synth_kdump(memory, {.version = 2, .part = {{2, 6}}}), false},
        {"diskdump", synth_kdump(memory, {.signature = "DISKDUMP", .version = 1}), false},
        {"kdump_blocks", synth_kdump(memory, {.block_bytes = 8192, .one_bitmap = true}), false},
    };
    std::vector<DumpSample> samples;
    for (const auto &row : files)
        samples.push_back(
            {row.name, row.file, row.flattened, fuzz_from_file(row.file, row.flattened ? 1 : 0)});
    return samples;
}

}  // namespace whydrop::test
