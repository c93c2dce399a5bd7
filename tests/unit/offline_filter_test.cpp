// SPDX-License-Identifier: GPL-2.0-or-later
// What a pcap expression says of recorded packets, beside libpcap's own interpreter.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "filter/offline.h"
#include "packet_bytes.h"
#include "sys/handle.h"

namespace whydrop {
namespace {

using namespace test;

const Bytes dns = ethernet(0x0800, ipv4(17, udp(4097, 53, filled(20))));
const Bytes https = ethernet(0x0800, ipv4(6, tcp(50000, 443, 2)));
const Bytes ping6 = ethernet(0x86dd, ipv6(58, icmpv6(128, 0, be16(7) + be16(1))));

const char *const expressions[] = {
    "udp port 53",
    "tcp port 443 and net 10.0.0.0/8",
    "not udp",
    "ip6",
    "icmp6 and src host fe80::1",
    "greater 62",
    "less 62",
    "ether[600] = 0",
    "ip[2:2] > 40 and ip[8] & 0xf != 3",
    "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
    "udp[4:2] * 2 - 1 = 55",
    "ip[6:2] & 0x1fff != 0 or portrange 50-60",
    "ether[0] / 2 = 41 or ether[5] % 3 = 1",
    "len - 20 < 46",
};

Match libpcap_says(const std::string &expression, const Bytes &bytes) {
    using Pcap = Handle<pcap_t, &pcap_close>;
    const Pcap pcap(pcap_open_dead(DLT_EN10MB, 262144));
    bpf_program program{};
    EXPECT_EQ(pcap_compile(pcap.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN), 0)
        << expression;
    pcap_pkthdr header{};
    header.len = header.caplen = static_cast<bpf_u_int32>(bytes.size());
    const bool yes = pcap_offline_filter(&program, &header, bytes.data()) != 0;
    pcap_freecode(&program);
    return yes ? Match::yes : Match::no;
}

Packet packet_of(const Bytes &bytes, size_t recorded) {
    Packet packet;
    packet.link = LinkType::ethernet;
    packet.wire_bytes = static_cast<uint32_t>(bytes.size());
    packet.bytes.assign(bytes.begin(), bytes.begin() + static_cast<long>(recorded));
    return packet;
}

TEST(OfflineFilter, AgreesWithLibpcapOnWholePackets) {
    for (const char *expression : expressions)
        for (const Bytes &bytes : {dns, https, ping6}) {
            const auto filter = OfflineFilter::compile(expression);
            ASSERT_TRUE(filter.ok()) << expression;
            EXPECT_EQ(filter->matches(packet_of(bytes, bytes.size())),
                      libpcap_says(expression, bytes))
                << expression;
        }
}

// Whatever the missing bytes were: an answer that is given is that of the whole packet.
TEST(OfflineFilter, IsRightOrUndecidedOnCutPackets) {
    size_t undecided = 0;
    for (const char *expression : expressions)
        for (const Bytes &bytes : {dns, https, ping6})
            for (size_t recorded = 1; recorded < bytes.size(); recorded++) {
                const auto filter = OfflineFilter::compile(expression);
                const Match match = filter->matches(packet_of(bytes, recorded));
                undecided += match == Match::undecided ? 1 : 0;
                if (match != Match::undecided) {
                    EXPECT_EQ(match, libpcap_says(expression, bytes)) << expression << recorded;
                }
            }
    EXPECT_GT(undecided, 100u);
}

TEST(OfflineFilter, SeesATagThatWasInMetadata) {
    Packet packet = packet_of(dns, dns.size());
    const auto filter = OfflineFilter::compile("vlan 7 and udp port 53");
    EXPECT_EQ(filter->matches(packet), Match::no);
    packet.meta.vlan = Vlan{0x8100, 7, 0, false, true};
    EXPECT_EQ(filter->matches(packet), Match::yes);
}

TEST(OfflineFilter, CannotTellOfPacketsWithoutBytes) {
    EXPECT_EQ(OfflineFilter::compile("udp")->matches(Packet()), Match::undecided);
}

TEST(OfflineFilter, EndsOnProgramsThatAreNoRightOnes) {
    EXPECT_EQ(run_classic({}, dns, dns.size()), Match::no);
    EXPECT_EQ(run_classic({{0x15, 255, 255, 0}}, dns, dns.size()), Match::no);
    EXPECT_EQ(run_classic({{0x34, 0, 0, 0}, {0x06, 0, 0, 1}}, dns, dns.size()), Match::no);
    EXPECT_EQ(run_classic({{0x60, 0, 0, 999}, {0x02, 0, 0, 999}, {0x06, 0, 0, 1}}, dns, 1),
              Match::yes);
}

}  // namespace
}  // namespace whydrop
