// SPDX-License-Identifier: GPL-2.0-or-later
// Datagrams to a port of a network namespace of our own where nobody listens.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <thread>

#include "sys/handle.h"

namespace whydrop::live {

constexpr uint32_t kUdpHeaders = 28;  // IPv4 and UDP

// The calling thread stays in a new namespace.
inline uint64_t send_datagrams_here(uint64_t count, uint32_t bytes) {
    if (unshare(CLONE_NEWNET) != 0)
        return 0;
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq lo{"lo", {}};
    lo.ifr_flags = IFF_UP;
    if (ioctl(socket.get(), SIOCSIFFLAGS, &lo) != 0)
        return 0;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string payload(bytes - kUdpHeaders, 'x');
    uint64_t sent = 0;
    for (uint64_t i = 0; i < count; i++)
        sent += sendto(socket.get(), payload.data(), payload.size(), 0,
                       reinterpret_cast<const sockaddr *>(&to),
                       sizeof to) == static_cast<ssize_t>(payload.size());
    return sent;
}

// `count` of `bytes` each, headers included, over lo. Returns how many the kernel took.
inline uint64_t send_datagrams(uint64_t count, uint32_t bytes) {
    uint64_t sent = 0;
    std::thread([&] { sent = send_datagrams_here(count, bytes); }).join();
    return sent;
}

}  // namespace whydrop::live
