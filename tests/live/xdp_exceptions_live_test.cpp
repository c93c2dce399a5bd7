// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop xdp exceptions` while programs really fail, and frames that they redirect are lost.
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "lab/frames.h"
#include "xdp_lab.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;

constexpr uint64_t failing = 13, passing = 11;
constexpr uint16_t failing_port = 9, passing_port = 7;

// Where a program that redirects sends to: to the second port of its side, or to lo.
enum class Target { none, deaf, down, small, loopback };

struct ErrorRow {
    const char *sentence, *program;
    Target target;
    const char *tracepoint;
    int errno_code;  // 0: it has none
    int answer;
    const char *name, *cause;
};

class XdpExceptionsLive : public XdpLab {
  protected:
    // An interface request on the second receiving port.
    void ask_port(unsigned long what, int value) const {
        const auto inside = network_->enter(Side::rx);
        ASSERT_TRUE(inside.ok());
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq request = {};
        network_->port(Side::rx, 1).name.copy(request.ifr_name, IFNAMSIZ - 1);
        if (what == SIOCSIFMTU)
            request.ifr_mtu = value;
        else
            request.ifr_flags = static_cast<short>(value);
        ASSERT_EQ(::ioctl(socket.get(), what, &request), 0);
    }
    // Gives what makes the second port take redirected frames: a program on its other end.
    [[nodiscard]] std::optional<XdpSubject> open(Target target) const {
        if (target != Target::down && target != Target::small)
            return {};
        auto attached = XdpSubject::attach("answers", "pass", network_->netns(Side::tx),
                                           network_->port(Side::tx, 1).ifindex);
        EXPECT_TRUE(attached.ok()) << attached.error().what;
        return std::move(*attached);
    }
    void aim(const XdpSubject &subject, Target target) const {
        constexpr uint32_t loopback = 1;
        if (target == Target::none)
            return;
        {
            const auto inside = network_->enter(Side::rx);
            ASSERT_TRUE(inside.ok());
            const auto set = subject.set(
                "devices", 0,
                target == Target::loopback ? loopback : network_->port(Side::rx, 1).ifindex);
            ASSERT_TRUE(set.ok()) << set.error().what;
        }
        if (target == Target::down)
            ask_port(SIOCSIFFLAGS, 0);
        if (target == Target::small)
            ask_port(SIOCSIFMTU, 68);
    }
};

class XdpExceptionsLiveRows : public XdpExceptionsLive,
                              public testing::WithParamInterface<ErrorRow> {};

TEST_P(XdpExceptionsLiveRows, AreCountedAndExplained) {
    const ErrorRow &row = GetParam();
    const XdpSubject there = subject("answers", row.program);
    const auto target = open(row.target);
    aim(there, row.target);
    XdpLooker looker({"exceptions", "-n", netns()});
    ASSERT_TRUE(looker.begins());
    send(passing_port, passing);
    send(failing_port, failing, row.target == Target::small ? 64 : 32);
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", failing));
    const auto lines = looker.end();
    EXPECT_EQ(looker.finished().status, 0) << looker.finished().err;
    const auto errors = of_type(lines, "xdp_error");
    ASSERT_EQ(errors.size(), 1u) << Json(lines).dump(1);
    EXPECT_EQ(errors[0]["frames"], failing);
    EXPECT_EQ(errors[0]["tracepoint"], row.tracepoint);
    EXPECT_EQ(errors[0]["error"], row.name);
    EXPECT_EQ(errors[0]["dev"], network_->port(Side::rx).name);
    EXPECT_EQ(errors[0]["netns_inode"], network_->inode(Side::rx));
    EXPECT_EQ(errors[0][row.errno_code ? "errno" : "answer"],
              row.errno_code ? row.errno_code : row.answer);
    const std::string tracepoint = row.tracepoint;
    if (tracepoint == "xdp_exception" || tracepoint == "xdp_redirect_err") {
        EXPECT_EQ(errors[0]["program_id"], there.id());
        EXPECT_EQ(errors[0]["program"], row.program);
    }
    const auto causes = of_type(lines, "xdp_error_cause");
    ASSERT_EQ(causes.size(), 1u);
    EXPECT_NE(causes[0]["cause"].get<std::string>().find(row.cause), std::string::npos);
    EXPECT_EQ(of_type(lines, "losses").size(), 1u);
}

