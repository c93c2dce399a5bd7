// SPDX-License-Identifier: GPL-2.0-or-later
// A live run and the replay of its recording say the same, word for word.
#include <gtest/gtest.h>

#include <regex>

#include "../unit/temp_dir.h"
#include "process.h"

namespace whydrop::live {
namespace {

const std::string kWhydrop = WHYDROP_BINARY;

using Words = std::vector<std::string>;

struct Row {
    const char *sentence;
    Words options;
};

TEST(Replay, SaysWhatTheRunSaid) {
    if (const std::string why = why_not_here(kWhydrop); !why.empty())
        GTEST_SKIP() << why;
    const Row rows[] = {
        {"counted in the kernel", {}},
        {"counted with stacks", {"-s"}},
        {"by other keys", {"--by", "proto,src,comm"}},
        {"each drop", {"--each"}},
        {"each drop with its stack", {"--each", "-s"}},
        {"the summary", {"-q"}},
    };
    for (const Row &row : rows) {
        const test::TempDir dir;
        const std::string file = dir.path() + "/run.jsonl";
        Words words = {kWhydrop, "drops", "--interval", "0", "--all", "-o", file};
        words.insert(words.end(), row.options.begin(), row.options.end());
        const std::string causes = kWhydrop + " demo --only ipv4.checksum --times 13 >/dev/null";
        words.insert(words.end(), {"--", "sh", "-c", causes});
        const Finished live = run_process(words);
        ASSERT_EQ(live.status, 0) << row.sentence << live.err;
        Words again = {kWhydrop, "replay", file, "--all"};
        if (row.options == Words{"-q"})
            again.emplace_back("-q");
        const Finished replayed = run_process(again);
        EXPECT_EQ(replayed.status, 0) << row.sentence << replayed.err;
        EXPECT_NE(live.out.find("\nlosses: none\n"), std::string::npos) << live.out;
        EXPECT_EQ(live.out, replayed.out) << row.sentence;
        const Finished counted =
            run_process({kWhydrop, "replay", file, "--all", "--no-header", "--by", "src"});
        const bool has_key = row.options == Words{"--by", "proto,src,comm"} ||
                             (!row.options.empty() && row.options[0] == "--each");
        EXPECT_EQ(counted.status, has_key ? 0 : 2) << row.sentence << counted.err;
        // Others may lose packets meanwhile: no fewer than ours, and all that the run had counted.
        std::smatch found;
        const bool has_row =
            std::regex_search(counted.out, found, std::regex("10\\.77\\.0\\.1 +([0-9]+) "));
        EXPECT_EQ(has_row, has_key) << row.sentence << counted.out;
        if (has_row) {
            EXPECT_GE(std::stoul(found[1]), 13u) << row.sentence << counted.out;
        }
        const std::string total = live.out.substr(live.out.find("total: "));
        EXPECT_EQ(counted.out.ends_with(total), has_key) << row.sentence << counted.out;
    }
}

// What was received, and tables: the words of a live command, and what replay is asked for.
const Row kOthers[] = {
    {"what was received", {"receive"}},
    {"... with its stacks", {"receive", "-s"}},
    {"... by other keys", {"receive", "--by", "netns,pkt_type,comm"}},
    {"... packet by packet", {"receive", "--each"}},
    {"how far it came", {"receive", "--path"}},
    {"a histogram", {"hist", "net:netif_receive_skb", "--key", "name,len.log2"}},
    {"... with sums, and cut",
     {"hist", "net:netif_receive_skb", "--key", "len", "--val", "len", "--top", "1"}},
    {"... of stacks", {"hist", "net:netif_receive_skb", "--key", "common_stacktrace"}},
    {"... of times between",
     {"hist", "--from", "net:netif_receive_skb", "--to", "skb:kfree_skb", "--on", "skbaddr"}},
};

TEST(Replay, SaysWhatOtherCommandsSaid) {
    if (const std::string why = why_not_here(kWhydrop); !why.empty())
        GTEST_SKIP() << why;
    for (const Row &row : kOthers) {
        SCOPED_TRACE(row.sentence + (": " + row.options[0]));
        const test::TempDir dir;
        const std::string file = dir.path() + "/run.jsonl";
        Words words = {kWhydrop};
        words.insert(words.end(), row.options.begin(), row.options.end());
        const std::string causes = kWhydrop + " demo --only ipv4.checksum --times 13 >/dev/null";
        words.insert(words.end(), {"--interval", "0", "-o", file, "--", "sh", "-c", causes});
        const Finished live = run_process(words);
        ASSERT_EQ(live.status, 0) << live.err;
        EXPECT_NE(live.out.find("losses: none\n"), std::string::npos) << live.out;
        const Finished replayed = run_process({kWhydrop, "replay", file});
        EXPECT_EQ(replayed.status, 0) << replayed.err;
        EXPECT_EQ(live.out, replayed.out);
    }
}

// Ctrl-C in `drops.py | whydrop replay -` is for drops.py, which then writes what it has counted.
TEST(Replay, OfAPipePassesOverTheFirstInterrupt) {
    const test::TempDir dir;
    const std::string script =
        "cd '" + dir.path() + "' && mkfifo pipe && { '" + kWhydrop +
        "' replay - <pipe >shown & }\n"
        "pid=$!; exec 3>pipe\n"
        "caught() { (( 0x$(awk '/^SigCgt/ { print $2 }' /proc/$pid/status) & 2 )); }\n"
        "for i in {1..500}; do caught && break; sleep 0.02; done\n"
        "kill -INT $pid\n"
        "echo '{\"type\":\"drop_total\",\"schema\":1,\"final\":true,\"by\":[\"dev\"],\"from_ns\":1,"
        "\"to_ns\":5,\"total\":{\"events\":13,\"packets\":13,\"bytes\":26},\"other\":{\"events\":"
        "13,"
        "\"packets\":13,\"bytes\":26}}' >&3\n"
        "echo '{\"type\":\"losses\",\"schema\":1,\"losses\":[]}' >&3\n"
        "exec 3>&-; wait $pid; echo \"status $?\"; cat shown";
    const Finished done = run_process({"/bin/bash", "-c", script});
    EXPECT_NE(done.out.find("status 0\n"), std::string::npos) << done.out << done.err;
    EXPECT_NE(done.out.find("total: 13 events"), std::string::npos) << done.out << done.err;
}

}  // namespace
}  // namespace whydrop::live
