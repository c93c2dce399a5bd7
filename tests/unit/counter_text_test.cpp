// SPDX-License-Identifier: GPL-2.0-or-later
// Files of counters, made up and as real kernels write them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "source/counters/proc_text.h"

namespace whydrop {
namespace {

std::string text_of(const CounterGroup &group) {
    std::string text;
    for (const Counter &counter : group.counters)
        text += counter.name + "=" + std::to_string(counter.value) +
                (counter.level ? " (level) " : " ");
    return text;
}

std::string text_of(const std::vector<CounterGroup> &groups) {
    std::string text;
    for (const CounterGroup &group : groups)
        text += group.place + ": " + text_of(group);
    return text;
}

struct Row {
    const char *sentence;
    const char *text;
    const char *expected;
};

TEST(CounterPairs, AreNamesAboveValues) {
    const Row rows[] = {
        {"the group is part of the name", "Udp: InDatagrams NoPorts\nUdp: 7 11\n",
         "UdpInDatagrams=7 UdpNoPorts=11 "},
        {"two groups", "Ip: InHdrErrors\nIp: 3\nTcp: InErrs\nTcp: 5\n",
         "IpInHdrErrors=3 TcpInErrs=5 "},
        {"a value below zero keeps its bits, and a setting is no count", "Tcp: MaxConn\nTcp: -1\n",
         "TcpMaxConn=18446744073709551615 (level) "},
        {"names without values", "Udp: InDatagrams NoPorts\nUdp: 7\n", "UdpInDatagrams=7 "},
        {"values without names", "Udp: InDatagrams\nUdp: 7 11\n", "UdpInDatagrams=7 "},
        {"a value that is no number", "Udp: InDatagrams NoPorts\nUdp: x 11\n", "UdpNoPorts=11 "},
        {"values of another group: what follows is still read", "Udp: A\nTcp: B\nTcp: 5\n",
         "TcpB=5 "},
        {"cut after the names", "Udp: InDatagrams\n", ""},
        {"the largest value", "Ip: A\nIp: 18446744073709551615\n", "IpA=18446744073709551615 "},
        {"one more than that", "Ip: A B\nIp: 18446744073709551616 2\n", "IpB=2 "},
        {"nothing", "", ""},
        {"no colon", "Ip A\nIp 5\n", ""},
    };
    for (const Row &row : rows)
        EXPECT_EQ(text_of(parse_counter_pairs(row.text, "snmp")), row.expected) << row.sentence;
}

TEST(CounterList, IsANameAndANumberOnEachLine) {
    const Row rows[] = {
        {"as snmp6 has it", "Ip6InReceives                   \t13\nUdp6NoPorts   \t5\n",
         "Ip6InReceives=13 Udp6NoPorts=5 "},
        {"without a newline at the end", "XfrmInError 3", "XfrmInError=3 "},
        {"three words are something else", "XfrmInError 3 4\nXfrmInBufferError 5\n",
         "XfrmInBufferError=5 "},
        {"a name alone", "XfrmInError\n", ""},
        {"sessions that are open are a level", "TlsCurrTxSw 2\nTlsTxSw 3\n",
         "TlsCurrTxSw=2 (level) TlsTxSw=3 "},
    };
    for (const Row &row : rows)
        EXPECT_EQ(text_of(parse_counter_list(row.text, "snmp6")), row.expected) << row.sentence;
}

TEST(CounterTable, HasALineForEachCpu) {
    const Row rows[] = {
        {"numbers are hexadecimal; entries are said once",
         "entries  found drop\n00000011 0000000a 00000002\n00000011 0000000b 00000000\n",
         "cpu0: entries=17 (level) found=10 drop=2 cpu1: found=11 drop=0 "},
        {"a short line", "entries found\n00000011\n", "cpu0: entries=17 (level) "},
        {"only names", "entries found\n", ""},
        {"nothing", "", ""},
    };
    for (const Row &row : rows)
        EXPECT_EQ(text_of(parse_cpu_table(row.text, "nf_conntrack")), row.expected) << row.sentence;
}

TEST(Softnet, IsReadByItsColumns) {
    const Row rows[] = {
        {"9 columns, of long ago: which CPU it is has to be guessed",
         "0000000b 00000002 00000001 0 0 0 0 0 00000003\n",
         "cpu0: processed=11 dropped=2 time_squeeze=1 cpu_collision=3 "},
        {"13 columns: the last says which CPU",
         "0000000b 00000002 00000001 0 0 0 0 0 0 00000005 00000007 00000003 0000001f\n",
         "cpu31: processed=11 dropped=2 time_squeeze=1 cpu_collision=0 received_rps=5 "
         "flow_limit_count=7 backlog_len=3 (level) "},
        {"15 columns", "1 2 3 0 0 0 0 0 0 5 7 b 4 d 11\n",
         "cpu4: processed=1 dropped=2 time_squeeze=3 cpu_collision=0 received_rps=5 "
         "flow_limit_count=7 backlog_len=11 (level) input_qlen=13 (level) process_qlen=17 "
         "(level) "},
        {"columns of the future are left alone", "1 2 3 0 0 0 0 0 0 5 7 b 4 d 11 13 17 1d\n",
         "cpu4: processed=1 dropped=2 time_squeeze=3 cpu_collision=0 received_rps=5 "
         "flow_limit_count=7 backlog_len=11 (level) input_qlen=13 (level) process_qlen=17 "
         "(level) "},
        {"a line that is cut", "0000000b 00000002\n", "cpu0: processed=11 dropped=2 "},
        {"no numbers at all", "what is this\n", ""},
    };
    for (const Row &row : rows)
        EXPECT_EQ(text_of(parse_softnet(row.text)), row.expected) << row.sentence;
}

TEST(CpuCounts, AreAddedUp) {
    EXPECT_EQ(parse_cpu_counts("12,0,7\n"), 19U);
    EXPECT_EQ(parse_cpu_counts("5"), 5U);
    EXPECT_EQ(parse_cpu_counts(""), 0U);
    EXPECT_EQ(parse_cpu_counts("x,3\n"), 3U);
}

class Kernels : public testing::TestWithParam<const char *> {
  protected:
    static std::string fixture(const std::string &file) {
        std::ifstream in(WHYDROP_FIXTURES "/counters/" + std::string(GetParam()) + "/" + file);
        std::stringstream text;
        text << in.rdbuf();
        return text.str();
    }
    static uint64_t value(const CounterGroup &group, const std::string &name) {
        for (const Counter &counter : group.counters)
            if (counter.name == name)
                return counter.value;
        ADD_FAILURE() << "no " << name << " in " << group.source;
        return 0;
    }
};

// Five datagrams were sent to a port that nobody has.
TEST_P(Kernels, FilesAreReadWhole) {
    const CounterGroup snmp = parse_counter_pairs(fixture("snmp"), "snmp");
    EXPECT_EQ(value(snmp, "UdpNoPorts"), 5U);
    EXPECT_EQ(value(snmp, "IcmpOutDestUnreachs"), 5U);
    EXPECT_EQ(value(snmp, "IcmpMsgOutType3"), 5U);
    const CounterGroup netstat = parse_counter_pairs(fixture("netstat"), "netstat");
    EXPECT_EQ(value(netstat, "TcpExtListenOverflows"), 0U);
    EXPECT_GT(netstat.counters.size(), 130U);
    const CounterGroup snmp6 = parse_counter_list(fixture("snmp6"), "snmp6");
    EXPECT_EQ(value(snmp6, "Udp6NoPorts"), 0U);
    EXPECT_GT(snmp6.counters.size(), 70U);
}

TEST_P(Kernels, TheSoftnetFileNamesItsCpus) {
    std::set<std::string> cpus;
    for (const CounterGroup &group : parse_softnet(fixture("softnet_stat"))) {
        cpus.insert(group.place);
        EXPECT_GE(group.counters.size(), 7U);
    }
    EXPECT_EQ(cpus, (std::set<std::string>{"cpu0", "cpu1"}));
}

TEST_P(Kernels, TablesHaveEntriesOnce) {
    const auto groups = parse_cpu_table(fixture("arp_cache"), "arp_cache");
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_TRUE(groups[0].counters.front().level);
    EXPECT_EQ(groups[0].counters.front().name, "entries");
    EXPECT_EQ(groups[1].counters.front().name, "allocs");
}

INSTANTIATE_TEST_SUITE_P(Real, Kernels, testing::Values("5.10", "6.1", "6.12", "7"),
                         [](const auto &of) {
                             std::string name = "v" + std::string(of.param);
                             std::ranges::replace(name, '.', '_');
                             return name;
                         });

}  // namespace
}  // namespace whydrop
