// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop xdp drops` while programs lose packets.
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "source/xdp/verdicts.h"
#include "xdp_lab.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;

constexpr uint64_t lost = 13, passing = 11;
// So short that what is cut off makes a check of what should be there fail.
constexpr uint16_t short_payload = 16;
constexpr uint16_t lost_port = 9, passing_port = 7, grown_port = 2000;

class XdpDropsLive : public XdpLab {
  protected:
    // Skips where the kernel attaches nothing to the exit of programs, and says why.
    static std::string why_not(const XdpSubject &subject) {
        const auto program = open_program(subject.id());
        const auto info =
            program ? program_info(*program) : Result<BpfProgramInfo>(program.error());
        if (!info)
            return info.error().what;
        const auto counter = count_at_exit(*info);
        return counter ? "" : counter.error().what;
    }
};

struct DropRow {
    const char *sentence, *program;
    uint16_t port;
    uint32_t mode;
    const char *action;
    int answer, head, end;
    const char *file;
};

void PrintTo(const DropRow &row, std::ostream *out) {
    *out << row.sentence;
}

class XdpDropsLiveRows : public XdpDropsLive, public testing::WithParamInterface<DropRow> {};

TEST_P(XdpDropsLiveRows, AreCountedWithWhatWasDoneToThem) {
    const DropRow &row = GetParam();
    const XdpSubject there = subject(row.file, row.program, row.mode);
    if (const std::string why = why_not(there); !why.empty())
        GTEST_SKIP() << why;
    XdpLooker looker({"drops", "-n", netns(), "-i", network_->port(Side::rx).name});
    ASSERT_TRUE(looker.begins()) << looker.end().size() << looker.finished().err;
    send(passing_port, passing);
    const uint16_t payload = row.head ? short_payload : 32;
    const uint64_t bytes = frame_bytes(payload);
    send(row.port, lost, payload);
    EXPECT_TRUE(looker.counts("xdp_drop_total", "packets", lost));
    const auto lines = looker.end();
    EXPECT_EQ(looker.finished().status, 0) << looker.finished().err;
    const auto drops = of_type(lines, "xdp_drop");
    ASSERT_EQ(drops.size(), 1u) << Json(lines).dump(1);
    EXPECT_EQ(drops[0]["packets"], lost);
    EXPECT_EQ(drops[0]["bytes"], lost * bytes);
    EXPECT_EQ(drops[0]["action"], row.action);
    EXPECT_EQ(drops[0]["answer"], row.answer);
    EXPECT_EQ(drops[0]["head_bytes"], row.head);
    EXPECT_EQ(drops[0]["end_bytes"], row.end);
    EXPECT_EQ(drops[0]["program"], row.program);
    EXPECT_EQ(drops[0]["program_id"], there.id());
    EXPECT_EQ(drops[0]["dev"], network_->port(Side::rx).name);
    const auto packets = of_type(lines, "xdp_packet");
    ASSERT_EQ(packets.size(), 3u) << "the first of them";
    EXPECT_EQ(packets[0]["entry_bytes"], bytes);
    EXPECT_EQ(packets[0]["exit_bytes"], bytes - static_cast<uint64_t>(row.head));
    EXPECT_EQ(packets[0]["flow"],
              "10.77.0.1:40007 > 10.77.0.2:" + std::to_string(row.port) + " udp");
    const auto said = of_type(lines, "xdp_observation");
    EXPECT_EQ(said.size(), row.head ? 1u : 0u);
    if (row.head) {
        const std::string text = said[0]["observation"];
        EXPECT_NE(text.find("positive delta cut 20 bytes off the front: a packet of " +
                            std::to_string(bytes) + " bytes at entry had " +
                            std::to_string(bytes - 20) + " bytes at exit"),
                  std::string::npos)
            << text;
    }
    EXPECT_EQ(of_type(lines, "losses")[0]["losses"], Json::array());
}

const DropRow drop_rows[] = {
    {"Dropped", "drop_port", lost_port, XDP_FLAGS_DRV_MODE, "drop", 1, 0, 0, "answers"},
    {"DroppedByAGenericProgram", "drop_port", lost_port, XDP_FLAGS_SKB_MODE, "drop", 1, 0, 0,
     "answers"},
    {"Aborted", "abort_port", lost_port, XDP_FLAGS_DRV_MODE, "aborted", 0, 0, 0, "answers"},
    {"AnsweredNonsense", "nonsense", lost_port, XDP_FLAGS_DRV_MODE, "invalid", 4242, 0, 0,
     "answers"},
    {"CutInsteadOfGrown", "grow_wrongly", grown_port, XDP_FLAGS_DRV_MODE, "drop", 1, 20, 0,
     "packets"},
};

INSTANTIATE_TEST_SUITE_P(Rows, XdpDropsLiveRows, testing::ValuesIn(drop_rows),
                         [](const auto &row) { return std::string(row.param.sentence); });

struct FilterRow {
    const char *sentence;
    std::vector<std::string> words;
    uint64_t packets;
};

