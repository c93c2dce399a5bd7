// SPDX-License-Identifier: GPL-2.0-or-later
// Random expressions asked of random packets: the filter in the kernel has to say what libpcap's
// interpreter says. Of a packet that is cut it may say "undecided", but only where libpcap, with
// the same bytes, does not say yes; and never anything else than is true of the whole packet.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "../unit/packet_bytes.h"
#include "asked.h"

namespace whydrop::filter_test {
namespace {

using namespace whydrop::test;
using enum Verdict;

constexpr size_t expressions = 625, packets_each = 160;
constexpr size_t pairs_wanted = 100'000;

class Random {
  public:
    explicit Random(uint32_t seed) : engine_(seed) {}

    uint32_t below(uint32_t limit) { return std::uniform_int_distribution(0u, limit - 1)(engine_); }
    bool one_in(uint32_t many) { return below(many) == 0; }
    template <typename T>
    const T &of(const std::vector<T> &all) {
        return all[below(static_cast<uint32_t>(all.size()))];
    }
    std::string number(uint32_t limit) { return std::to_string(below(limit)); }

  private:
    std::mt19937 engine_;
};

// Both sides draw from few values, so that they meet.
const std::vector<std::string> hosts = {"10.0.0.1", "10.0.0.2", "192.0.2.3", "fe80::1", "fe80::2"};
const std::vector<std::string> nets = {"10.0.0.0/8", "192.0.2.0/24", "10.0.0.0/31", "fe80::/64"};
const std::vector<std::string> protos = {"ip",   "ip6",   "arp",  "rarp", "tcp", "udp",
                                         "icmp", "icmp6", "sctp", "igmp", "esp"};
const std::vector<uint16_t> ports = {53, 80, 443, 4789, 50000};
const std::vector<std::string> sides = {"", "src ", "dst ", "src or dst ", "src and dst "};

std::string index_expression(Random &random) {
    static const std::vector<std::string> bases = {"ether", "ip",   "ip6", "tcp",
                                                   "udp",   "icmp", "arp"};
    static const std::vector<std::string> sizes = {"", ":1", ":2", ":4"};
    static const std::vector<std::string> operations = {"&", "|", "+", "-",  "*",
                                                        "/", "%", "^", ">>", "<<"};
    static const std::vector<std::string> relations = {"=", "!=", "<", ">", "<=", ">="};
    std::string at = random.number(random.one_in(9) ? 700 : 40);
    if (random.one_in(5))
        at = random.of(bases) + "[" + random.number(24) + "] & " + random.number(64);
    std::string value = random.of(bases) + "[" + at + random.of(sizes) + "]";
    if (random.one_in(2)) {
        const std::string &operation = random.of(operations);
        const bool by_packet = random.one_in(4);
        value += " " + operation + " " +
                 (by_packet ? random.of(bases) + "[" + random.number(20) + "]"
                            : std::to_string(1 + random.below(operation.size() == 2 ? 31 : 300)));
    }
    if (random.one_in(9))
        value = "len - " + value;
    return value + " " + random.of(relations) + " " + random.number(random.one_in(2) ? 4 : 70000);
}

std::string primitive(Random &random) {
    switch (random.below(11)) {
        case 0:
            return random.of(protos);
        case 1:
            return random.of(sides) + "host " + random.of(hosts);
        case 2:
            return random.of(sides) + "net " + random.of(nets);
        case 3:
        case 4:
            return (random.one_in(2)   ? ""
                    : random.one_in(2) ? "tcp "
                                       : "udp ") +
                   random.of(sides) + "port " + std::to_string(random.of(ports));
        case 5:
            return random.of(sides) + "portrange 50-" + std::to_string(random.of(ports));
        case 6:
            return random.of(sides) + "ether host 52:54:00:00:00:0" +
                   (random.one_in(2) ? "a" : "b");
        case 7:
            return random.one_in(2) ? "greater " + random.number(120)
                                    : "less " + random.number(120);
        case 8:
            return random.one_in(2) ? "ip proto " + random.number(60) : "ether multicast";
        default:
            return index_expression(random);
    }
}

std::string expression(Random &random, int depth) {
    if (depth == 0 || random.one_in(4))
        return primitive(random);
    switch (random.below(6)) {
        case 0:
            return "not (" + expression(random, depth - 1) + ")";
        case 1:  // everything behind it looks behind the tag
            return "(vlan " + (random.one_in(2) ? "" : random.number(9)) + " and " +
                   expression(random, depth - 1) + ")";
        case 2:
        case 3:
            return "(" + expression(random, depth - 1) + ") or (" + expression(random, depth - 1) +
                   ")";
        default:
            return "(" + expression(random, depth - 1) + ") and (" + expression(random, depth - 1) +
                   ")";
    }
}

Bytes transport(Random &random, uint8_t &protocol, bool v6) {
    const uint16_t sport = random.of(ports), dport = random.of(ports);
    const Bytes payload = filled(random.below(40));
    switch (random.below(4)) {
        case 0:
            protocol = 6;
            return tcp(sport, dport, static_cast<uint8_t>(random.below(64)),
                       random.one_in(2) ? hex("0204 05b4 0101 0402") : Bytes{}, payload);
        case 1:
            protocol = v6 ? 58 : 1;
            return icmp(static_cast<uint8_t>(random.below(9)), 0, payload);
        case 2:
            protocol = 132;
            return sctp(sport, dport);
        default:
            protocol = 17;
            return udp(sport, dport, payload);
    }
}

Bytes network(Random &random, uint16_t &ethertype) {
    static const std::vector<Bytes> addresses = {ip4_a, ip4_b, ip4_c},
                                    addresses6 = {ip6_a, ip6_b, ip6_c};
    uint8_t protocol = 0;
    if (random.one_in(9)) {
        ethertype = 0x0806;
        return arp(static_cast<uint16_t>(1 + random.below(2)));
    }
    if (random.one_in(3)) {
        ethertype = 0x86dd;
        const Bytes payload = transport(random, protocol, true);
        return ipv6(protocol, payload, random.of(addresses6));
    }
    ethertype = 0x0800;
    Ipv4Fields fields{.src = random.of(addresses), .dst = random.of(addresses)};
    if (random.one_in(4))
        fields.options = hex("94040000") + (random.one_in(2) ? hex("01010101") : Bytes{});
    if (random.one_in(5))
        fields.fragment = static_cast<uint16_t>(random.below(4) | 0x2000);
    const Bytes payload = transport(random, protocol, false);
    return ipv4(protocol, payload, fields);
}

Tested packet(Random &random) {
    uint16_t ethertype = 0;
    Bytes bytes = network(random, ethertype);
    Tested made;
    made.ethernet = !random.one_in(4);
    if (made.ethernet) {
        while (random.one_in(4)) {
            bytes = be16(random.below(9)) + be16(ethertype) + bytes;
            ethertype = random.one_in(2) ? 0x8100 : 0x88a8;
        }
        bytes = ethernet(ethertype, bytes);
        if (random.one_in(3)) {
            made.vlan_proto = random.one_in(2) ? 0x8100 : 0x88a8;
            made.vlan_tci = static_cast<uint16_t>(random.below(9) | random.below(8) << 13);
        }
    }
    if (random.one_in(6))  // anything
        bytes[random.below(static_cast<uint32_t>(bytes.size()))] =
            static_cast<uint8_t>(random.below(256));
    if (random.one_in(9))
        bytes.resize(random.below(static_cast<uint32_t>(bytes.size())) + 1);
    if (random.one_in(4))
        made.readable = random.below(static_cast<uint32_t>(bytes.size()) + 1);
    made.bytes = std::move(bytes);
    return made;
}

struct Tally {
    size_t pairs = 0, yes = 0, no = 0, undecided = 0, refused = 0;
};

// What may be said of a packet.
bool may_be(Verdict said, const LibpcapSays &libpcap, const Tested &packet) {
    if (libpcap.whole == not_run)
        return said == undecided;
    return said == libpcap.whole || (said == undecided && packet.cut() && libpcap.capture != yes);
}

void compare(Random &random, bool direct, Tally &tally) {
    const std::string words = expression(random, 3);
    std::vector<Tested> packets;
    for (size_t i = 0; i < packets_each; i++)
        packets.push_back(packet(random));
    auto filter = InKernel::load(words, direct);
    if (!filter) {
        // The grammar above writes things that contradict each other; libpcap sees many of them.
        EXPECT_EQ(filter.error().code, Errc::usage) << words << ": " << filter.error().what;
        EXPECT_NE(libpcap_says(words, Tested{}).whole, yes) << words;
        tally.refused++;
        return;
    }
    const auto said = filter->ask(packets);
    ASSERT_EQ(said.size(), packets.size());
    for (size_t i = 0; i < packets.size(); i++) {
        const LibpcapSays libpcap = libpcap_says(words, packets[i]);
        ASSERT_TRUE(may_be(said[i], libpcap, packets[i]))
            << words << ", packet " << i << ": " << static_cast<int>(said[i]) << ", libpcap "
            << static_cast<int>(libpcap.whole);
        tally.pairs++;
        tally.yes += said[i] == yes;
        tally.no += said[i] == no;
        tally.undecided += said[i] == undecided;
    }
}

TEST(FilterDifferential, AgreesWithLibpcapOnAHundredThousandPairs) {
    const char *given = std::getenv("WHYDROP_SEED");
    const uint32_t seed =
        given ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
    std::printf("WHYDROP_SEED=%u\n", seed);
    Random random(seed);
    Tally tally;
    for (size_t i = 0; i < expressions || tally.pairs < pairs_wanted; i++) {
        compare(random, reads_directly() && i % 2 == 0, tally);
        if (testing::Test::HasFailure())
            return;
    }
    std::printf("%zu pairs: %zu yes, %zu no, %zu undecided; %zu expressions refused by libpcap\n",
                tally.pairs, tally.yes, tally.no, tally.undecided, tally.refused);
    EXPECT_GE(tally.pairs, pairs_wanted);
    // Else it would say little.
    EXPECT_GE(tally.yes, tally.pairs / 20);
    EXPECT_GE(tally.no, tally.pairs / 20);
    EXPECT_GE(tally.undecided, tally.pairs / 100);
}

}  // namespace
}  // namespace whydrop::filter_test
