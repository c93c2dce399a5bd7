// SPDX-License-Identifier: GPL-2.0-or-later
// What a trace.dat says of itself, versions 6 and 7: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5). Read
// by ourselves and bounds-checked: libtracecmd trusts the offsets and sizes in a file, and has no
// static archive.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/report.h"
#include "source/events/raw_page.h"
#include "source/tracedat/input.h"

namespace whydrop::tracedat {

// Of one CPU of one buffer: where its pages are. Packed ones begin with the number of chunks.
struct CpuData {
    uint32_t cpu = 0;
    uint64_t offset = 0, size = 0;  // in the file
};

struct Buffer {
    std::string name;  // of the instance; empty: the top one
    std::string clock;
    uint32_t page_size = 4096;
    bool packed = false;
    std::vector<CpuData> cpus;
};

struct EventText {
    std::string system;
    std::string text;  // the event's format file
};

struct TscToNs {
    uint32_t multiplier = 0, shift = 0;
    uint64_t offset = 0;
};

struct Head {
    int version = 0;
    uint32_t long_size = 8, page_size = 4096, cpus = 0;
    uint32_t packing = 0;      // of kdump::packing
    std::string packing_name;  // "zstd"; empty: not packed
    std::string header_page_text;
    RawPageLayout layout;
    std::vector<EventText> events;
    std::string kallsyms, printk_formats, cmdlines;
    std::string uname, trace_cmd, clock;
    std::vector<std::string> cpu_stats;  // per_cpu/cpuN/stats at the end
    int64_t offset_ns = 0;               // added to each time (DATE, OFFSET)
    bool has_date = false;               // times with the offset are those since 1970
    std::optional<TscToNs> tsc;
    bool needs_peer = false;  // TIME_SHIFT: times of a guest, to be shifted to those of its host
    std::vector<Buffer> buffers;
    uint64_t data_bytes = 0;  // of all CPUs, as they lie in the file
    Losses losses;            // parts that were cut off

    // Else it counts cycles or events: there are no seconds.
    [[nodiscard]] bool clock_is_ns() const;
};

bool is_trace_dat(std::string_view first_bytes);

// Errors: usage for what is no trace.dat, or one of a kind that is not read (a version, a byte
// order, a packing); failed for one whose head is damaged or cut off.
Result<Head> read_head(const Input &input, const std::string &name);

// Parts of both versions, each from the bytes of its section. False: it is cut.
bool read_header_info(Cursor &cursor, Head &head);
bool read_ftrace_events(Cursor &cursor, Head &head);
bool read_event_formats(Cursor &cursor, Head &head);
bool read_sized(Cursor &cursor, bool wide, std::string &text);
void read_option(uint16_t id, std::string_view data, Head &head);

// Those of version 7 and of 6 that differ.
Status read_sections(const Input &input, uint64_t first_options, Head &head);
Status read_version_6(const Input &input, uint64_t at, Head &head);

}  // namespace whydrop::tracedat
