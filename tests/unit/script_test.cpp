// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts for the question just asked. That bpftrace runs them, and what they count, is tested in
// tests/vm/checks/scripts.
#include "engine/script.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "engine/script_parts.h"

namespace whydrop {
namespace {

struct FilterRow {
    const char *why, *filter;
    const char *condition;  // empty: refused
    const char *says;       // by the refusal
};

// Addresses as a little-endian machine reads them.
const FilterRow kFilters[] = {
    {"a port of either end", "port 53", "($sport == 53 || $dport == 53)", ""},
    {"of one end", "src port 53", "$sport == 53", ""},
    {"of one protocol", "tcp dst port 443", "$proto == 6 && $dport == 443", ""},
    {"a protocol alone", "icmp", "$proto == 1", ""},
    {"IPv4, which is all there is", "ip", "", ""},
    {"a host of either end", "host 127.0.0.2", "($src == 0x0200007f || $dst == 0x0200007f)", ""},
    {"the word host may be left out behind an end", "dst 127.0.0.2", "$dst == 0x0200007f", ""},
    {"IPv4 before a host", "ip host 127.0.0.2", "($src == 0x0200007f || $dst == 0x0200007f)", ""},
    {"a net", "src net 10.0.0.0/8", "($src & 0x000000ff) == 0x0000000a", ""},
    {"a net of either end", "net 10.0.0.0/8",
     "(($src & 0x000000ff) == 0x0000000a || ($dst & 0x000000ff) == 0x0000000a)", ""},
    {"any address", "dst net 0.0.0.0/0", "($dst & 0x00000000) == 0x00000000", ""},
    {"a net of one address", "dst net 127.0.0.2/32", "$dst == 0x0200007f", ""},
    {"several, both ways of writing it", "udp and src port 1 && dst host 127.0.0.1",
     "$proto == 17 && $sport == 1 && $dst == 0x0100007f", ""},
    {"either", "tcp or udp", nullptr, "'or'"},
    {"not", "not tcp", nullptr, "'not'"},
    {"brackets", "(tcp)", nullptr, "'(tcp)'"},
    {"nothing behind and", "tcp and", nullptr, "'and'"},
    {"nothing between two", "tcp udp", nullptr, "'udp'"},
    {"an end alone", "src", nullptr, "'src'"},
    {"an end of a protocol", "tcp src", nullptr, "'src'"},
    {"a port by name", "port domain", nullptr, "'domain'"},
    {"a port that is none", "port 65536", nullptr, "'65536'"},
    {"a port that is missing", "port", nullptr, "its value is missing"},
    {"a name", "host example.org", nullptr, "names are not looked up"},
    {"IPv6", "host ::1", nullptr, "IPv4 only"},
    {"a net without its mask", "net 10.0.0.0", nullptr, "ADDRESS/BITS"},
    {"a mask too long", "net 10.0.0.0/33", nullptr, "0 to 32"},
    {"a net with bits beyond its mask", "net 10.0.0.1/8", nullptr, "beyond its mask"},
};

TEST(ScriptFilter, IsAConditionOrRefusedByItsWord) {
    if (htonl(1) == 1)
        GTEST_SKIP() << "addresses of the table are those of a little-endian machine";
    for (const FilterRow &row : kFilters) {
        const auto condition = script_packet_condition(row.filter);
        ASSERT_EQ(condition.ok(), row.condition != nullptr) << row.why;
        if (condition)
            EXPECT_EQ(*condition, row.condition) << row.why;
        else
            EXPECT_NE(condition.error().what.find(row.says), std::string::npos)
                << row.why << ": " << condition.error().what;
    }
}

ScriptKernel with_reasons() {
    ScriptKernel kernel;
    kernel.has_reasons = true;
    kernel.reasons.add_core("SKB_CONSUMED", 1);
    kernel.reasons.add_core("SKB_DROP_REASON_NOT_SPECIFIED", 2);
    kernel.reasons.add_core("SKB_DROP_REASON_NO_SOCKET", 3);
    kernel.reasons.add_core("SKB_DROP_REASON_UDP_CSUM", 11);
    kernel.reasons.sort();
    return kernel;
}

ScriptRequest of(const char *kind) {
    ScriptRequest request;
    request.tool = "bpftrace";
    request.kind = kind;
    request.command_line = std::string("whydrop script bpftrace ") + kind;
    return request;
}

struct ScriptRow {
    const char *why;
    ScriptRequest request;
    bool reasons;  // of the kernel
    std::vector<const char *> has, has_not;
};

template <typename Change>
ScriptRequest with(const char *kind, Change change) {
    ScriptRequest request = of(kind);
    change(request);
    return request;
}

const std::vector<ScriptRow> &script_rows() {
    static const std::vector<ScriptRow> rows = {
        {"drops, as they are",
         of("drops"),
         true,
         {"//     whydrop script bpftrace drops | bpftrace - [SECONDS]\n",
          "    @name[(uint64)11] = \"UDP_CSUM\";\n", "tracepoint:skb:kfree_skb {\n",
          "@drops[args->reason, @name[args->reason], ksym(args->location)] = count();",
          "DROPS BY REASON NAME LOCATION\\n", "clear(@name);"},
         {"./drops.bt", "CONSUMED", "struct sk_buff", "BTF"}},
        {"where there are no reasons",
         of("drops"),
         false,
         {"DROPS BY ETHERTYPE LOCATION\\n", "@drops[args->protocol, ksym(args->location)]"},
         {"args->reason", "@name"}},
        {"one reason: only its name is written",
         with("drops", [](auto &r) { r.reasons = {"no_socket"}; }),
         true,
         {"/ args->reason == 3 / {", "= \"NO_SOCKET\";"},
         {"UDP_CSUM"}},
        {"several reasons",
         with("drops",
              [](auto &r) {
                  r.reasons = {"NO_SOCKET", "11"};
              }),
         true,
         {"/ (args->reason == 3 || args->reason == 11) / {"},
         {}},
        {"all but some",
         with("drops",
              [](auto &r) {
                  r.reasons = {"!NO_SOCKET", "!UDP_CSUM"};
              }),
         true,
         {"/ (args->reason != 3 && args->reason != 11) / {", "UDP_CSUM"},
         {}},
        {"keys without the reason: its names are not needed",
         with("drops", [](auto &r) { r.by = static_cast<GroupKeys>(GroupKey::comm); }),
         true,
         {"@drops[comm]", "DROPS BY COMM\\n"},
         {"@name", "args->reason"}},
        {"a device: BTF is needed",
         with("drops", [](auto &r) { r.iface = "eth0"; }),
         true,
         {"if ($dev_name == \"eth0\") {", "and BTF that"},
         {"$ip"}},
        {"a device by its number",
         with("drops", [](auto &r) { r.iface = "7"; }),
         true,
         {"$dev->ifindex == 7"},
         {}},
        {"a packet: IPv4 is looked for first",
         with("drops",
              [](auto &r) {
                  r.words = "udp port 53";
                  r.pid = 5;
              }),
         true,
         {"/ pid == 5 && args->protocol == 0x0800 / {",
          "if ($proto == 17 && ($sport == 53 || $dport == 53)) {"},
         {"$dev"}},
        {"a time",
         with("receive", [](auto &r) { r.duration_s = 5; }),
         true,
         {"| bpftrace -\n", "/ 5 > 0 && elapsed + 500000000 >= (uint64)5 *"},
         {"$1", "[SECONDS]"}},
        {"received by whom on what",
         with("receive",
              [](auto &r) {
                  r.iface = "eth0";
                  r.comm = "ping";
              }),
         true,
         {"netif_receive_skb / str(args->name) == \"eth0\" && comm == \"ping\" / {"},
         {}},
        {"a function",
         with("called",
              [](auto &r) {
                  r.words = "ip_rcv";
                  r.pid = 5;
              }),
         true,
         {"kprobe:ip_rcv / pid == 5 / {", "\"%s: not called\\n\", \"ip_rcv\""},
         {"$2"}},
        {"a device's queues: of a probe that has a condition already, and not of others",
         with("pause", [](auto &r) { r.iface = "eth0"; }),
         true,
         {"net_dev_queue / str(args->name) == \"eth0\" / {",
          "net_dev_xmit / (args->rc != 0) && str(args->name) == \"eth0\" / {",
          "tracepoint:skb:kfree_skb {"},
         {}},
        {"a command line of two lines stays a comment",
         with("xdp", [](auto &r) { r.command_line = "whydrop\nkprobe:x {}"; }),
         true,
         {"//     whydrop kprobe:x {} | bpftrace"},
         {"\nkprobe:x"}},
    };
    return rows;
}

TEST(Script, SaysWhatWasAskedAndNothingElse) {
    for (const ScriptRow &row : script_rows()) {
        const auto text = make_script(row.request, row.reasons ? with_reasons() : ScriptKernel{});
        ASSERT_TRUE(text.ok()) << row.why << ": " << text.error().what;
        for (const char *part : row.has)
            EXPECT_NE(text->find(part), std::string::npos) << row.why << ": " << part << "\n"
                                                           << *text;
        for (const char *part : row.has_not)
            EXPECT_EQ(text->find(part), std::string::npos) << row.why << ": " << part << "\n"
                                                           << *text;
    }
}

TEST(Script, EachThatIsListedCanBeHad) {
    const Section list = script_list();
    ASSERT_EQ(list.rows.size(), 6u);
    for (const auto &row : list.rows) {
        ScriptRequest request;
        request.tool = std::get<std::string>(row[0]);
        request.kind = std::get<std::string>(row[1]);
        if (request.kind == "called")
            request.words = "ip_rcv";
        const auto text = make_script(request, with_reasons());
        ASSERT_TRUE(text.ok()) << request.kind;
        EXPECT_TRUE(text->starts_with("#!/usr/bin/")) << request.kind;
        EXPECT_NE(text->find("Needs:"), std::string::npos) << request.kind;
        EXPECT_NE(text->find("Not in it:"), std::string::npos) << request.kind;
    }
}

TEST(Script, OfBccIsOneFile) {
    ScriptRequest request = of("drops");
    request.tool = "bcc";
    const auto text = make_script(request, {});
    ASSERT_TRUE(text.ok());
    EXPECT_NE(text->find("BPF_PERF_OUTPUT(samples);"), std::string::npos);
    EXPECT_EQ(text->find("with_name"), std::string::npos);
    EXPECT_EQ(text->find("drops.c beside"), std::string::npos);
}

}  // namespace
}  // namespace whydrop
