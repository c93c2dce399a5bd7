// SPDX-License-Identifier: GPL-2.0-or-later
// What whydrop says of XDP programs that are really there, about packets that were really sent.
#include <gtest/gtest.h>

#include <numeric>

#include "source/xdp/errors.h"
#include "source/xdp/verdicts.h"
#include "xdp_lab.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;

class XdpLive : public XdpLab {
  protected:
    [[nodiscard]] std::vector<Json> status(std::vector<std::string> words = {}) const {
        words.insert(words.begin(), {WHYDROP_BINARY, "xdp", "status", "-f", "json", "-n", netns()});
        const Finished done = run_process(words);
        EXPECT_EQ(done.status, 0) << done.err;
        return json_lines(done.out);
    }
};

BpfProgramInfo info_of(const XdpSubject &subject) {
    const auto program = open_program(subject.id());
    auto info = program ? program_info(*program) : Result<BpfProgramInfo>(program.error());
    EXPECT_TRUE(info.ok()) << info.error().what;
    return info ? *info : BpfProgramInfo();
}

XdpCount of(const std::vector<XdpCounts> &all, XdpAnswer answer) {
    XdpCount sum;
    for (const XdpCounts &counts : all) {
        sum.packets += counts.answers[static_cast<size_t>(answer)].packets;
        sum.bytes += counts.answers[static_cast<size_t>(answer)].bytes;
    }
    return sum;
}

uint64_t all_of(const std::vector<XdpCounts> &all) {
    uint64_t sum = 0;
    for (const XdpCounts &counts : all) {
        sum += counts.runs;
        for (const XdpCount &count : counts.answers)
            sum += count.packets;
    }
    return sum;
}

TEST_F(XdpLive, StatusNamesProgramModeMapsAndDevice) {
    const XdpSubject there = subject("answers", "redirect_port");
    const auto lines = status();
    ASSERT_GE(lines.size(), 2u);
    const Json &line = lines[0];
    EXPECT_EQ(line["type"], "xdp_program");
    EXPECT_EQ(line["dev"], network_->port(Side::rx).name);
    EXPECT_EQ(line["netns_inode"], network_->inode(Side::rx));
    EXPECT_EQ(line["mode"], "native");
    EXPECT_EQ(line["id"], there.id());
    EXPECT_EQ(line["program"], "redirect_port");
    EXPECT_EQ(line["tag"].get<std::string>().size(), 16u);
    ASSERT_EQ(line["maps"].size(), 1u);
    EXPECT_EQ(line["maps"][0].get<std::string>().rfind("devices ", 0), 0u);
    EXPECT_EQ(lines.back()["type"], "losses");
}

TEST_F(XdpLive, StatusTellsGenericFromNativeAndNothingFromBoth) {
    EXPECT_EQ(status().size(), 1u) << "only the losses: there is no program";
    const XdpSubject there = subject("answers", "pass", XDP_FLAGS_SKB_MODE);
    EXPECT_EQ(status()[0]["mode"], "generic");
}

// The other end has no program: what this one sends back is lost.
TEST_F(XdpLive, StatusWarnsOfAVethThatIsDeaf) {
    std::optional<XdpSubject> here(subject("answers", "send_back"));
    auto lines = status();
    ASSERT_GE(lines.size(), 3u);
    EXPECT_EQ(lines[1]["type"], "xdp_warning");
    const std::string warning = lines[1]["warning"];
    EXPECT_NE(warning.find(network_->port(Side::tx).name), std::string::npos) << warning;
    auto there = XdpSubject::attach("answers", "pass", network_->netns(Side::tx),
                                    network_->port(Side::tx).ifindex);
    ASSERT_TRUE(there.ok()) << there.error().what;
    lines = status();
    EXPECT_EQ(lines[1]["type"], "losses") << "now it listens";
}

TEST_F(XdpLive, StatusRefusesADeviceThatIsNotThere) {
    const Finished done =
        run_process({WHYDROP_BINARY, "xdp", "status", "-i", "no-such-device", "-n", netns()});
    EXPECT_EQ(done.status, 2);
    EXPECT_NE(done.err.find("no-such-device"), std::string::npos) << done.err;
}

