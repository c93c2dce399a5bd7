// SPDX-License-Identifier: GPL-2.0-or-later
// Frames with right checksums, knobs to break them, and a way to send an exact number of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lab/network.h"
#include "model/packet.h"
#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

// What is to be built. Numbers in host order. The headers follow the addresses (family 4 or 6) and
// `protocol`: UDP, TCP, ICMP and ICMPv6 get a header of theirs, any other protocol only the
// payload.
struct FrameSpec {
    MacAddress dst_mac{}, src_mac{};
    IpAddress src, dst;
    uint8_t ttl = 64;  // hop limit in IPv6
    uint8_t protocol = 17;
    bool dont_fragment = false;
    uint16_t sport = 40007, dport = 9;
    uint8_t tcp_flags = 2;  // SYN
    uint16_t payload_bytes = 32;

    // Knobs. What the break does not concern stays right: a wrong length is under a right checksum.
    uint16_t ethertype = 0;  // other than that of the addresses; the IP header is left out
    uint8_t header_words = 5;
    int16_t length_error = 0;               // added to the IP header's length
    int16_t udp_length_error = 0;           // added to the UDP header's length
    uint16_t checksum_error = 0;            // exclusive-ored to the IPv4 header's checksum
    uint16_t transport_checksum_error = 0;  // the same for UDP, TCP and ICMP
};

// Bytes from the Ethernet header on, without padding.
std::vector<uint8_t> build_frame(const FrameSpec &spec);

// A frame from one side's port to the other's, with its addresses, for a scenario to change.
FrameSpec frame_between(const LabNetwork &network, Side from, unsigned link = 0);

// Sends frames from a port of one side as if they had come off a wire there.
class FrameSender {
  public:
    static Result<FrameSender> open(const LabNetwork &network, Side from, unsigned link = 0);

    // Returns when the other side's stack is done with all of them. Fails unless every one was
    // taken by the device.
    Status send(std::span<const uint8_t> frame, uint64_t times);

  private:
    FrameSender() = default;
    Status send_some(std::span<const uint8_t> frame, unsigned times);
    Status settle();

    Fd socket_;   // in the sender's namespace
    Fd barrier_;  // in the receiver's: sees the frame that is sent behind the others
    std::vector<uint8_t> barrier_frame_;
    uint64_t barrier_number_ = 0;
};

}  // namespace whydrop