const ErrorRow error_rows[] = {
    {"Aborted", "abort_port", Target::none, "xdp_exception", 0, 0, "ABORTED", "way out"},
    {"AnAnswerThatIsNone", "nonsense", Target::none, "xdp_exception", 0, 4242, "answer 4242",
     "no action"},
    {"AnEmptyEntry", "redirect_port", Target::none, "xdp_exception", 0, 0, "ABORTED",
     "empty entry"},
    {"NoSuchDevice", "redirect_nowhere", Target::none, "xdp_redirect_err", EINVAL, 0,
     "redirect: EINVAL", "no such target"},
    {"ADeviceThatIsDown", "redirect_port", Target::down, "xdp_redirect_err", ENETDOWN, 0,
     "redirect: ENETDOWN", "is down"},
    {"ADeviceForShorterFrames", "redirect_port", Target::small, "xdp_redirect_err", EMSGSIZE, 0,
     "redirect: EMSGSIZE", "MTU"},
    {"ADriverThatTakesNone", "redirect_port", Target::loopback, "xdp_redirect_err", EOPNOTSUPP, 0,
     "redirect: EOPNOTSUPP", "ndo_xdp_xmit"},
    {"SentBackToADeafVeth", "send_back", Target::none, "xdp_bulk_tx", ENXIO, 0, "sent back: ENXIO",
     "other end has no XDP program"},
};

INSTANTIATE_TEST_SUITE_P(Rows, XdpExceptionsLiveRows, testing::ValuesIn(error_rows),
                         [](const auto &row) { return std::string(row.param.sentence); });

// Kernels that know what a device can do (66c0e13ad236, 6.3) do not even try.
TEST_F(XdpExceptionsLive, AVethWhoseOtherEndIsDeafIsNamed) {
    const XdpSubject there = subject("answers", "redirect_port");
    aim(there, Target::deaf);
    XdpLooker looker({"exceptions", "-n", netns()});
    ASSERT_TRUE(looker.begins());
    send(failing_port, failing);
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", failing));
    const auto lines = looker.end();
    const auto errors = of_type(lines, "xdp_error");
    ASSERT_EQ(errors.size(), 1u) << Json(lines).dump(1);
    if (errors[0]["tracepoint"] == "xdp_devmap_xmit") {
        EXPECT_EQ(errors[0]["error"], "sent on: ENXIO");
        EXPECT_EQ(errors[0]["target"], network_->port(Side::rx, 1).name);
    } else {
        EXPECT_EQ(errors[0]["error"], "redirect: EOPNOTSUPP");
        EXPECT_EQ(errors[0]["program_id"], there.id());
    }
    const std::string cause = of_type(lines, "xdp_error_cause").at(0)["cause"];
    EXPECT_NE(cause.find("a veth"), std::string::npos) << cause;
}

// As a driver without XDP has it run.
TEST_F(XdpExceptionsLive, GenericProgramsFailToo) {
    const XdpSubject there = subject("answers", "abort_port", XDP_FLAGS_SKB_MODE);
    XdpLooker looker({"exceptions", "-n", netns(), "--by", "error,cpu"});
    ASSERT_TRUE(looker.begins());
    send(failing_port, failing);
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", failing));
    uint64_t sum = 0;
    for (const Json &line : of_type(looker.end(), "xdp_error")) {
        EXPECT_EQ(line["error"], "ABORTED");
        EXPECT_FALSE(line.contains("dev"));
        EXPECT_LT(line["cpu"].get<uint64_t>(), 1024u);
        sum += line["frames"].get<uint64_t>();
    }
    EXPECT_EQ(sum, failing);
}

// The first of them where the kernel shows packets at the exit of programs; else why not.
TEST_F(XdpExceptionsLive, SamplesAreShownOrItIsSaidWhyNot) {
    const XdpSubject there = subject("answers", "abort_port");
    XdpLooker looker({"exceptions", "-n", netns(), "--sample"});
    ASSERT_TRUE(looker.begins());
    send(failing_port, failing);
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", failing));
    const auto packets = of_type(looker.end(), "xdp_packet");
    if (packets.empty()) {
        EXPECT_NE(looker.finished().out.find("is not observed: the kernel does not let us attach"),
                  std::string::npos)
            << looker.finished().err;
        return;
    }
    EXPECT_EQ(packets.size(), 3u);
    EXPECT_EQ(packets[0]["action"], "aborted");
    EXPECT_EQ(packets[0]["flow"], "10.77.0.1:40007 > 10.77.0.2:9 udp");
}

TEST_F(XdpExceptionsLive, OtherDevicesAreLeftOut) {
    const XdpSubject there = subject("answers", "abort_port");
    XdpLooker other({"exceptions", "-n", netns(), "-i", network_->port(Side::rx, 1).name});
    XdpLooker looker({"exceptions", "-n", netns(), "-i", network_->port(Side::rx).name});
    ASSERT_TRUE(other.begins() && looker.begins());
    send(failing_port, failing);
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", failing));
    looker.end();
    EXPECT_EQ(of_type(other.end(), "xdp_error").size(), 0u);
}

