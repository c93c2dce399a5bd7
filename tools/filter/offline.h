// SPDX-License-Identifier: GPL-2.0-or-later
// A pcap-filter expression asked of packets that were recorded: the same answer as libpcap's own
// interpreter, but for bytes that the packet had and the recording has not: then "undecided"
// instead of a no, as in the probes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "filter/expression.h"
#include "model/packet.h"
#include "sys/result.h"

namespace whydrop {

enum class Match { no, yes, undecided };

// Runs a classic program over the first bytes of a packet of `whole` bytes. A program that is no
// right one (libpcap makes none such) matches nothing.
Match run_classic(const ClassicProgram &program, std::span<const uint8_t> bytes, uint64_t whole);

class OfflineFilter {
  public:
    // Errors: usage, with libpcap's words.
    static Result<OfflineFilter> compile(const std::string &expression);

    // A packet without bytes, or of whose bytes the kind is not known, is undecided.
    [[nodiscard]] Match matches(const Packet &packet) const;

  private:
    ClassicProgram ethernet_, ip_;
    bool says_nothing_of_ip_ = false;
};

}  // namespace whydrop
