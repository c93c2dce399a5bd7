// SPDX-License-Identifier: GPL-2.0-or-later
// Version 7: sections anywhere in the file, found by options, which are sections themselves.
#include <algorithm>

#include "kdump/format/unpack.h"
#include "source/tracedat/head.h"

namespace whydrop::tracedat {

namespace {

constexpr uint64_t section_head_bytes = 16;
constexpr uint64_t most_section_bytes = uint64_t{256} * 1024 * 1024;
constexpr uint32_t most_cpus = 1U << 16;
constexpr size_t most_option_sections = 4096;

enum : uint16_t {
    option_done = 0,
    option_buffer = 3,
    option_header_info = 16,
    option_ftrace_events = 17,
    option_event_formats = 18,
    option_kallsyms = 19,
    option_printk = 20,
    option_cmdlines = 21,
    option_buffer_text = 22,
};
constexpr uint16_t flag_packed = 1;

struct SectionHead {
    uint16_t id = 0, flags = 0;
    uint64_t size = 0;
};

std::optional<SectionHead> section_head(const Input &input, uint64_t at) {
    const auto bytes = input.read(at, section_head_bytes);
    if (!bytes)
        return {};
    Cursor cursor(*bytes);
    SectionHead head;
    head.id = *cursor.number<uint16_t>();
    head.flags = *cursor.number<uint16_t>();
    (void)cursor.take(4);  // what it is called
    head.size = *cursor.number<uint64_t>();
    return head;
}

// A section's bytes, unpacked. Nothing: it is cut, damaged, or another one.
std::optional<std::string> section(const Input &input, uint64_t at, uint16_t id, uint32_t packing) {
    const auto head = section_head(input, at);
    if (!head || head->id != id || head->size > most_section_bytes)
        return {};
    auto bytes = input.read(at + section_head_bytes, head->size);
    if (!bytes || !(head->flags & flag_packed))
        return bytes;
    Cursor cursor(*bytes);
    const auto packed_size = cursor.number<uint32_t>(), size = cursor.number<uint32_t>();
    const auto packed = packed_size ? cursor.take(*packed_size) : std::nullopt;
    if (!packed || !size || *size > most_section_bytes)
        return {};
    std::string whole(*size, '\0');
    kdump::Unpacker unpacker;
    const auto unpacked = unpacker.unpack(
        packing, {reinterpret_cast<const uint8_t *>(packed->data()), packed->size()},
        {reinterpret_cast<uint8_t *>(whole.data()), whole.size()});
    return unpacked ? std::optional(std::move(whole)) : std::nullopt;
}

bool read_buffer(const Input &input, std::string_view data, Head &head) {
    Cursor cursor(data);
    const auto at = cursor.number<uint64_t>();
    const auto name = cursor.text(), clock = cursor.text();
    const auto page_size = cursor.number<uint32_t>(), cpus = cursor.number<uint32_t>();
    if (!cpus || *cpus > most_cpus || *page_size < 512 || *page_size > (1U << 22))
        return false;
    const auto where = section_head(input, *at);
    Buffer buffer{*name, *clock, *page_size, where && (where->flags & flag_packed), {}};
    for (uint32_t i = 0; i < *cpus; i++) {
        const auto cpu = cursor.number<uint32_t>();
        const auto offset = cursor.number<uint64_t>(), size = cursor.number<uint64_t>();
        if (!size)
            return false;
        const uint64_t there = *offset < input.size() ? std::min(*size, input.size() - *offset) : 0;
        if (there < *size)
            head.losses.push_back({"truncated", *size - there, "bytes",
                                   "of the events of CPU " + std::to_string(*cpu) +
                                       " lie behind the end of the file"});
        // trace-cmd does not count the number of chunks among packed data's bytes.
        constexpr uint64_t count_bytes = 4;
        const uint64_t extra = buffer.packed ? count_bytes : 0;
        if (there)
            buffer.cpus.push_back({*cpu, *offset, there + extra});
    }
    head.buffers.push_back(std::move(buffer));
    return true;
}

// Parts of which an option only says where they are.
bool read_part(const Input &input, uint16_t id, uint64_t at, Head &head) {
    const auto bytes = section(input, at, id, head.packing);
    if (!bytes)
        return false;
    Cursor cursor(*bytes);
    switch (id) {
        case option_header_info:
            return read_header_info(cursor, head);
        case option_ftrace_events:
            return read_ftrace_events(cursor, head);
        case option_event_formats:
            return read_event_formats(cursor, head);
        case option_kallsyms:
            return read_sized(cursor, false, head.kallsyms);
        case option_printk:
            return read_sized(cursor, false, head.printk_formats);
        default:
            return read_sized(cursor, true, head.cmdlines);
    }
}

void lost_part(uint16_t id, Head &head) {
    static const char *const names[] = {"the layout of the pages", "ftrace's own events",
                                        "the events' formats",     "the symbols",
                                        "the printk formats",      "the processes' names"};
    const char *name = id == option_buffer ? "a buffer's events"
                       : id >= option_header_info && id <= option_cmdlines
                           ? names[id - option_header_info]
                           : "a part";
    head.losses.push_back({"damaged", 1, "part", std::string(name) + " cannot be read"});
}

// Reads one section of options; the place of the next one, 0: there is none.
std::optional<uint64_t> read_options(const Input &input, uint64_t at, Head &head) {
    const auto bytes = section(input, at, 0, head.packing);
    if (!bytes)
        return {};
    Cursor cursor(*bytes);
    while (!cursor.at_end()) {
        const auto id = cursor.number<uint16_t>();
        const auto size = cursor.number<uint32_t>();
        const auto data = size ? cursor.take(*size) : std::nullopt;
        if (!data)
            return {};
        Cursor inner(*data);
        if (*id == option_done)
            return inner.number<uint64_t>();
        if (*id == option_buffer) {
            if (!read_buffer(input, *data, head))
                lost_part(*id, head);
        } else if (*id >= option_header_info && *id <= option_cmdlines) {
            const auto where = inner.number<uint64_t>();
            if (!where || !read_part(input, *id, *where, head))
                lost_part(*id, head);
        } else if (*id == option_buffer_text) {
            head.losses.push_back(
                {"text", 1, "part", "a latency trace, which is text, is not read"});
        } else {
            read_option(*id, *data, head);
        }
    }
    return 0;
}

}  // namespace

Status read_sections(const Input &input, uint64_t first_options, Head &head) {
    uint64_t at = first_options;
    for (size_t read = 0; at != 0; read++) {
        const auto next =
            read < most_option_sections ? read_options(input, at, head) : std::nullopt;
        if (!next && read == 0)
            return Error{Errc::failed, "what says where its parts are is cut off or damaged", ""};
        if (!next)
            head.losses.push_back({"damaged", 1, "part",
                                   "more options, and with them perhaps events, cannot be read"});
        at = next.value_or(0);
    }
    if (head.header_page_text.empty())
        return Error{Errc::failed, "it does not say how its pages are laid out", ""};
    if (head.buffers.empty())
        head.losses.push_back({"truncated", 1, "buffer", "the file ends before its events"});
    return success();
}

}  // namespace whydrop::tracedat
