// SPDX-License-Identifier: GPL-2.0-or-later
// What is said about an expression that is none, and where the mark stands; what cannot run in the
// kernel. What a filter answers is asked of a kernel, in tests/filter.
#include <gtest/gtest.h>

#include <algorithm>

#include "filter/packet_filter.h"
#include "probes/wire.h"

namespace whydrop {
namespace {

TEST(Expression, IsMarkedWhereItIsWrong) {
    const struct {
        const char *expression, *mark, *problem;
    } rows[] = {
        {"tcp port and net 10.0.0.0/8", "         ^^^", "syntax error"},
        {"udp port nonesuch", "         ^^^^^^^^", "unknown port 'nonesuch'"},
        {"(tcp or udp", "           ^", "syntax error"},
        {"tcp)", "   ^", "syntax error"},
        {"ip[0] & = 3", "        ^", "syntax error"},
        {"port 53 or or tcp", "           ^^", "syntax error"},
        {"ip[2:3] = 1", "     ^", "data size must be 1, 2, or 4"},
        {"host 10.0.0.1 and ether host 10.0.0.2", "                             ^^^^^^^^",
         "illegal link layer address"},
        {"net 10.0.0.300/24", "    ^^^^^^^^^^^^^", "invalid IPv4 address"},
    };
    for (const auto &row : rows) {
        const auto compiled = compile_expression(row.expression, FilterLink::ethernet);
        ASSERT_FALSE(compiled.ok()) << row.expression;
        EXPECT_EQ(compiled.error().code, Errc::usage);
        const std::string &what = compiled.error().what;
        EXPECT_NE(what.find(row.problem), std::string::npos) << what;
        EXPECT_NE(
            (what + "\n").find(std::string("\n  ") + row.expression + "\n  " + row.mark + "\n"),
            std::string::npos)
            << what;
    }
}

TEST(Expression, WithControlCharactersIsNotShown) {
    const auto compiled = compile_expression("tcp \x1b[2J", FilterLink::ethernet);
    ASSERT_FALSE(compiled.ok());
    EXPECT_EQ(compiled.error().what.find('\x1b'), std::string::npos);
}

TEST(Filter, SaysWhatTheKernelCannotRun) {
    const struct {
        const char *expression, *problem;
    } rows[] = {
        {"ip protochain 6", "loop"},
        {"inbound", "live capture"},
        {"tcp and udp", "rejects all packets"},
    };
    for (const auto &row : rows) {
        const auto filter = PacketFilter::compile(row.expression, {});
        ASSERT_FALSE(filter.ok()) << row.expression;
        EXPECT_EQ(filter.error().code, Errc::usage);
        EXPECT_NE(filter.error().what.find(row.problem), std::string::npos) << filter.error().what;
    }
}

std::vector<bpf_insn> program_with_places(size_t room) {
    bpf_insn other{}, filler{};
    other.code = BPF_JMP | BPF_EXIT;
    filler.code = BPF_ALU64 | BPF_MOV | BPF_K;
    std::vector<bpf_insn> program(5, other);
    for (const uint32_t mark : {WIRE_PCAP_ETHERNET, WIRE_PCAP_RAW}) {
        filler.imm = static_cast<int32_t>(mark);
        program.insert(program.end(), room, filler);
        program.insert(program.end(), 3, other);
    }
    return program;
}

size_t fillers(const std::vector<bpf_insn> &program, uint32_t mark) {
    return static_cast<size_t>(
        std::count_if(program.begin(), program.end(),
                      [mark](const auto &insn) { return insn.imm == static_cast<int32_t>(mark); }));
}

TEST(Filter, IsWrittenOverItsPlacesAndNothingElse) {
    const auto filter = PacketFilter::compile("udp port 53", {});
    ASSERT_TRUE(filter.ok());
    const auto before = program_with_places(WIRE_PCAP_ROOM);
    auto program = before;
    ASSERT_TRUE(fill_places(program, &*filter).ok());
    ASSERT_EQ(program.size(), before.size());
    const size_t ethernet = filter->ethernet().size() + 2, ip = filter->ip().size() + 2;
    EXPECT_EQ(fillers(program, WIRE_PCAP_ETHERNET), WIRE_PCAP_ROOM - ethernet);
    EXPECT_EQ(fillers(program, WIRE_PCAP_RAW), WIRE_PCAP_ROOM - ip);
    auto same = [&](size_t from, size_t to) {
        return std::equal(
            before.begin() + static_cast<long>(from), before.begin() + static_cast<long>(to),
            program.begin() + static_cast<long>(from), [](const bpf_insn &a, const bpf_insn &b) {
                return a.code == b.code && a.imm == b.imm;
            });
    };
    EXPECT_TRUE(same(0, 5));
    EXPECT_TRUE(same(5 + ethernet, 5 + WIRE_PCAP_ROOM + 3));
    EXPECT_TRUE(same(5 + WIRE_PCAP_ROOM + 3 + ip, before.size()));
}

TEST(Filter, APlaceOfAnotherSizeIsLeftAlone) {
    auto program = program_with_places(WIRE_PCAP_ROOM - 1);
    EXPECT_FALSE(fill_places(program, nullptr).ok());
    EXPECT_EQ(fillers(program, WIRE_PCAP_ETHERNET), WIRE_PCAP_ROOM - 1);
}

}  // namespace
}  // namespace whydrop
