// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/notes.h"

#include <elf.h>

#include <algorithm>
#include <string_view>

#include "kdump/bytes.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t kAlignment = 4;

std::string_view text_of(std::span<const uint8_t> bytes) {
    const auto end = std::find(bytes.begin(), bytes.end(), uint8_t{0});
    return {reinterpret_cast<const char *>(bytes.data()), static_cast<size_t>(end - bytes.begin())};
}

void add_note(std::string_view name, uint32_t type, std::span<const uint8_t> bytes, Notes &notes) {
    if (name == "VMCOREINFO" && notes.vmcoreinfo.empty())
        notes.vmcoreinfo = text_of(bytes);
    if (name == "ERASEINFO" && notes.erased.empty())
        notes.erased = text_of(bytes);
    if (name != "CORE")
        return;
    if (type == NT_PRSTATUS)
        notes.prstatus.emplace_back(bytes.begin(), bytes.end());
    if (type == NT_AUXV || type == NT_FILE)
        notes.of_a_process = true;
}

}  // namespace

void read_notes(std::span<const uint8_t> bytes, Notes &notes) {
    while (bytes.size() >= sizeof(Elf64_Nhdr)) {
        const uint64_t name_bytes = number_at<uint32_t>(bytes, offsetof(Elf64_Nhdr, n_namesz));
        const uint64_t body_bytes = number_at<uint32_t>(bytes, offsetof(Elf64_Nhdr, n_descsz));
        const auto type = number_at<uint32_t>(bytes, offsetof(Elf64_Nhdr, n_type));
        bytes = bytes.subspan(sizeof(Elf64_Nhdr));
        const uint64_t body = rounded_up(name_bytes, kAlignment);
        if (!within(body, body_bytes, bytes.size()))
            return;
        add_note(text_of(bytes.first(name_bytes)), type, bytes.subspan(body, body_bytes), notes);
        const uint64_t whole = body + rounded_up(body_bytes, kAlignment);
        bytes = bytes.subspan(std::min<uint64_t>(whole, bytes.size()));
    }
}

std::vector<uint8_t> fetch_notes(Source &source, uint64_t offset, uint64_t bytes) {
    const uint64_t size = source.size_bytes();
    if (offset >= size)
        return {};
    bytes = std::min({bytes, size - offset, source.file_bytes(), most_note_bytes});
    std::vector<uint8_t> notes(bytes);
    if (!source.read(offset, notes))
        return {};
    return notes;
}

}  // namespace whydrop::kdump
