// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel addresses -> names, from /proc/kallsyms: vmlinux, modules and JITed BPF programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/symbol.h"

namespace whydrop {

// Reads nothing before the first question. The kernel takes 30 ms or more to write the list, and as
// a table it is larger than all the rest of us: so it is read through once per set of addresses and
// only what was asked for is kept (each function with its bounds, so that its other addresses are
// known too). Ask for many at once. Names stay after their module is gone.
class Symbolizer {
  public:
    explicit Symbolizer(std::string path = "/proc/kallsyms") : path_(std::move(path)) {}

    // For whoever meets addresses one by one: keeps every text symbol (some 30 bytes each) from the
    // next question on, so that a new address does not cost a reading.
    void keep_table() { keep_table_ = true; }

    // Makes all of them known, in one reading at most. Addresses that stay without a name are
    // looked for again after a second, as modules come.
    void resolve_all(std::span<const uint64_t> addresses);

    // The name is empty when there is none.
    Symbol resolve(uint64_t address);

    // Bytes of the function that holds the address; 0: not known.
    uint64_t size_of(uint64_t address);

    // All addresses in the list are zero: kernel.kptr_restrict, or no CAP_SYSLOG.
    bool hidden();

    // Why there will be no names and what to do about it; empty when there will be.
    std::string problem();

  private:
    using Clock = std::chrono::steady_clock;
    struct Function {
        uint64_t end = 0;  // where the next symbol begins
        std::string name, module;
    };
    struct Entry {
        uint64_t address;
        uint32_t name;    // into names_
        uint16_t module;  // into modules_
    };

    [[nodiscard]] const std::pair<const uint64_t, Function> *known(uint64_t address) const;
    void read_some(const std::vector<uint64_t> &sorted);
    void read_table();
    void find_in_table(const std::vector<uint64_t> &sorted);
    void look_at_first();

    std::string path_;
    bool keep_table_ = false;
    std::map<uint64_t, Function> functions_;  // by start
    std::unordered_map<uint64_t, Clock::time_point> nameless_;
    std::vector<Entry> table_;
    std::string names_;  // each ended by a zero
    std::vector<std::string> modules_;
    Clock::time_point table_read_;
    std::optional<bool> hidden_;
    int error_ = 0;  // errno of opening
};

}  // namespace whydrop
