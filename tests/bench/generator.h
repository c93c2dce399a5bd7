// SPDX-License-Identifier: GPL-2.0-or-later
// Causes drops at a known price. The calling thread has to be in a network namespace of its own.
#pragma once

#include <array>
#include <cstdint>

#include "frame.h"
#include "sys/result.h"

namespace whydrop::bench {

struct Load {
    uint64_t frames = 1 << 20;  // that are timed
    uint64_t warm_up = 0;       // sent before them, not timed
    uint32_t flows = 1;         // taken in turn
    uint64_t rate = 0;          // frames a second; 0: as fast as it goes
};

struct Sent {
    uint64_t frames = 0;  // the warm-up too
    uint64_t timed = 0;
    uint64_t cpu_ns = 0, wall_ns = 0;  // of the timed ones
};

// Called around the timed part.
class Watch {
  public:
    virtual ~Watch() = default;
    virtual void begin() = 0;
    virtual void end() = 0;
};

using Frame = std::array<uint8_t, FRAME_BYTES>;

// Flow 0; to 10.9.8.7, port 9; its IP checksum is wrong and stays so with every flow.
Frame make_frame();

uint64_t clock_ns(clockid_t clock);

// BPF_PROG_TEST_RUN with live frames (5.18: b530e9e1063e). Errors: unsupported when this kernel
// does not have them.
Result<Sent> send_live_frames(const Load &load, Watch &watch);

// AF_PACKET and sendmmsg() on lo, for kernels without live frames and for realistic stacks. Its
// drops happen in softirq, which need not be on the thread's bill: cpu_ns is wall_ns.
Result<Sent> send_packets(const Load &load, Watch &watch);

}  // namespace whydrop::bench