// Of what passes and what is dropped.
TEST_F(XdpDropsLive, FiltersAndActionsChoosePackets) {
    const XdpSubject there = subject("answers", "drop_port");
    if (const std::string why = why_not(there); !why.empty())
        GTEST_SKIP() << why;
    const FilterRow rows[] = {
        {"what is lost", {}, lost},
        {"what passes", {"--action", "pass"}, passing},
        {"both", {"--action", "pass,drop"}, passing + lost},
        {"by port", {"--action", "pass,drop", "udp port 7"}, passing},
        {"by address and length", {"src host 10.77.0.1 and less 1000"}, lost},
        {"nothing matches", {"tcp"}, 0},
    };
    for (const FilterRow &row : rows) {
        SCOPED_TRACE(row.sentence);
        std::vector<std::string> words = {"drops", "-n", netns(), "--each"};
        words.insert(words.end(), row.words.begin(), row.words.end());
        XdpLooker looker(words);
        XdpLooker all({"drops", "-n", netns(), "--action", "pass,drop"});
        ASSERT_TRUE(looker.begins() && all.begins());
        send(passing_port, passing);
        send(lost_port, lost);
        EXPECT_TRUE(all.counts("xdp_drop_total", "packets", passing + lost));
        all.end();
        const auto lines = looker.end();
        uint64_t packets = 0;
        for (const Json &drop : of_type(lines, "xdp_drop"))
            packets += drop["packets"].get<uint64_t>();
        EXPECT_EQ(packets, row.packets);
        EXPECT_EQ(of_type(json_lines(looker.finished().out), "xdp_packet").size(), row.packets)
            << "each is shown";
    }
}

TEST_F(XdpDropsLive, ACaptureHasThePackets) {
    const XdpSubject there = subject("answers", "abort_port");
    if (const std::string why = why_not(there); !why.empty())
        GTEST_SKIP() << why;
    const std::string path = testing::TempDir() + "whydrop-xdp-drops-" + netns();
    XdpLooker looker({"drops", "-n", netns(), "--pcapng", path});
    ASSERT_TRUE(looker.begins());
    send(lost_port, lost);
    EXPECT_TRUE(looker.counts("xdp_drop_total", "packets", lost));
    looker.end();
    std::ifstream file(path, std::ios::binary);
    const std::string capture{std::istreambuf_iterator<char>(file), {}};
    size_t reasons = 0;
    for (size_t at = 0; (at = capture.find("reason: XDP_ABORTED", at)) != std::string::npos; at++)
        reasons++;
    EXPECT_EQ(reasons, lost);
    EXPECT_NE(capture.find("location: abort_port+0x0 [bpf program"), std::string::npos);
    ::unlink(path.c_str());
}

// The kernel counts what there is no room to show.
TEST_F(XdpDropsLive, AFloodIsCountedWhatIsNotShownIsALoss) {
    constexpr uint64_t flood = 10'007;
    const XdpSubject there = subject("answers", "drop_port");
    if (const std::string why = why_not(there); !why.empty())
        GTEST_SKIP() << why;
    XdpLooker looker({"drops", "-n", netns(), "--each", "--ring-size", "4096"});
    XdpLooker counting({"drops", "-n", netns()});
    ASSERT_TRUE(looker.begins() && counting.begins());
    send(lost_port, flood);
    EXPECT_TRUE(counting.counts("xdp_drop_total", "packets", flood));
    counting.end();
    const auto lines = looker.end();
    const auto drops = of_type(lines, "xdp_drop");
    ASSERT_EQ(drops.size(), 1u);
    EXPECT_EQ(drops[0]["packets"], flood);
    uint64_t full = 0;
    const Json losses = of_type(lines, "losses").at(0)["losses"];
    for (const Json &loss : losses)
        if (loss["kind"] == "ring_full")
            full = loss["count"].get<uint64_t>();
    EXPECT_EQ(of_type(json_lines(looker.finished().out), "xdp_packet").size() + full, flood);
}

TEST_F(XdpDropsLive, AProgramThatComesLaterIsObserved) {
    std::optional<XdpSubject> first(subject("answers", "drop_port"));
    if (const std::string why = why_not(*first); !why.empty())
        GTEST_SKIP() << why;
    XdpLooker looker({"drops", "-n", netns()});
    ASSERT_TRUE(looker.begins());
    send(lost_port, lost);
    EXPECT_TRUE(looker.counts("xdp_drop_total", "packets", lost));
    first.reset();
    const XdpSubject second = subject("answers", "abort_port");
    EXPECT_TRUE(comes_true([&] { return looker.has_said("came during the run"); },
                           std::chrono::seconds(20)));
    send(lost_port, lost);
    EXPECT_TRUE(looker.counts("xdp_drop_total", "packets", 2 * lost));
    EXPECT_EQ(of_type(looker.end(), "xdp_drop").size(), 2u);
}

// Where the kernel lets nobody at the exit of programs, that is said, and what there is instead.
TEST_F(XdpDropsLive, AKernelThatCannotIsToldWithTheAlternative) {
    const XdpSubject there = subject("answers", "drop_port");
    if (why_not(there).empty())
        GTEST_SKIP() << "this kernel can";
    const Finished done = run_process({WHYDROP_BINARY, "xdp", "drops", "-n", netns(), "-d", "1"});
    EXPECT_EQ(done.status, 3);
    EXPECT_NE(done.err.find("program " + std::to_string(there.id()) +
                            ": the kernel does not let us attach to its entry and exit"),
              std::string::npos)
        << done.err;
    EXPECT_NE(done.err.find("whydrop xdp exceptions"), std::string::npos) << done.err;
}

}  // namespace
}  // namespace whydrop::live
