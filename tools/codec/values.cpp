// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/values.h"

#include <arpa/inet.h>

#include <charconv>

#include "model/text.h"

namespace whydrop {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

template <typename T>
std::optional<T> whole_number(std::string_view text, int base) {
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size())
        return {};
    return value;
}

// "10.0.0.1", "fe80::1", "?" where the packet had no address
bool parse_host(const std::string &text, IpAddress &address) {
    auto parsed = parse_ip(text == "?" ? "" : text);
    if (!parsed || text.empty())
        return false;
    address = *parsed;
    return true;
}

// The same, or with a port: "10.0.0.1:80", "[fe80::1]:80", "?:80"
bool parse_end(const std::string &text, IpAddress &address, uint16_t &port) {
    if (parse_host(text, address))
        return true;
    size_t colon = text.rfind(':');
    if (colon == std::string::npos)
        return false;
    std::string host = text.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    auto number = whole_number<uint16_t>(std::string_view(text).substr(colon + 1), 10);
    if (!number || !parse_host(host, address))
        return false;
    port = *number;
    return true;
}

}  // namespace

std::optional<MacAddress> parse_mac(const std::string &text) {
    MacAddress mac{};
    if (text.size() != 3 * mac.size() - 1)
        return {};
    for (size_t i = 0; i < mac.size(); ++i) {
        auto byte = whole_number<uint8_t>(std::string_view(text).substr(3 * i, 2), 16);
        if (!byte || (i + 1 < mac.size() && text[3 * i + 2] != ':'))
            return {};
        mac[i] = *byte;
    }
    return mac;
}

std::optional<IpAddress> parse_ip(const std::string &text) {
    IpAddress address;
    if (text.empty())
        return address;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
        address.family = 4;
        return address;
    }
    if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) != 1)
        return {};
    address.family = 6;
    return address;
}

std::optional<Flow> parse_flow(const std::string &text) {
    static const std::string arrow = " > ";
    if (text.empty())
        return Flow{};
    size_t middle = text.find(arrow), space = text.rfind(' ');
    if (middle == std::string::npos || space <= middle + arrow.size())
        return {};
    size_t second = middle + arrow.size();
    Flow flow;
    auto protocol = ip_protocol_number(text.substr(space + 1));
    if (!protocol || !parse_end(text.substr(0, middle), flow.src, flow.sport) ||
        !parse_end(text.substr(second, space - second), flow.dst, flow.dport))
        return {};
    flow.protocol = *protocol;
    return flow;
}

std::optional<Symbol> parse_symbol(const std::string &text) {
    Symbol symbol;
    if (text == "unknown")
        return symbol;
    if (text.starts_with("0x")) {
        auto address = parse_hex_number(text);
        if (!address)
            return {};
        symbol.address = *address;
        return symbol;
    }
    std::string name = text;
    if (size_t bracket = text.rfind(" ["); bracket != std::string::npos && text.ends_with("]")) {
        symbol.module = text.substr(bracket + 2, text.size() - bracket - 3);
        name.resize(bracket);
    }
    size_t plus = name.rfind('+');
    auto offset = plus == std::string::npos ? std::optional<uint64_t>(0)
                                            : parse_hex_number(name.substr(plus + 1));
    if (!offset)
        return {};
    symbol.offset = *offset;
    symbol.name = name.substr(0, plus);
    return symbol;
}

std::string to_hex(const std::vector<uint8_t> &bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::optional<std::vector<uint8_t>> parse_hex(const std::string &text) {
    if (text.size() % 2)
        return {};
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < text.size(); i += 2) {
        auto byte = whole_number<uint8_t>(std::string_view(text).substr(i, 2), 16);
        if (!byte)
            return {};
        bytes.push_back(*byte);
    }
    return bytes;
}

std::string hex_number(uint64_t number) {
    char digits[16];
    auto end = std::to_chars(digits, digits + sizeof(digits), number, 16).ptr;
    return "0x" + std::string(digits, end);
}

std::optional<uint64_t> parse_hex_number(const std::string &text) {
    if (!text.starts_with("0x"))
        return {};
    return whole_number<uint64_t>(std::string_view(text).substr(2), 16);
}

}  // namespace whydrop
