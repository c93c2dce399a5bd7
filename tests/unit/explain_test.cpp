// SPDX-License-Identifier: GPL-2.0-or-later
// From a group of drops to its cause: with the kernel's reason, with NOT_SPECIFIED, and on kernels
// that have no reasons.
#include <gtest/gtest.h>

#include "explain/explainer.h"
#include "explain/matcher.h"
#include "lost_packets.h"
#include "temp_dir.h"

namespace whydrop::test {
namespace {

constexpr const char *none = "";  // a kernel without reasons
constexpr const char *unspecified = "NOT_SPECIFIED";

struct Row {
    const char *sentence;
    const char *reason;
    const char *function;
    DropRecord drop;
    const char *cause_id;
};

DropGroup group_of(const char *reason, const char *function, std::vector<DropRecord> samples) {
    DropGroup group;
    group.keys = static_cast<GroupKeys>(GroupKey::reason) |
                 static_cast<GroupKeys>(GroupKey::location) | static_cast<GroupKeys>(GroupKey::dev);
    if (*reason != '\0')
        group.reason = Reason{.code = 2, .name = reason};
    group.location =
        Symbol{.address = 0xffffffff81000200, .name = function, .offset = 0x200, .module = ""};
    group.samples = std::move(samples);
    return group;
}

const Explainer &explainer() {
    static const Result<Explainer> loaded = Explainer::load({});
    return *loaded;
}

DropGroup explained(DropGroup group, const HostView &host = OneAddressHost()) {
    explainer().explain(group, host);
    return group;
}

const Row facts_6_18[] = {
    {"wrong destination MAC", "OTHERHOST", "ip_rcv_core", other_host(), "eth.other_host"},
    {"total length 14 too large", "PKT_TOO_SMALL", "ip_rcv_core", too_long(), "ipv4.length"},
    {"bad IP checksum", "IP_CSUM", "ip_rcv_core", bad_ip_sum(), "ipv4.checksum"},
    {"own address as source", "IP_LOCAL_SOURCE", "ip_rcv_finish_core", from(our_address),
     "ipv4.local_source"},
    {"source in 127/8", "IP_LOCALNET", "ip_rcv_finish_core", from(v4(127, 0, 0, 5)),
     "ipv4.loopback_source"},
    {"bad UDP checksum", "UDP_CSUM", "__udp4_lib_rcv", bad_udp_sum(), "udp.checksum"},
    {"no UDP listener", "NO_SOCKET", "__udp4_lib_rcv", good_udp(), "udp.no_socket"},
    {"no UDP listener, 7.2", "NO_SOCKET", "udp_rcv", good_udp(), "udp.no_socket"},
    {"unknown protocol", "IP_NOPROTO", "ip_local_deliver_finish", protocol(253),
     "ipv4.unknown_protocol"},
    {"reverse path", "IP_RPFILTER", "ip_rcv_finish_core", from(v4(192, 0, 2, 7)),
     "ipv4.reverse_path"},
    {"full socket buffer", "SOCKET_RCVBUFF", "udp_queue_rcv_one_skb", good_udp(),
     "socket.receive_buffer"},
    {"closed TCP port", "NO_SOCKET", "tcp_v4_rcv", good_tcp(2), "tcp.no_socket"},
    {"echo reply without a ping socket", "NO_SOCKET", "ping_rcv", protocol(1),
     "icmp.no_ping_socket"},
    {"TTL at its end in the router", "IP_INHDR", "ip_forward", with_ttl(1), "ipv4.ttl_expired"},
    {"broken header", "IP_INHDR", "ip_rcv_core", broken_header(), "ipv4.header"},
    {"no UDP listener over IPv6", "NO_SOCKET", "__udp6_lib_rcv", good_udp6(), "udp.no_socket"},
    {"IPv6 header refused", "IP_INHDR", "ip6_rcv_core", good_udp6(), "ipv6.header"},
    {"too short for nobody in particular", "PKT_TOO_SMALL", "tun_get_user", good_udp(),
     "packet.too_short"},
};

// 6.1 and 6.12 have most reasons; those for martian sources they have not.
const Row facts_6_1[] = {
    {"wrong destination MAC", "OTHERHOST", "ip_rcv_core", other_host(), "eth.other_host"},
    {"total length 14 too large", "PKT_TOO_SMALL", "ip_rcv_core", too_long(), "ipv4.length"},
    {"own address as source", unspecified, "ip_rcv_finish_core", from(our_address),
     "ipv4.local_source"},
    {"source in 127/8", unspecified, "ip_rcv_finish_core", from(v4(127, 0, 0, 5)),
     "ipv4.loopback_source"},
    {"source is multicast", unspecified, "ip_rcv_finish_core", from(v4(224, 0, 0, 5)),
     "ipv4.invalid_source"},
    {"neither: not the reverse path, which has a reason", unspecified, "ip_rcv_finish_core",
     from(v4(192, 0, 2, 7)), "ipv4.martian"},
    {"late segment after close", unspecified, "tcp_v4_rcv", good_tcp(16), "tcp.time_wait"},
    {"FIN after close", unspecified, "tcp_v4_rcv", good_tcp(17), "tcp.time_wait_fin"},
};

const Row facts_5_10[] = {
    {"wrong destination MAC", none, "ip_rcv_core", other_host(), "eth.other_host"},
    {"total length 14 too large", none, "ip_rcv_core", too_long(), "ipv4.length"},
    {"bad IP checksum", none, "ip_rcv_core", bad_ip_sum(), "ipv4.checksum"},
    {"broken header", none, "ip_rcv_core", broken_header(), "ipv4.header"},
    {"nothing wrong to be seen", none, "ip_rcv_core", good_udp(), "ipv4.receive_check"},
    {"own address as source", none, "ip_rcv_finish_core", from(our_address), "ipv4.local_source"},
    {"source in 127/8", none, "ip_rcv_finish_core", from(v4(127, 0, 0, 5)), "ipv4.loopback_source"},
    {"reverse path", none, "ip_rcv_finish_core", from(v4(192, 0, 2, 7)), "ipv4.reverse_path"},
    {"bad UDP checksum", none, "__udp4_lib_rcv", bad_udp_sum(), "udp.checksum"},
    {"no UDP listener", none, "__udp4_lib_rcv", good_udp(), "udp.no_socket"},
    {"unknown protocol", none, "ip_protocol_deliver_rcu", protocol(253), "ipv4.unknown_protocol"},
    {"unknown protocol, inlined", none, "ip_local_deliver_finish", protocol(253),
     "ipv4.unknown_protocol"},
    {"full socket buffer", none, "udp_queue_rcv_one_skb", good_udp(), "socket.receive_buffer"},
    {"bad UDP checksum at a socket", none, "udp_queue_rcv_one_skb", bad_udp_sum(), "udp.checksum"},
    {"closed TCP port", none, "tcp_v4_rcv", good_tcp(2), "tcp.no_socket"},
    {"wrong TCP checksum", none, "tcp_v4_rcv", bad_tcp_sum(), "tcp.checksum"},
    {"data for a connection that is not here", none, "tcp_v4_rcv", good_tcp(24), "tcp.no_socket"},
    {"FIN in TIME_WAIT", none, "tcp_v4_rcv", good_tcp(17), "tcp.time_wait_fin"},
    {"firewall", none, "nf_hook_slow", good_udp(), "netfilter.drop"},
    {"no route", none, "ip_error", good_udp(), "ip.no_route_in"},
    {"TTL at its end in the router", none, "ip_forward", with_ttl(1), "ipv4.ttl_expired"},
    {"neighbour does not answer", none, "arp_error_report", good_udp(), "neigh.failed"},
    {"no handler for the EtherType", none, "__netif_receive_skb_core.constprop.0", stp_frame(),
     "eth.unhandled_protocol"},
    {"tc action on the way in", none, "__netif_receive_skb_core", good_udp(), "tc.ingress"},
    {"CPU queue full", none, "enqueue_to_backlog", good_udp(), "cpu.backlog"},
    {"tap ring full", none, "tun_net_xmit.isra.0", good_udp(), "dev.ring_full"},
    {"Unix socket closed", none, "unix_release_sock", DropRecord(), "unix.closed"},
};

void check(const Row &row, const char *kernel) {
    const DropGroup group = explained(group_of(row.reason, row.function, {row.drop}));
    ASSERT_TRUE(group.explanation) << row.sentence;
    const Explanation &why = *group.explanation;
    const bool derived = std::string_view(row.reason) == none || row.reason == unspecified;
    EXPECT_EQ(why.cause_id, row.cause_id) << kernel << ": " << row.sentence;
    EXPECT_EQ(why.derived, derived) << kernel << ": " << row.sentence;
    EXPECT_EQ(why.samples_seen, 1u) << row.sentence;
    EXPECT_FALSE(why.cause.empty() || why.usual.empty() || why.next.empty()) << row.sentence;
    EXPECT_TRUE(why.also.empty() && why.evidence.empty()) << row.sentence;
}

TEST(Explain, TheSameCauseOnEveryKernel) {
    for (const Row &row : facts_6_18)
        check(row, "6.18");
    for (const Row &row : facts_6_1)
        check(row, "6.1");
    for (const Row &row : facts_5_10)
        check(row, "5.10");
}

TEST(Explain, WithoutSamplesThePlaceOrTheFlowDecidesWhereItCan) {
    struct {
        const char *sentence, *reason, *function, *cause_id;
    } const rows[] = {
        {"UDP's own function", "NO_SOCKET", "__udp4_lib_rcv", "udp.no_socket"},
        {"TCP's own function", "NO_SOCKET", "tcp_v6_rcv", "tcp.no_socket"},
        {"neither", "NO_SOCKET", "somewhere", "socket.none"},
        {"one cause only", none, "nf_hook_slow", "netfilter.drop"},
        {"many causes", none, "ip_rcv_core", "ipv4.receive_check"},
        {"a place nobody knows", none, "somewhere", "unexplained"},
        {"not annotated, in a place nobody knows", unspecified, "somewhere", "unexplained"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(explained(group_of(row.reason, row.function, {})).explanation->cause_id,
                  row.cause_id)
            << row.sentence;
    DropGroup by_flow = group_of("NO_SOCKET", "somewhere", {});
    by_flow.flow = Flow{peer_address, our_address, 4001, 5003, 17};
    EXPECT_EQ(explained(by_flow).explanation->cause_id, "udp.no_socket");
}

// 5 agree, 2 point elsewhere: the majority names the cause, the rest is not hidden.
TEST(Explain, TheMajorityOfSamplesWins) {
    std::vector<DropRecord> samples(5, bad_ip_sum());
    samples.push_back(other_host());
    samples.insert(samples.begin(), too_long());
    const DropGroup group = explained(group_of(none, "ip_rcv_core", samples));
    const Explanation &why = *group.explanation;
    EXPECT_EQ(why.cause_id, "ipv4.checksum");
    EXPECT_EQ(why.samples_agree, 5u);
    EXPECT_EQ(why.samples_seen, 7u);
    EXPECT_EQ(why.also, (std::vector<std::string>{"ipv4.length", "eth.other_host"}));
}

TEST(Explain, SamplesThatDoNotFitTheKernelsReasonAreCounted) {
    std::vector<DropRecord> samples(3, bad_ip_sum());
    samples.resize(5, good_udp());
    const Explanation why = *explained(group_of("IP_CSUM", "ip_rcv_core", samples)).explanation;
    EXPECT_EQ(why.cause_id, "ipv4.checksum");
    EXPECT_FALSE(why.derived);
    EXPECT_EQ(why.samples_agree, 3u);
    EXPECT_EQ(why.samples_seen, 5u);
}

TEST(Explain, ReasonsAndPlacesAreTakenFromSamplesWhenTheyAreNoKey) {
    DropGroup group;
    group.keys = static_cast<GroupKeys>(GroupKey::flow);
    for (int i = 0; i < 3; i++) {
        DropRecord &drop = group.samples.emplace_back(good_udp());
        drop.reason = Reason{.code = 3, .name = "NO_SOCKET"};
        drop.location.name = "__udp4_lib_rcv";
    }
    const DropGroup done = explained(group);
    EXPECT_EQ(done.explanation->cause_id, "udp.no_socket");
    EXPECT_FALSE(done.explanation->derived);
}

TEST(Explain, OnlyNormalOperationIsFolded) {
    struct {
        const char *sentence, *reason, *function;
        std::vector<DropRecord> samples;
        bool folded;
    } const rows[] = {
        {"a purged queue", "QUEUE_PURGE", "skb_queue_purge_reason", {}, true},
        {"a closed socket", "SOCKET_CLOSE", "unix_release_sock", {}, true},
        {"a reconnected Unix socket", "UNIX_DISCONNECT", "unix_dgram_connect", {}, true},
        {"an old ACK", "TCP_OLD_ACK", "tcp_ack", {}, true},
        {"a purged queue without reasons", none, "skb_queue_purge", {}, true},
        {"a Unix socket without reasons", none, "unix_stream_read_generic", {}, true},
        {"a Unix socket, not annotated", unspecified, "unix_release_sock", {}, true},
        {"a FIN on 5.10", none, "tcp_v4_rcv", {good_tcp(17)}, true},
        {"FINs and one SYN on 5.10",
         none,
         "tcp_v4_rcv",
         {good_tcp(17), good_tcp(17), good_tcp(2)},
         false},
        {"TCP on 5.10 without samples", none, "tcp_v4_rcv", {}, false},
        {"not annotated, unknown place", unspecified, "somewhere", {good_udp()}, false},
        {"a reason nobody knows", "BRAND_NEW", "somewhere", {}, false},
        {"a real drop", "IP_CSUM", "ip_rcv_core", {bad_ip_sum()}, false},
    };
    for (const auto &row : rows)
        EXPECT_EQ(explained(group_of(row.reason, row.function, row.samples)).folded, row.folded)
            << row.sentence;
}

TEST(Explain, WhatNoRuleKnowsIsSaidHonestly) {
    const Explanation named = *explained(group_of("BRAND_NEW", "somewhere", {})).explanation;
    EXPECT_EQ(named.cause_id, "reason.brand_new");
    EXPECT_NE(named.cause.find("BRAND_NEW"), std::string::npos);
    EXPECT_FALSE(named.next.empty());
    EXPECT_FALSE(named.derived);

    DropGroup numbered = group_of("", "somewhere", {});
    numbered.reason = Reason{.code = 131, .name = ""};
    EXPECT_EQ(explained(numbered).explanation->cause_id, "reason.131");

    const Explanation nothing = *explained(group_of(none, "somewhere", {good_udp()})).explanation;
    EXPECT_EQ(nothing.cause_id, "unexplained");
    EXPECT_NE(nothing.cause.find("somewhere+0x200"), std::string::npos) << nothing.cause;
    EXPECT_EQ(nothing.samples_agree, 0u);
    EXPECT_EQ(nothing.samples_seen, 1u);
    EXPECT_FALSE(nothing.derived);
}

TEST(Explain, WithoutAHostViewTheBytesStillSpeak) {
    const NoHostView host;
    const auto cause = [&](const DropRecord &drop) {
        return explained(group_of(none, "ip_rcv_finish_core", {drop}), host).explanation->cause_id;
    };
    EXPECT_EQ(cause(from(v4(127, 0, 0, 5))), "ipv4.loopback_source");
    EXPECT_EQ(cause(from(our_address)), "ipv4.local_source") << "source and destination are equal";
    EXPECT_EQ(cause(from(v4(192, 0, 2, 7))), "ipv4.reverse_path");
}

std::string all_next(const Explanation &why) {
    std::string all;
    for (const std::string &next : why.next)
        all += next + "\n";
    return all;
}

TEST(Explain, CommandsNameTheDeviceAndPortUnlessAShellWouldMind) {
    const std::string good =
        all_next(*explained(group_of("NO_SOCKET", "__udp4_lib_rcv", {good_udp()})).explanation);
    EXPECT_NE(good.find("sport = :5003"), std::string::npos) << good;
    EXPECT_NE(good.find("tcpdump -ni eth0 "), std::string::npos) << good;

    for (const char *name : {"x;reboot", "$(reboot)", "-rf", "a b", "`x`"}) {
        DropRecord evil = good_udp();
        evil.dev->name = name;
        const std::string text =
            all_next(*explained(group_of("NO_SOCKET", "__udp4_lib_rcv", {evil})).explanation);
        EXPECT_EQ(text.find(name), std::string::npos) << text;
        EXPECT_NE(text.find("tcpdump -ni DEV "), std::string::npos) << text;
    }
}

const std::string site_rule = R"(rules:
  - id: ipv4.checksum
    reasons: [IP_CSUM]
    cause: The load balancer did it again.
    usual: [release 7 of the load balancer]
    next: [call the team of the load balancer]
)";

TEST(Explain, LaterFilesOverrideById) {
    TempDir first, second;
    first.write("10.yaml", site_rule);
    const auto cause = [](const std::vector<std::string> &dirs) {
        auto loaded = Explainer::load(dirs);
        EXPECT_TRUE(loaded.ok());
        DropGroup group = group_of("IP_CSUM", "ip_rcv_core", {bad_ip_sum()});
        loaded->explain(group, NoHostView());
        return group.explanation->cause;
    };
    EXPECT_EQ(cause({first.path()}), "The load balancer did it again.");
    std::string later = site_rule;
    later.replace(later.find("did it again"), 12, "is innocent");
    second.write("10.yaml", later);
    EXPECT_EQ(cause({first.path(), second.path()}), "The load balancer is innocent.");
    EXPECT_EQ(cause({second.path(), first.path()}), "The load balancer did it again.");
    first.write("20.yaml", later);
    EXPECT_EQ(cause({first.path()}), "The load balancer is innocent.") << "20 comes after 10";
}

TEST(Explain, ASitesOwnRuleComesBeforeTheBuiltInOnes) {
    TempDir dir;
    dir.write("site.yaml", R"(rules:
  - id: site.probe
    reasons: [{is: NO_SOCKET, when: [udp, not ipv6]}]
    cause: The monitoring probes a port that is closed on purpose.
    usual: [the probe of the monitoring]
    next: [nothing to be done]
)");
    auto loaded = Explainer::load({dir.path()});
    ASSERT_TRUE(loaded.ok());
    const auto cause_id = [&](const DropRecord &drop) {
        DropGroup group = group_of("NO_SOCKET", "somewhere", {drop});
        loaded->explain(group, NoHostView());
        return group.explanation->cause_id;
    };
    EXPECT_EQ(cause_id(good_udp()), "site.probe");
    EXPECT_EQ(cause_id(good_udp6()), "udp.no_socket");
    EXPECT_EQ(cause_id(good_tcp(2)), "tcp.no_socket");
}

TEST(Explain, PatternsForFunctions) {
    struct {
        const char *pattern, *text;
        bool matches;
    } const rows[] = {
        {"tcp_v4_rcv", "tcp_v4_rcv", true},
        {"tcp_v4_rcv", "tcp_v4_rcv2", false},
        {"unix_*", "unix_release", true},
        {"unix_*", "unix_", true},
        {"unix_*", "unix", false},
        {"*_rcv", "tcp_v4_rcv", true},
        {"*_rcv", "tcp_v4_rcvd", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZ", false},
        {"*", "", true},
        {"", "x", false},
    };
    for (const auto &row : rows)
        EXPECT_EQ(glob_matches(row.pattern, row.text), row.matches)
            << row.pattern << " on " << row.text;
    EXPECT_EQ(plain_function("tun_net_xmit.isra.0"), "tun_net_xmit");
    EXPECT_EQ(plain_function("ip_rcv.cold"), "ip_rcv");
    EXPECT_EQ(plain_function(""), "");
}

}  // namespace
}  // namespace whydrop::test
