// SPDX-License-Identifier: GPL-2.0-or-later
// ELF notes, which every format carries in the same shape (ELF specification, "Note Section"; the
// kernel's crash_core.c makes those of a dump).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kdump/format/source.h"

namespace whydrop::kdump {

struct Notes {
    std::string vmcoreinfo;                      // of the first note of that name
    std::vector<std::vector<uint8_t>> prstatus;  // NT_PRSTATUS of "CORE", in their order
    std::string erased;                          // what was made zeros, of makedumpfile's ERASEINFO
    bool of_a_process = false;                   // has what only the core of a process has
};

// Adds what is in the bytes; a note that reaches past their end is the end of them.
void read_notes(std::span<const uint8_t> bytes, Notes &notes);

// The notes of 10000 CPUs take 8 MiB.
constexpr uint64_t most_note_bytes = 64 << 20;

// Up to that many bytes of the file, fewer where it ends before, none where it cannot be read; not
// more than most_note_bytes.
std::vector<uint8_t> fetch_notes(Source &source, uint64_t offset, uint64_t bytes);

}  // namespace whydrop::kdump
