// SPDX-License-Identifier: GPL-2.0-or-later
// The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order. Each
// function gives one whole block. Texts are UTF-8, and are cut where an option cannot be longer.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/session.h"

namespace whydrop {

// LINKTYPE_*, as the registry of the tcpdump group numbers them.
enum class PcapngLink : uint16_t { ethernet = 1, raw_ip = 101, user0 = 147 };

struct PcapngInterface {
    PcapngLink link = PcapngLink::ethernet;
    std::string name;
    std::string description;  // empty: none
    std::string filter;       // pcap-filter(7); empty: none
};

struct PcapngPacket {
    uint32_t interface = 0;  // in the order of the interfaces' blocks
    uint64_t unix_ns = 0;
    std::span<const uint8_t> bytes;
    uint32_t wire_bytes = 0;
    uint32_t flags = 0;  // epb_flags
    std::string comment;
};

struct PcapngStatistics {
    uint32_t interface = 0;
    uint64_t start_unix_ns = 0, end_unix_ns = 0;
    uint64_t packets = 0;  // in this file
    std::string comment;   // empty: none
};

// Section Header Block: who wrote it, on what.
std::string pcapng_section(const Session &session);
std::string pcapng_block(const PcapngInterface &interface);    // Interface Description Block
std::string pcapng_block(const PcapngPacket &packet);          // Enhanced Packet Block
std::string pcapng_block(const PcapngStatistics &statistics);  // Interface Statistics Block

}  // namespace whydrop
