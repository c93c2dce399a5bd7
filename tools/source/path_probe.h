// SPDX-License-Identifier: GPL-2.0-or-later
// The probes of path.bpf.c, loaded into the running kernel: which functions received packets reach.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "probes/wire.h"
#include "sys/result.h"

namespace whydrop {

class KernelBtf;
struct PathRow;

struct PathSetup {
    wire_config config{};       // filters, with names already resolved
    std::string packet_filter;  // a pcap-filter(7) expression; empty: none
};

struct RawPathStep {
    const PathRow *row = nullptr;
    bool exists = false, watched = false;
    bool may_be_inlined = false;  // a call of it need not be one
    uint64_t packets = 0;
};

struct RawPathEnd {
    wire_path_end end{};
    uint64_t packets = 0;
};

struct RawPath {
    wire_path_totals totals{};
    uint64_t undecided = 0, in_interrupt = 0, recursion_misses = 0;
    std::vector<RawPathStep> steps;  // in the order of the table
    std::vector<RawPathEnd> ends;
    uint64_t held = 0, held_copies = 0;  // not ended yet
};

class PathProbe {
  public:
    // Loads, but does not attach. Errors: unsupported, naming what is missing.
    static Result<std::unique_ptr<PathProbe>> open(const PathSetup &setup, KernelBtf &btf);
    ~PathProbe();

    Status attach();
    void detach();
    Result<RawPath> read() const;

    // "kprobe.multi", "kprobes" or "tracepoints".
    [[nodiscard]] std::string watched_by() const;

  private:
    struct State;
    explicit PathProbe(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
