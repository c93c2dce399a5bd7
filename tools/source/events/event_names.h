// SPDX-License-Identifier: GPL-2.0-or-later
// Names for numbers that an event's format has none for: of the kernel that runs, or of a
// recording.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace whydrop {

// An empty name: none is known.
class EventNames {
  public:
    struct Function {
        std::string name, module;  // module: empty for vmlinux
        uint64_t offset = 0, size = 0;
    };

    virtual ~EventNames() = default;
    virtual Function function(uint64_t address) = 0;
    virtual std::string process(int32_t pid) = 0;
    // These will be asked for: for whom it is cheaper to look for many at once.
    virtual void expect(std::span<const uint64_t> /*addresses*/) {}
};

// "udp_rcv+0x452/0xc50 [module]" as the kernel's %pS, without offset and size as its %ps; of what
// has no name the address, "0xffffffff81a3c0f9".
std::string symbol_text(const EventNames::Function &function, uint64_t address, bool with_offset);

}  // namespace whydrop
