// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracedat/head.h"

#include <algorithm>
#include <cstdlib>

#include "kdump/format/unpack.h"
#include "source/tracefs/event_format.h"

namespace whydrop::tracedat {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "\x17\x08\x44tracing"sv;
constexpr uint64_t first_bytes = 4096;
constexpr uint64_t most_formats = 100'000;

// Ids of options that both versions have (trace-cmd.dat.v7(5)).
enum : uint16_t {
    option_date = 1,
    option_cpu_stat = 2,
    option_clock = 4,
    option_uname = 5,
    option_offset = 7,
    option_cpu_count = 8,
    option_version = 9,
    option_time_shift = 12,
    option_tsc_to_ns = 14,
};

std::string until_zero(std::string_view data) {
    return std::string(data.substr(0, data.find('\0')));
}

// "[local] global counter": the one in brackets.
std::string chosen_clock(const std::string &line) {
    const size_t open = line.find('['), close = line.find(']', open + 1);
    if (open == std::string::npos || close == std::string::npos)
        return line.substr(0, line.find_first_of(" \n"));
    return line.substr(open + 1, close - open - 1);
}

Status set_packing(const std::string &name, Head &head) {
    if (name.empty() || name == "none")
        return success();
    head.packing_name = name;
    if (name == "zstd")
        head.packing = kdump::packing::zstd;
    else if (name == "zlib")
        head.packing = kdump::packing::zlib;
    else
        return Error{Errc::usage, "it is packed by " + name + ", which is not read",
                     "trace-cmd convert --compression none -i FILE -o OTHER unpacks it"};
    return success();
}

Status start(const Input &input, Cursor &cursor, Head &head) {
    const auto cut = Error{Errc::failed, "it ends in its first lines", ""};
    const auto version = cursor.text();
    const auto order = cursor.number<uint8_t>(), long_size = cursor.number<uint8_t>();
    const auto page_size = cursor.number<uint32_t>();
    if (!version || !order || !long_size || !page_size)
        return cut;
    if (*version != "6" && *version != "7")
        return Error{Errc::usage,
                     "it is of version " + version->substr(0, 8) + ": 6 and 7 are read",
                     "a newer trace-cmd converts it: trace-cmd convert"};
    head.version = (*version)[0] - '0';
    if (*order != 0)
        return Error{Errc::usage, "it is of a big-endian machine, which is not read",
                     "trace-cmd report reads it"};
    if ((*long_size != 4 && *long_size != 8) || *page_size < 512 || *page_size > (1U << 22))
        return Error{Errc::failed, "its first lines are damaged", ""};
    head.long_size = *long_size;
    head.page_size = *page_size;
    if (head.version == 6)
        return read_version_6(input, cursor.at(), head);
    const auto packing = cursor.text(), packing_version = cursor.text();
    const auto first_options = cursor.number<uint64_t>();
    if (!packing || !packing_version || !first_options)
        return cut;
    if (auto set = set_packing(*packing, head); !set)
        return set;
    return read_sections(input, *first_options, head);
}

}  // namespace

bool Head::clock_is_ns() const {
    static const std::string_view in_ns[] = {"",     "local",    "global", "uptime", "perf",
                                             "mono", "mono_raw", "boot",   "tai",    "tsc2nsec"};
    return tsc || std::ranges::find(in_ns, clock) != std::end(in_ns);
}

bool is_trace_dat(std::string_view bytes) {
    return bytes.starts_with(magic);
}

bool read_header_info(Cursor &cursor, Head &head) {
    const auto page = cursor.text();
    const auto page_bytes = cursor.number<uint64_t>();
    const auto page_text = page_bytes ? cursor.take(*page_bytes) : std::nullopt;
    const auto event = cursor.text();
    const auto event_bytes = cursor.number<uint64_t>();
    if (!page_text || !event_bytes || !cursor.take(*event_bytes) || *page != "header_page" ||
        *event != "header_event")
        return false;
    head.header_page_text = *page_text;
    const auto format = parse_event_format("name: header_page\n" + head.header_page_text);
    const auto layout = format ? RawPageLayout::of(*format) : std::nullopt;
    if (layout)
        head.layout = *layout;
    return layout.has_value();
}

bool read_ftrace_events(Cursor &cursor, Head &head) {
    const auto count = cursor.number<uint32_t>();
    if (!count || *count > most_formats)
        return false;
    for (uint32_t i = 0; i < *count; i++) {
        std::string text;
        if (!read_sized(cursor, true, text))
            return false;
        head.events.push_back({"ftrace", std::move(text)});
    }
    return true;
}

bool read_event_formats(Cursor &cursor, Head &head) {
    const auto systems = cursor.number<uint32_t>();
    if (!systems || *systems > most_formats)
        return false;
    for (uint32_t s = 0; s < *systems; s++) {
        const auto system = cursor.text();
        const auto count = cursor.number<uint32_t>();
        if (!system || !count || *count > most_formats)
            return false;
        for (uint32_t i = 0; i < *count; i++) {
            std::string text;
            if (!read_sized(cursor, true, text))
                return false;
            head.events.push_back({*system, std::move(text)});
        }
    }
    return true;
}

// A length of 8 or 4 bytes, and so much text.
bool read_sized(Cursor &cursor, bool wide, std::string &text) {
    const auto bytes =
        wide ? cursor.number<uint64_t>() : std::optional<uint64_t>(cursor.number<uint32_t>());
    const auto found = bytes ? cursor.take(*bytes) : std::nullopt;
    if (found)
        text = *found;
    return found.has_value();
}

void read_option(uint16_t id, std::string_view data, Head &head) {
    Cursor cursor(data);
    switch (id) {
        case option_date:  // microseconds, as trace-cmd measured them with its marker
            head.offset_ns +=
                static_cast<int64_t>(std::strtoull(until_zero(data).c_str(), nullptr, 0) * 1000);
            head.has_date = true;
            break;
        case option_offset:
            head.offset_ns += std::strtoll(until_zero(data).c_str(), nullptr, 0);
            break;
        case option_cpu_stat:
            head.cpu_stats.push_back(until_zero(data));
            break;
        case option_clock:
            head.clock = chosen_clock(until_zero(data));
            break;
        case option_uname:
            head.uname = until_zero(data);
            break;
        case option_version:
            head.trace_cmd = until_zero(data);
            break;
        case option_cpu_count:
            head.cpus = cursor.number<uint32_t>().value_or(0);
            break;
        case option_time_shift:
            head.needs_peer = true;
            break;
        case option_tsc_to_ns: {
            const auto multiplier = cursor.number<uint32_t>(), shift = cursor.number<uint32_t>();
            const auto offset = cursor.number<uint64_t>();
            if (offset && *shift < 64)
                head.tsc = TscToNs{*multiplier, *shift, *offset};
            break;
        }
        default:
            break;
    }
}

Result<Head> read_head(const Input &input, const std::string &name) {
    const auto begin = input.read(0, std::min(first_bytes, input.size()));
    if (!begin || !is_trace_dat(*begin))
        return Error{Errc::usage, name + " is no trace.dat", ""};
    Cursor cursor(*begin);
    (void)cursor.take(magic.size());
    Head head;
    if (auto read = start(input, cursor, head); !read)
        return Error{read.error().code, name + " cannot be read: " + read.error().what,
                     read.error().hint};
    for (const Buffer &buffer : head.buffers)
        for (const CpuData &cpu : buffer.cpus)
            head.data_bytes += cpu.size;
    return head;
}

}  // namespace whydrop::tracedat
