// SPDX-License-Identifier: GPL-2.0-or-later
// What one XDP program answers, counted in one of three ways: at its exit, which tells all; by the
// map of counts that it keeps itself, if it does; by how often it ran.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/bpf_objects.h"
#include "sys/result.h"

namespace whydrop {

// In the order of enum xdp_action, and last what is none of them.
enum class XdpAnswer { aborted, drop, pass, tx, redirect, invalid };
constexpr size_t xdp_answers = 6;
const char *name_of(XdpAnswer answer);

struct XdpCount {
    uint64_t packets = 0, bytes = 0;  // bytes as the frames came, with fragments

    bool operator==(const XdpCount &) const = default;
};

// Since the counter was opened, or, of a map, since the program began to count.
struct XdpCounts {
    uint32_t netns = 0, ifindex = 0;  // 0: of all devices that the program is on
    std::array<XdpCount, xdp_answers> answers;
    uint64_t runs = 0;  // where no more is known than that

    bool operator==(const XdpCounts &) const = default;
};

enum class XdpWay { exit, map, runs };

class XdpCounter {
  public:
    virtual ~XdpCounter() = default;
    [[nodiscard]] virtual XdpWay way() const = 0;
    // "fexit", "map xdp_stats_map 17", "run_cnt": for people.
    [[nodiscard]] virtual std::string description() const = 0;
    virtual Result<std::vector<XdpCounts>> read() = 0;
    // The id of the map that is read; 0: it is none of the program's.
    [[nodiscard]] virtual uint32_t map() const { return 0; }
    // Packets that the kernel did not let us count.
    [[nodiscard]] virtual uint64_t passed_over() const { return 0; }
};

// Attaches to the entry and the exit of the program. Errors: unsupported, with the reason: a
// program without BTF, a kernel without trampolines, a machine whose policy forbids it.
Result<std::unique_ptr<XdpCounter>> count_at_exit(const BpfProgramInfo &program);
// Reads a map of the program's of the shape that the XDP tutorial teaches: an array or per-CPU
// array of {u64 packets, u64 bytes} by action. Errors: unsupported, with what was found instead.
Result<std::unique_ptr<XdpCounter>> count_by_map(const BpfProgramInfo &program);
// Has the kernel count runs while it is open (BPF_ENABLE_STATS), which costs every BPF program of
// the machine two readings of the clock a run. Errors: unsupported also for what stands in place of
// a function of another program, and runs without being counted.
Result<std::unique_ptr<XdpCounter>> count_by_runs(const BpfProgramInfo &program);

struct OpenedXdpCounter {
    std::unique_ptr<XdpCounter> counter;  // nothing: it cannot be counted
    std::vector<std::string> refused;     // "fexit: ...": why not in a better way
};
// The best that can be had.
OpenedXdpCounter open_xdp_counter(const BpfProgramInfo &program);

}  // namespace whydrop
