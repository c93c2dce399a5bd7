// SPDX-License-Identifier: GPL-2.0-or-later
// "ip_rcv+0x1c/0x1c2", as kernels print where they were, looked up in debug files alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/document.h"
#include "source/debuginfo/debug_file.h"
#include "sys/result.h"

namespace whydrop {

struct Location {
    std::string function;
    uint64_t offset_bytes = 0;
    std::optional<uint64_t> size_bytes;  // of the function
};

// NAME, NAME+OFFSET, NAME+OFFSET/SIZE, in hexadecimal; "[module]" behind it says nothing that the
// file does not. Errors: usage.
Result<Location> parse_location(const std::string &text);

// Rows of "line": those of each function of that name in the first file that has one; as text with
// the line itself, where the source is on this machine. Errors: usage: no such function, of another
// size, or too short.
Result<Section> source_lines_of(const std::vector<DebugFile> &files,
                                const std::vector<std::string> &locations);

// The columns that say a line in JSON, and the cells of one.
std::vector<DocumentColumn> line_columns();
std::vector<Value> line_cells(const SourceLine &line);

// "ip_rcv+0x1c (net/ipv4/ip_input.c:562)"; of what was inlined there, which has no name with a
// distance: "ip_rcv_core (net/ipv4/ip_input.c:470, inlined)".
std::string line_text(const SourceLine &line, const std::string &name);

// What is said of a file that was compiled without -g, or was stripped.
Error no_debug_info(const DebugFile &file);

}  // namespace whydrop
