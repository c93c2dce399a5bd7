// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of this folder share: how each format is recognised and opened (the table is in
// dump.cpp), and the errors that all of them give.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kdump/format/dump.h"
#include "kdump/format/source.h"
#include "sys/result.h"

namespace whydrop::kdump {

// As many first bytes as a format is recognised by; a file may have fewer.
constexpr size_t head_bytes = 64;

// ELF of any kind: open_elf() says what is wrong with those that are no dump.
bool is_elf(std::span<const uint8_t> head);
Result<std::unique_ptr<Dump>> open_elf(std::unique_ptr<Source> source);

// "KDUMP   " of makedumpfile and QEMU, "DISKDUMP" of their ancestor.
bool is_compressed(std::span<const uint8_t> head);
Result<std::unique_ptr<Dump>> open_compressed(std::unique_ptr<Source> source);

// makedumpfile -F: a stream of pieces, each with the offset that it belongs to.
bool is_flattened(std::span<const uint8_t> head);
Result<std::unique_ptr<Source>> unfold(std::unique_ptr<Source> source);

// The facts that every format begins with.
DumpFacts facts_of(const Source &source, const std::string &format);

bool begins_with(std::span<const uint8_t> bytes, std::string_view with);

// usage: by its first bytes it is something else; the words for what is known.
Error not_a_dump(std::span<const uint8_t> head);
// usage: a dump, but of a machine that is not x86-64.
Error other_machine(const std::string &machine);
// The name of ELF's e_machine: "aarch64"; "ELF machine 47" for what has none here.
std::string machine_name(uint16_t machine);

// failed: "the file ends at byte 1234".
Error file_ends(uint64_t bytes);
// failed: "page 0x1234 " and what is the matter with it.
Error page_error(uint64_t pfn, const std::string &what);

}  // namespace whydrop::kdump