// Live frames are redirected into a veth whose program aborts on each. What its ring had no room
// for is told apart, so that every frame is somewhere.
TEST_F(XdpExceptionsLive, EveryExceptionOfAFloodIsCounted) {
    constexpr uint32_t flood = 100'003;
    const XdpSubject aborts = subject("answers", "abort_port");
    auto sender = XdpSubject::attach("answers", "redirect_port", network_->netns(Side::tx),
                                     network_->port(Side::tx, 1).ifindex);
    ASSERT_TRUE(sender.ok()) << sender.error().what;
    XdpLooker looker({"exceptions", "--by", "error,program,dev"});
    ASSERT_TRUE(looker.begins());
    Status sent = success();
    {
        const auto inside = network_->enter(Side::tx);
        ASSERT_TRUE(inside.ok());
        ASSERT_TRUE(sender->set("devices", 0, network_->port(Side::tx).ifindex).ok());
        sent = sender->run(build_frame(frame_between(*network_, Side::tx)), flood);
    }
    if (!sent && sent.error().code == Errc::unsupported)
        send(failing_port, flood);  // as fast as a socket can
    else
        ASSERT_TRUE(sent.ok()) << sent.error().what;
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", flood));
    uint64_t aborted = 0, without_room = 0;
    const auto lines = looker.end();
    for (const Json &line : of_type(lines, "xdp_error")) {
        if (line["error"] == "ABORTED" && line["program_id"] == aborts.id())
            aborted += line["frames"].get<uint64_t>();
        else if (line["error"] == "sent on: full")
            without_room += line["frames"].get<uint64_t>();
    }
    EXPECT_EQ(aborted + without_room, flood) << Json(lines).dump(1);
    EXPECT_GT(aborted, 0u);
    RecordProperty("aborted", std::to_string(aborted));
    std::cout << "aborted " << aborted << ", no room in the ring " << without_room << "\n";
}

TEST_F(XdpExceptionsLive, ACommandIsObservedAndItsStatusGiven) {
    const Finished done = run_process(
        {WHYDROP_BINARY, "xdp", "exceptions", "-n", netns(), "-q", "--", "sh", "-c", "exit 7"});
    EXPECT_EQ(done.status, 7);
    EXPECT_NE(done.out.find("0 errors in"), std::string::npos) << done.out;
    EXPECT_NE(done.out.find("losses: none"), std::string::npos) << done.out;
}

// So that nobody looks for them among the drops.
TEST_F(XdpExceptionsLive, DropsSayBesideWhatXdpLost) {
    const XdpSubject there = subject("answers", "abort_port");
    Running drops({WHYDROP_BINARY, "drops", "-n", netns(), "-f", "json", "--interval", "0.1"});
    Running filtered({WHYDROP_BINARY, "drops", "-n", netns(), "--interval", "0.1", "udp"});
    XdpLooker looker({"exceptions", "-n", netns()});
    ASSERT_TRUE(looker.begins());
    EXPECT_TRUE(
        comes_true([&] { return drops.has_said("drop_total") && filtered.has_said("after"); },
                   std::chrono::seconds(20)));
    send(failing_port, failing);
    EXPECT_TRUE(looker.counts("xdp_error_total", "frames", failing));
    looker.end();
    drops.signal(SIGINT);
    filtered.signal(SIGINT);
    const auto totals = of_type(json_lines(drops.finish().out), "drop_total");
    ASSERT_FALSE(totals.empty());
    const Json xdp = totals.back().value("xdp", Json::array());
    ASSERT_EQ(xdp.size(), 1u);
    EXPECT_EQ(xdp[0]["error"], "ABORTED");
    EXPECT_EQ(xdp[0]["frames"], failing);
    EXPECT_EQ(xdp[0]["program"], "abort_port " + std::to_string(there.id()));
    EXPECT_EQ(xdp[0]["dev"], network_->port(Side::rx).name);
    EXPECT_EQ(filtered.finish().out.find("lost behind XDP"), std::string::npos)
        << "nobody knows whether they are UDP";
}

TEST_F(XdpExceptionsLive, ARecordingReadsTheSame) {
    const std::string path = testing::TempDir() + "whydrop-xdp-" + netns();
    const XdpSubject there = subject("answers", "abort_port");
    Running looker(
        {WHYDROP_BINARY, "xdp", "exceptions", "-n", netns(), "--interval", "0.1", "-o", path});
    EXPECT_TRUE(
        comes_true([&] { return looker.has_said("0 errors in"); }, std::chrono::seconds(20)));
    send(failing_port, failing);
    EXPECT_TRUE(comes_true([&] { return looker.has_said("ABORTED"); }, std::chrono::seconds(20)));
    looker.signal(SIGINT);
    const Finished done = looker.finish();
    EXPECT_EQ(done.status, 0) << done.err;
    const Finished again = run_process({WHYDROP_BINARY, "replay", path});
    EXPECT_EQ(again.status, 0) << again.err;
    const std::string total = std::to_string(failing) + " errors in";
    const size_t last = done.out.rfind(total);
    ASSERT_NE(last, std::string::npos) << done.out;
    EXPECT_EQ(again.out, done.out.substr(last));
    ::unlink(path.c_str());
}

}  // namespace
}  // namespace whydrop::live
