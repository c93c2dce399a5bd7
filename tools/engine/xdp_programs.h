// SPDX-License-Identifier: GPL-2.0-or-later
// Which programs are observed at their exit: those that are there at the beginning, and those that
// come.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "source/drop_filter.h"
#include "source/xdp/attachments.h"
#include "source/xdp/packets.h"
#include "sys/result.h"

namespace whydrop {

class XdpProgramsObserved {
  public:
    // Observes all programs at this place; of a dispatcher those that it calls. Errors: usage where
    // there is none, unsupported where not one of them can be observed.
    Status begin(XdpPackets &packets, const NetworkPlace &place);
    // Once a second: programs that have come since.
    void look_again(XdpPackets &packets);

    [[nodiscard]] std::string text() const;  // "drop_port 42 on veth1, ..."
    // What came during the run, and what could not be observed and why.
    [[nodiscard]] const std::vector<std::string> &notes() const { return notes_; }

  private:
    Result<XdpAttachments> find() const;
    Status add(XdpPackets &packets, const XdpAttachment &at, const BpfProgramInfo &program,
               bool is_new);
    Status add_all(XdpPackets &packets, const XdpAttachments &found, bool is_new);

    NetworkPlace place_;
    std::set<uint32_t> tried_;  // ids
    std::vector<std::string> observed_, notes_;
    std::chrono::steady_clock::time_point next_look_;
};

}  // namespace whydrop