// By every way that this kernel has.
TEST_F(XdpLive, EveryWayCountsWhatWasSent) {
    const XdpSubject there = subject("counted", "counted");
    const BpfProgramInfo info = info_of(there);
    const uint64_t bytes = frame_bytes();
    size_t ways = 0;
    for (const auto open : {count_at_exit, count_by_map}) {
        const auto counter = open(info);
        if (!counter)
            continue;
        ways++;
        const auto before = (*counter)->read();
        ASSERT_TRUE(before.ok()) << before.error().what;
        send_both();
        auto after = before;
        comes_true(
            [&] {
                after = (*counter)->read();
                return !after || all_of(*after) >= all_of(*before) + passed + dropped;
            },
            patience);
        ASSERT_TRUE(after.ok()) << after.error().what;
        const auto grown = [&](XdpAnswer answer) {
            const XdpCount was = of(*before, answer), is = of(*after, answer);
            return XdpCount{is.packets - was.packets, is.bytes - was.bytes};
        };
        SCOPED_TRACE((*counter)->description());
        EXPECT_EQ(grown(XdpAnswer::pass), (XdpCount{passed, passed * bytes}));
        EXPECT_EQ(grown(XdpAnswer::drop), (XdpCount{dropped, dropped * bytes}));
        EXPECT_EQ(grown(XdpAnswer::aborted).packets, 0u);
    }
    EXPECT_GE(ways, 1u) << "its own map can be read on every kernel";
    const auto runs = count_by_runs(info);
    ASSERT_TRUE(runs.ok()) << runs.error().what;
    const uint64_t before = all_of(*(*runs)->read());
    send_both();
    EXPECT_TRUE(comes_true([&] { return all_of(*(*runs)->read()) == before + passed + dropped; },
                           patience));
}

TEST_F(XdpLive, AMapOfAnotherShapeIsRefusedWithWhatWasFound) {
    const XdpSubject there = subject("answers", "redirect_port");
    const auto refused = count_by_map(info_of(there));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().what.find("devices (devmap, key 4, value 4 bytes, 4 entries)"),
              std::string::npos)
        << refused.error().what;
}

struct ErrorRow {
    const char *sentence, *program;
    XdpErrorKind kind;
    int32_t code;
};

void PrintTo(const ErrorRow &row, std::ostream *to) {
    *to << row.sentence;
}

class XdpLiveErrors : public XdpLive, public testing::WithParamInterface<ErrorRow> {};

TEST_P(XdpLiveErrors, AreCountedWithProgramAndDevice) {
    const ErrorRow &row = GetParam();
    const XdpSubject there = subject("answers", row.program);
    auto errors = XdpErrors::open();
    ASSERT_TRUE(errors.ok()) << errors.error().what;
    send_both();
    std::vector<XdpError> ours;
    const auto frames = [&] {
        ours.clear();
        const auto totals = (*errors)->read();
        EXPECT_TRUE(totals.ok() && totals->no_room == 0);
        uint64_t sum = 0;
        for (const XdpError &error : totals->errors)
            if (error.netns == network_->inode(Side::rx) && error.kind == row.kind) {
                ours.push_back(error);
                sum += error.frames;
            }
        return sum;
    };
    EXPECT_TRUE(comes_true([&] { return frames() == dropped; }, patience)) << frames();
    ASSERT_EQ(ours.size(), 1u);
    EXPECT_EQ(ours[0].code, row.code);
    EXPECT_EQ(ours[0].ifindex, network_->port(Side::rx).ifindex);
    // Frames of XDP_TX are sent in bulk, for nobody in particular.
    EXPECT_EQ(ours[0].program, row.kind == XdpErrorKind::bulk_tx ? 0 : there.id());
    EXPECT_EQ(std::accumulate(ours[0].by_cpu.begin(), ours[0].by_cpu.end(), uint64_t{0}), dropped);
}

const ErrorRow error_rows[] = {
    {"Aborted", "abort_port", XdpErrorKind::exception, 0},
    {"AnAnswerThatIsNone", "nonsense", XdpErrorKind::exception, 4242},
    {"RedirectedToAnEntryThatIsEmpty", "redirect_port", XdpErrorKind::exception, 0},
    {"RedirectedToADeviceThatIsNotThere", "redirect_nowhere", XdpErrorKind::redirect, EINVAL},
    {"SentBackToADeafVeth", "send_back", XdpErrorKind::bulk_tx, ENXIO},
};

INSTANTIATE_TEST_SUITE_P(Rows, XdpLiveErrors, testing::ValuesIn(error_rows),
                         [](const auto &row) { return std::string(row.param.sentence); });

}  // namespace
}  // namespace whydrop::live
