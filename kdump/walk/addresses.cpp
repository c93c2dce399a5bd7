// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/addresses.h"

#include <arpa/inet.h>

#include <array>

namespace whydrop::kdump {

namespace {

constexpr size_t most_addresses = 65536;

template <size_t bytes>
std::string address_text(int family, const std::array<uint8_t, bytes> &address, uint64_t prefix) {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(family, address.data(), text, sizeof text);
    return std::string(text) + "/" + std::to_string(prefix);
}

void read_ipv4(const Ref &device, std::vector<std::string> &found, uint64_t &lost) {
    Ref link = device["ifa_list"];
    for (size_t i = 0; i < most_addresses; i++) {
        const auto next = link.number();
        if (!next || !*next) {
            lost += next ? 0 : 1;
            return;
        }
        const Ref one = link.target();
        const auto address = one["ifa_address"].bytes<4>();
        if (address)
            found.push_back(address_text(AF_INET, *address, one["ifa_prefixlen"].number_or(0)));
        else
            lost++;
        link = one["ifa_next"];
    }
    lost++;
}

void read_ipv6(const Ref &device, std::vector<std::string> &found, uint64_t &lost) {
    const auto add = [&](const Ref &one) {
        const auto address = one["addr"].bytes<16>();
        if (address)
            found.push_back(address_text(AF_INET6, *address, one["prefix_len"].number_or(0)));
        else
            lost++;
        return true;
    };
    if (!for_each_in_list(device["addr_list"], "inet6_ifaddr", "if_list", add, most_addresses))
        lost++;
}

}  // namespace

std::vector<std::string> read_addresses(const Ref &net_device, uint64_t &lost) {
    std::vector<std::string> found;
    if (net_device["ip_ptr"].number_or(0))
        read_ipv4(net_device["ip_ptr"].target(), found, lost);
    if (net_device["ip6_ptr"].number_or(0))
        read_ipv6(net_device["ip6_ptr"].target(), found, lost);
    return found;
}

}  // namespace whydrop::kdump
