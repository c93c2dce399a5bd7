// SPDX-License-Identifier: GPL-2.0-or-later
// What went wrong with frames that XDP programs had answered for, counted by the tracepoints of the
// xdp subsystem (include/trace/events/xdp.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop {

enum class XdpErrorKind {
    exception,       // the program answered XDP_ABORTED or nonsense, or XDP_TX failed: `code` is
                     // the answer (enum xdp_action)
    redirect,        // XDP_REDIRECT to somewhere that cannot be: `code` is an errno
    devmap,          // the device `target` did not take a redirected frame: `code` is an errno
    bulk_tx,         // the device did not take a frame of XDP_TX: `code` is an errno
    cpumap_enqueue,  // no room in the queue to CPU `target`
    cpumap_kthread,  // CPU `target` had no memory for the packet
};
const char *name_of(XdpErrorKind kind);  // of the tracepoint

struct XdpError {
    XdpErrorKind kind = XdpErrorKind::exception;
    int32_t code = 0;  // an errno is positive
    uint32_t netns = 0, ifindex = 0;
    uint32_t program = 0, map = 0;  // ids; 0: the tracepoint does not say it
    uint32_t target = 0;
    uint64_t frames = 0;
    std::vector<uint64_t> by_cpu;  // the same, by the CPU that it happened on
};

struct XdpErrorTotals {
    std::vector<XdpError> errors;  // most frames first
    uint64_t no_room = 0;          // frames of errors that are of more kinds than there is room for
    uint64_t passed_over = 0;      // runs of our programs that the kernel skipped
};

class XdpErrors {
  public:
    // Attached when it returns. Errors: unsupported when this kernel has none of the tracepoints,
    // or this user may not.
    static Result<std::unique_ptr<XdpErrors>> open();
    ~XdpErrors();

    // Tracepoints that this kernel does not have, and whose errors no other one tells.
    [[nodiscard]] const std::vector<std::string> &absent() const;
    Result<XdpErrorTotals> read() const;

  private:
    struct State;
    explicit XdpErrors(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
