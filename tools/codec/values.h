// SPDX-License-Identifier: GPL-2.0-or-later
// The way back from the words of model/text.h. Nothing: the text is not such a value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/packet.h"
#include "model/symbol.h"

namespace whydrop {

std::optional<MacAddress> parse_mac(const std::string &text);
std::optional<IpAddress> parse_ip(const std::string &text);   // "": family 0
std::optional<Flow> parse_flow(const std::string &text);      // "10.0.0.1:1 > 10.0.0.2:2 udp"
std::optional<Symbol> parse_symbol(const std::string &text);  // "name+0x12 [module]", "0xffff..."

std::string to_hex(const std::vector<uint8_t> &bytes);
std::optional<std::vector<uint8_t>> parse_hex(const std::string &text);
std::string hex_number(uint64_t number);  // "0xffffffff81000000"
std::optional<uint64_t> parse_hex_number(const std::string &text);

}  // namespace whydrop
