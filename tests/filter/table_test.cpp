// SPDX-License-Identifier: GPL-2.0-or-later
// {packet, expression, verdict}: what the filter in the kernel says, in both ways of reading, and
// what libpcap's own interpreter says of the whole packet.
#include <gtest/gtest.h>

#include "../unit/packet_bytes.h"
#include "asked.h"

namespace whydrop::filter_test {
namespace {

using namespace whydrop::test;
using enum Verdict;

Tested frame(Bytes bytes) {
    return {true, std::move(bytes)};
}
Tested ip_packet(Bytes bytes) {
    return {false, std::move(bytes)};
}
Tested tagged(Bytes bytes, uint16_t proto, uint16_t tci) {
    return {true, std::move(bytes), UINT32_MAX, proto, tci};
}
Tested cut(Tested packet, uint32_t readable) {
    packet.readable = readable;
    return packet;
}

const Bytes dns = ipv4(17, udp(4097, 53, filled(20)));
const Bytes https = ipv4(6, tcp(50000, 443, 2));
const Bytes with_options =
    ipv4(6, tcp(50000, 443, 0x18, {}, hex("47 45 54 20 2f")), {hex("94040000")});
const Bytes ping6 = ipv6(58, icmpv6(128, 0, be16(7) + be16(1)));
const Bytes https6 = ipv6(6, tcp(50000, 443, 2, {}, {}, ip6_a, ip6_b));
const Bytes fragment = ipv4(17, filled(32), {{}, 0x2003});
const Bytes in_vxlan = ipv4(17, udp(5000, 4789, vxlan(7, ethernet(0x0800, dns))));

struct Row {
    const char *sentence;
    Tested packet;
    const char *expression;
    Verdict verdict;
};

const std::vector<Row> rows = {
    {"a port", frame(ethernet(0x0800, dns)), "udp port 53", yes},
    {"another port", frame(ethernet(0x0800, dns)), "udp port 54", no},
    {"the source port is not asked for", frame(ethernet(0x0800, dns)), "udp src port 53", no},
    {"a network", frame(ethernet(0x0800, https)), "tcp port 443 and net 10.0.0.0/8", yes},
    {"a five-tuple", frame(ethernet(0x0800, https)),
     "tcp and src host 10.0.0.1 and dst host 10.0.0.2 and src port 50000 and dst port 443", yes},
    {"the same turned round", frame(ethernet(0x0800, https)),
     "tcp and src host 10.0.0.2 and dst host 10.0.0.1 and src port 443 and dst port 50000", no},
    {"ports behind IPv4 options", frame(ethernet(0x0800, with_options)), "tcp dst port 443", yes},
    {"bytes of the payload, by the header's own length", frame(ethernet(0x0800, with_options)),
     "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", yes},
    {"a flag", frame(ethernet(0x0800, https)), "tcp[tcpflags] & tcp-syn != 0", yes},
    {"a flag that is not set", frame(ethernet(0x0800, https)), "tcp[tcpflags] & tcp-ack != 0", no},
    {"a fragment has no ports", frame(ethernet(0x0800, fragment)), "udp port 53", no},
    {"a fragment is found by its offset", frame(ethernet(0x0800, fragment)),
     "ip[6:2] & 0x1fff != 0", yes},
    {"IPv6", frame(ethernet(0x86dd, ping6)), "icmp6 and src host fe80::1", yes},
    {"a port over IPv6", frame(ethernet(0x86dd, https6)), "tcp port 443 and ip6", yes},
    {"ARP", frame(ethernet(0x0806, arp(1))), "arp host 10.0.0.2", yes},
    {"ARP is not IP", frame(ethernet(0x0806, arp(1))), "ip", no},
    {"a MAC address", frame(ethernet(0x0800, dns)), "ether src 52:54:00:00:00:0a", yes},
    {"an Ethernet type", frame(ethernet(0x88cc, filled(46))), "ether proto 0x88cc", yes},
    {"longer than", frame(ethernet(0x0800, dns)), "greater 62", yes},
    {"not so long", frame(ethernet(0x0800, dns)), "greater 63", no},
    {"a byte that no packet has", frame(ethernet(0x0800, dns)), "ether[2147483648] = 0", no},
    {"beyond the packet's end: as libpcap, no", frame(ethernet(0x0800, dns)), "ether[600] = 0", no},
    {"nor is the opposite true beyond the end", frame(ethernet(0x0800, dns)), "not ether[600] = 0",
     no},

    {"a tag in the bytes", frame(ethernet(0x8100, tag(0x7007, 0x0800, dns))), "vlan 7", yes},
    {"and what is behind it", frame(ethernet(0x8100, tag(0x7007, 0x0800, dns))),
     "vlan 7 and udp port 53", yes},
    {"a tag in metadata", tagged(ethernet(0x0800, dns), 0x8100, 0x7007), "vlan", yes},
    {"its number", tagged(ethernet(0x0800, dns), 0x8100, 0x7007), "vlan 7", yes},
    {"another number", tagged(ethernet(0x0800, dns), 0x8100, 0x7007), "vlan 8", no},
    {"what is behind the tag", tagged(ethernet(0x0800, dns), 0x8100, 0x7007),
     "vlan and udp port 53", yes},
    {"without the word vlan a tagged packet is none of IP's, as for tcpdump on a file",
     tagged(ethernet(0x0800, dns), 0x8100, 0x7007), "udp port 53", no},
    {"the priority, in the bytes of the tag", tagged(ethernet(0x0800, dns), 0x8100, 0x7007),
     "ether[14] & 0xe0 = 0x60", yes},
    {"the tag counts in the length", tagged(ethernet(0x0800, dns), 0x8100, 7), "greater 66", yes},
    {"a service tag", tagged(ethernet(0x0800, dns), 0x88a8, 101), "vlan 101", yes},
    {"two tags, the outer one in metadata",
     tagged(ethernet(0x8100, tag(19, 0x0800, dns)), 0x88a8, 101), "vlan 101 and vlan 19 and udp",
     yes},
    {"two tags in the wrong order", tagged(ethernet(0x8100, tag(19, 0x0800, dns)), 0x88a8, 101),
     "vlan 19 and vlan 101", no},
    {"no tag", frame(ethernet(0x0800, dns)), "vlan", no},

    {"without a link header", ip_packet(dns), "udp port 53", yes},
    {"IPv6 without a link header", ip_packet(https6), "tcp port 443", yes},
    {"another address", ip_packet(https), "host 10.0.0.3", no},
    {"a MAC where there is no link header: nobody can tell", ip_packet(dns),
     "ether src 52:54:00:00:00:0a", undecided},
    {"a tag where there is no link header: the same", ip_packet(dns), "vlan 7", undecided},
    {"ARP, where all begins with IP", ip_packet(dns), "arp", no},

    {"in a tunnel, by its bytes", frame(ethernet(0x0800, in_vxlan)),
     "udp dst port 4789 and udp[11:1] = 0 and udp[12:4] >> 8 = 7", yes},

    {"all that is asked for is there", cut(frame(ethernet(0x0800, dns)), 38), "udp port 53", yes},
    {"the ports are not", cut(frame(ethernet(0x0800, dns)), 34), "udp port 53", undecided},
    {"the protocol says no before the ports are asked for", cut(frame(ethernet(0x0800, https)), 34),
     "udp port 53", no},
    {"the source port says yes before the other is asked for",
     cut(frame(ethernet(0x0800, dns)), 36), "udp port 4097", yes},
    {"nothing at all can be read", cut(frame(ethernet(0x0800, dns)), 0), "udp", undecided},
    {"nothing has to be", cut(frame(ethernet(0x0800, dns)), 0), "greater 10", yes},
    {"a tag in metadata, of a packet that is cut",
     cut(tagged(ethernet(0x0800, dns), 0x8100, 7), 34), "vlan 7 and udp port 53", undecided},
    {"a tag in metadata, of a packet of which nothing can be read",
     cut(tagged(ethernet(0x0800, dns), 0x8100, 7), 3), "vlan 7", undecided},
};

class FilterTable : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        if (GetParam() && !reads_directly())
            GTEST_SKIP() << "this kernel has no bpf_rdonly_cast(): the probes do not read directly";
    }
};

TEST_P(FilterTable, TheKernelSaysWhatTheRowSays) {
    for (const Row &row : rows) {
        auto filter = InKernel::load(row.expression, GetParam());
        ASSERT_TRUE(filter.ok()) << row.sentence << ": " << filter.error().what;
        EXPECT_EQ(filter->ask({row.packet}), std::vector{row.verdict})
            << row.sentence << ": " << row.expression;
    }
}

INSTANTIATE_TEST_SUITE_P(Reading, FilterTable, testing::Bool(),
                         [](const auto &way) { return way.param ? "Direct" : "Copied"; });

// The rows' own verdicts are not only ours.
TEST(FilterTableItself, SaysWhatLibpcapSays) {
    for (const Row &row : rows) {
        const Verdict whole = libpcap_says(row.expression, row.packet).whole;
        if (row.verdict == undecided)
            EXPECT_TRUE(whole == yes || whole == not_run) << row.sentence;
        else
            EXPECT_EQ(whole, row.verdict) << row.sentence << ": " << row.expression;
    }
}

}  // namespace
}  // namespace whydrop::filter_test
