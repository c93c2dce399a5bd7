// SPDX-License-Identifier: GPL-2.0-or-later
// Names of ethertypes (include/uapi/linux/if_ether.h) and IP protocols (IANA).
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "model/text.h"

namespace whydrop {
namespace {

struct Name {
    uint16_t number;
    std::string_view name;
};

// A number's first name is the one that is written; the others are understood.
constexpr Name ethertypes[] = {
    {0x0001, "802.3"},   {0x0003, "all"},     {0x0004, "802.2"},    {0x000c, "can"},
    {0x000d, "canfd"},   {0x0800, "ipv4"},    {0x0800, "ip"},       {0x0806, "arp"},
    {0x22f0, "tsn"},     {0x6558, "teb"},     {0x8035, "rarp"},     {0x8100, "vlan"},
    {0x86dd, "ipv6"},    {0x86dd, "ip6"},     {0x8809, "slow"},     {0x8847, "mpls"},
    {0x8848, "mpls-mc"}, {0x8863, "pppoe-d"}, {0x8864, "pppoe"},    {0x888e, "eapol"},
    {0x88a8, "qinq"},    {0x88be, "erspan"},  {0x88cc, "lldp"},     {0x88e5, "macsec"},
    {0x88f7, "ptp"},     {0x8906, "fcoe"},    {0x8915, "roce"},     {0x22eb, "erspan2"},
    {0x4305, "batman"},  {0x894f, "nsh"},     {0x9000, "loopback"},
};

// 41 is "ipv6" at IANA, which is an ethertype here.
constexpr Name ip_protocols[] = {
    {0, "hopopt"},   {1, "icmp"},        {2, "igmp"},        {4, "ipip"},         {6, "tcp"},
    {17, "udp"},     {33, "dccp"},       {41, "ipv6-encap"}, {43, "ipv6-route"},  {44, "ipv6-frag"},
    {46, "rsvp"},    {47, "gre"},        {50, "esp"},        {51, "ah"},          {58, "icmpv6"},
    {58, "icmp6"},   {59, "ipv6-nonxt"}, {60, "ipv6-opts"},  {88, "eigrp"},       {89, "ospf"},
    {97, "etherip"}, {103, "pim"},       {108, "ipcomp"},    {112, "vrrp"},       {115, "l2tp"},
    {132, "sctp"},   {135, "mobility"},  {136, "udplite"},   {137, "mpls-in-ip"},
};

template <size_t N>
std::optional<std::string> name_of(const Name (&table)[N], uint16_t number) {
    for (const Name &entry : table) {
        if (entry.number == number)
            return std::string(entry.name);
    }
    return {};
}

bool same_word(std::string_view left, std::string_view right) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    if (left.size() != right.size())
        return false;
    for (size_t i = 0; i < left.size(); i++) {
        if (lower(left[i]) != lower(right[i]))
            return false;
    }
    return true;
}

template <size_t N>
std::optional<uint16_t> number_of(const Name (&table)[N], std::string_view name) {
    for (const Name &entry : table) {
        if (same_word(entry.name, name))
            return entry.number;
    }
    return {};
}

template <class Number>
std::optional<Number> parse(std::string_view digits, int base) {
    Number number{};
    const char *end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number, base);
    return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string ethertype_name(uint16_t ethertype) {
    if (auto name = name_of(ethertypes, ethertype))
        return *name;
    constexpr char digits[] = "0123456789abcdef";
    std::string text = "0x";
    for (int shift = 12; shift >= 0; shift -= 4)
        text += digits[ethertype >> shift & 15];
    return text;
}

std::string ip_protocol_name(uint8_t protocol) {
    return name_of(ip_protocols, protocol).value_or(std::to_string(protocol));
}

std::optional<uint16_t> ethertype_number(const std::string &name) {
    if (const auto number = number_of(ethertypes, name))
        return number;
    if (name.starts_with("0x") || name.starts_with("0X"))
        return parse<uint16_t>(std::string_view(name).substr(2), 16);
    return {};
}

std::optional<uint8_t> ip_protocol_number(const std::string &name) {
    if (const auto number = number_of(ip_protocols, name))
        return static_cast<uint8_t>(*number);
    return parse<uint8_t>(name, 10);
}

}  // namespace whydrop
