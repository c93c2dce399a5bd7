// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/texts.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "model/text.h"

namespace whydrop {
namespace {

constexpr std::array<std::string_view, 6> placeholders = {"location", "dev",   "src",
                                                          "dst",      "sport", "dport"};

// The next {lower-case word} from `from` on: where it begins, and the word.
struct Found {
    size_t at = 0;
    std::string word;
};
std::optional<Found> next_placeholder(const std::string &text, size_t from) {
    for (size_t at = text.find('{', from); at != std::string::npos; at = text.find('{', at + 1)) {
        const size_t end =
            text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + 1);  // of the word
        if (end != std::string::npos && end > at + 1 && text[end] == '}')
            return Found{at, text.substr(at + 1, end - at - 1)};
    }
    return {};
}

std::string capitals(std::string word) {
    std::ranges::transform(word, word.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
    return word;
}

// A device may be called "x;reboot".
std::string safe(const std::string &value) {
    const bool plain = std::ranges::all_of(value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._:@+-/").find(c) != std::string_view::npos;
    });
    return plain && !value.starts_with('-') ? value : std::string();
}

std::string port_text(uint16_t port) {
    return port == 0 ? std::string() : std::to_string(port);
}

}  // namespace

std::optional<std::string> unknown_placeholder(const std::string &text) {
    for (auto found = next_placeholder(text, 0); found;
         found = next_placeholder(text, found->at + 1))
        if (std::ranges::find(placeholders, found->word) == placeholders.end())
            return found->word;
    return {};
}

std::string placeholder_names() {
    std::string names;
    for (const std::string_view name : placeholders)
        names += (names.empty() ? "{" : ", {") + std::string(name) + "}";
    return names;
}

Filler::Filler(const DropGroup &group, const DropRecord *drop) {
    const auto take = [](std::string &value, const std::string &found) {
        if (value.empty())
            value = safe(found);
    };
    const auto take_flow = [&](const IpAddress &src, const IpAddress &dst, uint16_t sport,
                               uint16_t dport) {
        take(src_, to_text(src));
        take(dst_, to_text(dst));
        take(sport_, port_text(sport));
        take(dport_, port_text(dport));
    };
    if (group.location)
        location_ = to_text(*group.location);
    if (group.dev)
        take(dev_, group.dev->name);
    if (group.flow)
        take_flow(group.flow->src, group.flow->dst, group.flow->sport, group.flow->dport);
    if (drop == nullptr)
        return;
    if (location_.empty())
        location_ = to_text(drop->location);
    if (drop->dev)
        take(dev_, drop->dev->name);
    if (drop->packet.levels.empty())
        return;
    const PacketLevel &level = drop->packet.levels.front();
    const uint16_t sport = level.tcp ? level.tcp->sport : level.udp ? level.udp->sport : 0;
    const uint16_t dport = level.tcp ? level.tcp->dport : level.udp ? level.udp->dport : 0;
    if (level.ipv4)
        take_flow(level.ipv4->src, level.ipv4->dst, sport, dport);
    else if (level.ipv6)
        take_flow(level.ipv6->src, level.ipv6->dst, sport, dport);
}

std::string Filler::fill(const std::string &text) const {
    const std::array<const std::string *, 6> values = {&location_, &dev_,   &src_,
                                                       &dst_,      &sport_, &dport_};
    std::string filled;
    size_t done = 0;
    for (auto found = next_placeholder(text, 0); found; found = next_placeholder(text, done)) {
        filled += text.substr(done, found->at - done);
        done = found->at + found->word.size() + 2;
        const auto known = std::ranges::find(placeholders, found->word);
        if (known == placeholders.end())  // refused when the rule was read
            continue;
        const std::string &value = *values[static_cast<size_t>(known - placeholders.begin())];
        if (!value.empty())
            filled += value;
        else
            filled += found->word == "location" ? "an unknown place" : capitals(found->word);
    }
    return filled + text.substr(done);
}

}  // namespace whydrop
