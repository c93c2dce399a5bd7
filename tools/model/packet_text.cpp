// SPDX-License-Identifier: GPL-2.0-or-later
// A packet on one line.
#include <string>
#include <string_view>
#include <utility>

#include "model/text.h"

namespace whydrop {
namespace {

struct IcmpName {
    uint8_t type;
    std::string_view name;
};
constexpr IcmpName icmp_names[] = {
    {0, "echo reply"},   {3, "unreachable"},    {5, "redirect"},
    {8, "echo request"}, {11, "time exceeded"}, {12, "parameter problem"},
};
constexpr IcmpName icmpv6_names[] = {
    {1, "unreachable"},
    {2, "packet too big"},
    {3, "time exceeded"},
    {4, "parameter problem"},
    {128, "echo request"},
    {129, "echo reply"},
    {130, "listener query"},
    {131, "listener report"},
    {133, "router solicitation"},
    {134, "router advertisement"},
    {135, "neighbour solicitation"},
    {136, "neighbour advertisement"},
    {137, "redirect"},
    {143, "listener report"},
};

// Words with one space between them.
class Line {
  public:
    Line &operator<<(std::string_view word) {
        if (!text_.empty() && !word.empty() && text_.back() != ' ')
            text_ += ' ';
        text_ += word;
        return *this;
    }
    Line &operator<<(uint32_t number) { return *this << std::to_string(number); }
    Line &glue(std::string_view text) {
        text_ += text;
        return *this;
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

// As tcpdump writes them, in the order of the bits.
std::string tcp_flags(uint8_t flags) {
    constexpr char letters[] = "FSRP.UEW";
    std::string text;
    for (int bit = 0; bit < 8; bit++) {
        if (flags >> bit & 1)
            text += letters[bit];
    }
    return text.empty() ? "none" : text;
}

template <size_t N>
void write_icmp(Line &line, const Icmp &icmp, const IcmpName (&names)[N]) {
    std::string_view name;
    for (const IcmpName &entry : names) {
        if (entry.type == icmp.type)
            name = entry.name;
    }
    if (name.empty())
        line << "type" << icmp.type;
    else
        line << name;
    if (icmp.code != 0)
        line << "code" << icmp.code;
    if (icmp.echo_id)
        line << "id" << *icmp.echo_id;
    if (icmp.echo_seq)
        line << "seq" << *icmp.echo_seq;
}

void write_arp(Line &line, const Arp &arp) {
    line << "arp";
    if (arp.operation == 1)
        line << "who-has" << to_text(arp.target) << "tell" << to_text(arp.sender);
    else if (arp.operation == 2)
        line << "reply" << to_text(arp.sender) << "is-at" << to_text(arp.sender_mac);
    else
        line << "operation" << arp.operation;
}

void write_fragment(Line &line, uint16_t offset, bool more) {
    if (offset != 0 || more)
        line << (more ? "fragment" : "last fragment") << "at" << offset;
}

void write_network(Line &line, const PacketLevel &level) {
    if (const auto flow = flow_of(level))
        line << to_text(*flow);
    if (level.ipv4)
        write_fragment(line, level.ipv4->fragment_offset, level.ipv4->more_fragments);
    else
        write_fragment(line, level.ipv6->fragment_offset, level.ipv6->more_fragments);
    if (level.tcp)
        line << "[" + tcp_flags(level.tcp->flags) + "]";
    if (level.icmp)
        write_icmp(line, *level.icmp, icmp_names);
    if (level.icmpv6)
        write_icmp(line, *level.icmpv6, icmpv6_names);
}

void write_level(Line &line, const PacketLevel &level) {
    if (level.ethernet)
        line << to_text(level.ethernet->src) << ">" << to_text(level.ethernet->dst);
    for (const Vlan &vlan : level.vlans)
        line << "vlan" << vlan.id;
    if (level.arp)
        write_arp(line, *level.arp);
    else if (level.ipv4 || level.ipv6)
        write_network(line, level);
    else if (level.ethertype != 0)
        line << ethertype_name(level.ethertype);
    if (level.tunnel) {
        // "gre" stands there already when it is also the name of the protocol.
        const std::string kind = to_text(level.tunnel->kind);
        if (kind != ip_protocol_name(level.protocol))
            line.glue(", ").glue(kind);
        if (level.tunnel->id)
            line << *level.tunnel->id;
    }
}

}  // namespace

std::string to_text(const Packet &packet) {
    Line line;
    for (size_t i = 0; i < packet.levels.size(); i++) {
        if (i > 0)
            line.glue(":");
        write_level(line, packet.levels[i]);
    }
    if (!packet.malformed.empty())
        line << "[" + packet.malformed + "]";
    else if (packet.cut)
        line << "[cut]";
    return line.take();
}

}  // namespace whydrop
