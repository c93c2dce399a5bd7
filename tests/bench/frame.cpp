// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>

#include <cstring>
#include <ctime>

#include "generator.h"

namespace whydrop::bench {

namespace {

uint16_t ip_checksum(const uint8_t *header, size_t bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i < bytes; i += 2)
        sum += static_cast<uint32_t>(header[i] << 8 | header[i + 1]);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

}  // namespace

Frame make_frame() {
    // lo's own MAC address is all zero, so that the frame is for this host.
    const uint8_t head[] = {
        0,  0, 0, 0,  0,  0,  2, 0, 0,  0,  0, 1, 0x08, 0x00,  // Ethernet, IPv4
        69, 0, 0, 46, 0,  0,  0, 0, 64, 17, 0, 0,              // 46 bytes, TTL 64, UDP
        10, 0, 0, 0,  10, 9,  8, 7,                            // addresses
        4,  0, 0, 9,  0,  26, 0, 0,                            // ports 1024 and 9, 26 bytes
    };
    Frame frame{};
    std::memcpy(frame.data(), head, sizeof head);
    frame_set_flow(frame.data(), 0);
    const uint16_t wrong = htons(static_cast<uint16_t>(ip_checksum(&frame[14], 20) ^ 0x0100));
    std::memcpy(&frame[FRAME_CHECK], &wrong, sizeof wrong);
    return frame;
}

uint64_t clock_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace whydrop::bench
