// SPDX-License-Identifier: GPL-2.0-or-later
// Packets as XDP programs answer them: each with what the program did to its head and its end,
// counted in the kernel and shown one by one.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/packet.h"
#include "source/bpf_objects.h"
#include "source/xdp/verdicts.h"
#include "sys/result.h"

namespace whydrop {

// What is asked for; checked in the kernel.
struct XdpPacketAsk {
    std::vector<XdpAnswer> answers;
    uint32_t netns = 0, ifindex = 0;  // 0: any
    std::string filter;               // pcap-filter(7); empty: any
    uint32_t snap_bytes = 128;        // of a packet, at most WIRE_XDP_SNAP
    uint32_t ring_bytes = 1u << 20;   // rounded up to a power of two
};

// What packets have in common that are counted together.
struct XdpChange {
    uint32_t program = 0;  // id
    uint32_t netns = 0, ifindex = 0;
    int32_t answer = 0;  // as the program gave it
    // Bytes by which the program moved the packet's head and its end: above 0 the head is cut,
    // below 0 the end.
    int32_t head = 0, tail = 0;

    auto operator<=>(const XdpChange &) const = default;
};
XdpAnswer answer_of(const XdpChange &change);

struct XdpChangeCount {
    XdpChange change;
    XdpCount count;
};

struct XdpPacket {
    uint64_t time_ns = 0;  // CLOCK_MONOTONIC
    uint32_t cpu = 0, queue = 0;
    XdpChange change;
    uint32_t entry_bytes = 0, exit_bytes = 0;  // of the whole frame
    std::string ifname;
    std::optional<Flow> flow;  // of the innermost level that has addresses
    Packet packet;             // decoded, as it came: of what the program wrote over, as it left it
};

struct XdpPacketTotals {
    std::vector<XdpChangeCount> counts;  // most packets first
    uint64_t no_room = 0;      // packets of more changes than there is room for: not in counts
    uint64_t ring_full = 0;    // counted, not shown
    uint64_t undecided = 0;    // the filter asks for bytes that could not be read: not counted
    uint64_t passed_over = 0;  // runs of our programs that the kernel skipped
};

XdpCount all_of(const XdpPacketTotals &totals);

class XdpPackets {
  public:
    // Errors: usage, for what is wrong with the filter.
    static Result<std::unique_ptr<XdpPackets>> open(const XdpPacketAsk &ask);
    ~XdpPackets();

    // Observes this program from here on. Errors: unsupported, with the reason: a program without
    // BTF, a kernel that attaches nothing to the entry and the exit of programs.
    Status add(const BpfProgramInfo &program);
    // Stops observing; what was seen can still be read.
    void stop();

    [[nodiscard]] int poll_fd() const;  // readable when there are packets
    Status consume(const std::function<void(XdpPacket)> &on_packet);
    Result<XdpPacketTotals> read() const;

  private:
    struct State;
    explicit XdpPackets(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
