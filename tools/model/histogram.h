// SPDX-License-Identifier: GPL-2.0-or-later
// A histogram that the kernel keeps of an event: what is asked for, and what it counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop {

// How a key is counted and written (Documentation/trace/histogram.rst).
enum class HistModifier {
    none,
    hex,
    sym,         // ip_rcv_core
    sym_offset,  // ip_rcv_core+0x200
    log2,        // powers of two
    execname,    // of common_pid
    syscall,
    usecs,       // of common_timestamp
    buckets,     // ranges of equal width
    stacktrace,  // of a field that holds one
};

struct HistKey {
    std::string name;  // of a field, or "stacktrace": the kernel's at the event
    HistModifier modifier = HistModifier::none;
    uint64_t bucket = 0;  // the width of `buckets`

    bool operator==(const HistKey &) const = default;
};

struct HistSort {
    std::string name;  // of a key or a value, or "hitcount"
    bool descending = true;

    bool operator==(const HistSort &) const = default;
};

struct HistQuery {
    std::vector<HistKey> keys;
    std::vector<std::string> values;  // sums of these fields, beside the hits
    std::vector<HistSort> sort;       // empty: by hits
    std::string condition;            // in the kernel's words; strings need no quotes
    uint32_t size = 0;                // entries it has room for; 0: the kernel's 2048
    bool paused = false;              // counts from `enable_hist` on
};

// What a key was in one entry. Of text, a symbol, a process or a system call both members that
// apply are there.
struct HistKeyValue {
    uint64_t number = 0;             // the value, address or pid; of a range where it begins
    uint64_t last = 0;               // of a range, the last that is in it
    std::string text;                // the string or name
    std::vector<std::string> stack;  // the innermost first: "kfree_skb_reason+0x49/0x60 [module]"

    bool operator==(const HistKeyValue &) const = default;
};

struct HistEntry {
    std::vector<HistKeyValue> keys;  // as Histogram::keys
    uint64_t hits = 0;
    std::vector<uint64_t> values;  // as Histogram::values
};

struct Histogram {
    std::string trigger;  // as the kernel repeats it
    bool paused = false;
    std::vector<HistKey> keys;
    std::vector<std::string> values;
    std::vector<HistEntry> entries;  // in the kernel's order
    uint64_t hits = 0;
    uint64_t dropped = 0;  // hits for which the table had no room
};

}  // namespace whydrop
