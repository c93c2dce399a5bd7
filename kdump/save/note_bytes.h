// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF note as bytes.
#pragma once

#include <elf.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kdump/bytes.h"

namespace whydrop::kdump {

inline void append_note(std::vector<uint8_t> &notes, std::string_view name,
                        std::span<const uint8_t> body) {
    constexpr uint64_t alignment = 4;
    Elf64_Nhdr header{};  // of type 0, as all notes by a name of their own have it
    header.n_namesz = static_cast<uint32_t>(name.size() + 1);
    header.n_descsz = static_cast<uint32_t>(body.size());
    const auto bytes = bytes_of(header);
    notes.insert(notes.end(), bytes.begin(), bytes.end());
    notes.insert(notes.end(), name.begin(), name.end());
    notes.push_back(0);
    notes.resize(rounded_up(notes.size(), alignment));
    notes.insert(notes.end(), body.begin(), body.end());
    notes.resize(rounded_up(notes.size(), alignment));
}

}  // namespace whydrop::kdump
