// SPDX-License-Identifier: GPL-2.0-or-later
// Output against tests/golden/*.txt; WHYDROP_UPDATE_GOLDEN=1 writes them anew.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "golden.h"
#include "render/json_lines.h"
#include "render/text.h"
#include "render/words.h"
#include "sample_report.h"
#include "sys/handle.h"

namespace whydrop {
namespace {

using test::expect_golden;

// What `write` sends to an Output.
std::string written(const std::function<void(Output &)> &write) {
    Fd fd(::memfd_create("output", MFD_CLOEXEC));
    Output output(fd.get());
    write(output);
    EXPECT_TRUE(output.flush().ok());
    std::string text(static_cast<size_t>(::lseek(fd.get(), 0, SEEK_CUR)), '\0');
    EXPECT_EQ(::pread(fd.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
}

void run(Sink &sink, const Report &report, const Losses &losses) {
    EXPECT_TRUE(sink.begin(sample::session()).ok());
    Report interval = report;  // the last half second of two
    interval.from_ns = report.to_ns - report.to_ns / 6;
    EXPECT_TRUE(sink.interval(interval).ok());
    EXPECT_TRUE(sink.end(report, losses).ok());
}

std::string text_run(const TextOptions &options, const Report &report = sample::report(),
                     const Losses &losses = sample::losses()) {
    return written([&](Output &output) {
        TextSink sink(output, options);
        run(sink, report, losses);
    });
}

TextOptions options_with(const std::function<void(TextOptions &)> &set) {
    TextOptions options;
    set(options);
    return options;
}

TEST(Golden, DropsText) {
    expect_golden("drops.txt", text_run({}));
}
TEST(Golden, DropsAllUnfolded) {
    expect_golden("drops-all-verbose.txt", text_run(options_with([](auto &o) {
                      o.style.show_folded = o.style.verbose = o.style.colour = true;
                  })));
}
TEST(Golden, DropsQuiet) {
    expect_golden("drops-quiet.txt", text_run(options_with([](auto &o) { o.quiet = true; })));
}
TEST(Golden, NothingDropped) {
    Report report;
    report.keys = sample::report().keys;
    expect_golden("drops-none.txt", text_run({}, report, {}));
}

TEST(Golden, DropsJson) {
    expect_golden("drops.jsonl", written([](Output &output) {
                      JsonLinesSink sink(output);
                      run(sink, sample::report(), sample::losses());
                  }));
}

TEST(Golden, DropsByFlow) {
    Report report = sample::report();
    report.keys = static_cast<GroupKeys>(GroupKey::reason) |
                  static_cast<GroupKeys>(GroupKey::proto) | static_cast<GroupKeys>(GroupKey::flow) |
                  static_cast<GroupKeys>(GroupKey::stack);
    report.groups.resize(1);
    DropGroup &group = report.groups[0];
    group.location.reset();
    group.dev.reset();
    group.samples.clear();
    group.proto = "ipv4";
    group.l4proto = "udp";
    group.flow = Flow{sample::ipv4(1), sample::ipv4(2), 1234, 53, 17};
    report.groups.push_back(group);  // another flow with the same cause: one block for both
    report.groups[1].flow->sport = 1237;
    report.groups[1].reason.reset();
    report.groups[1].explanation.reset();
    expect_golden("drops-flow.txt", text_run({}, report));
}

// No reason, no explanation: the keys, rates of packets and bytes, and the stacks.
TEST(Golden, ReceivedText) {
    Report report;
    report.event = PacketEvent::receive;
    report.final = true;
    report.keys = static_cast<GroupKeys>(GroupKey::dev) | static_cast<GroupKeys>(GroupKey::proto) |
                  static_cast<GroupKeys>(GroupKey::pkt_type);
    report.from_ns = sample::report().from_ns;
    report.to_ns = sample::report().to_ns;
    DropGroup group;
    group.event = PacketEvent::receive;
    group.keys = report.keys;
    group.dev = Device{"eth0", 2, 4026531840};
    group.proto = "ipv4";
    group.l4proto = "tcp";
    group.pkt_type = PacketType::host;
    group.count = {503, 1009, 700123};
    group.stack = Stack{{0, "__netif_receive_skb_core", 819, ""}, {0, "napi_gro_receive", 7, ""}};
    report.groups.push_back(group);
    group.proto = "arp";
    group.l4proto.reset();
    group.pkt_type = PacketType::broadcast;
    group.count = {7, 7, 322};
    group.stack.reset();
    report.groups.push_back(group);
    report.total = {510, 1016, 700445};
    expect_golden("receive.txt", text_run({}, report, {}));
    expect_golden("receive.jsonl", written([&](Output &output) {
                      JsonLinesSink sink(output);
                      run(sink, report, {});
                  }));
}

TEST(Golden, EachText) {
    ::setenv("TZ", "UTC", 1);
    DropRecord plain;
    plain.time_ns = 1'000'000'000;
    DropRecord with_stack = sample::record();
    with_stack.stack = {{0, "ip_rcv_core", 512, ""}};
    for (bool wide : {false, true}) {
        std::string text = written([&](Output &output) {
            TextSink sink(output, options_with([&](auto &o) { o.style.wide = wide; }));
            EXPECT_TRUE(sink.begin(sample::session()).ok());
            for (const auto &drop : {sample::record(), plain, with_stack})
                EXPECT_TRUE(sink.record(drop).ok());
        });
        expect_golden(wide ? "each-wide.txt" : "each.txt", text);
    }
}

TEST(Text, NoLinePassesAHundredColumnsAndNoneHasControlBytes) {
    Report report = sample::report();
    report.groups[0].location->name = std::string(97, 'l');
    report.groups[0].dev->name = std::string(31, 'd');
    std::stringstream lines(text_run({}, report));
    std::string line;
    size_t count = 0;
    bool was_blank = false;
    for (; std::getline(lines, line); ++count) {
        bool heading = was_blank;  // the heading of a block holds names in full
        was_blank = line.empty();
        EXPECT_TRUE(heading || width(line) <= 100u) << line;
        EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' '; })) << line;
    }
    EXPECT_GT(count, 23u);
}

TEST(Text, WhatXdpLostIsSaidBesideTheDrops) {
    Report report;
    EXPECT_EQ(xdp_lines(report), "");
    report.xdp = {{"ABORTED", "parse 42", "eth0", 13}, {"cpumap: full", "", "", 1}};
    EXPECT_EQ(
        xdp_lines(report),
        "lost behind XDP programs, some perhaps also above ('whydrop xdp exceptions' says why):\n"
        "  13 frames: ABORTED by parse 42 on eth0\n"
        "  1 frame: cpumap: full\n");
}

TEST(Text, NoHeaderLeavesTheRows) {
    std::string text = text_run(options_with([](auto &o) { o.style.header = false; }));
    EXPECT_EQ(text.find("EVENTS/S"), std::string::npos);
    EXPECT_NE(text.find("IP_CSUM"), std::string::npos);
}

TEST(Text, ManyGroupsAreCutVisibly) {
    Report report = sample::report();
    report.groups.assign(127, report.groups[0]);
    std::string text = text_run({}, report);
    EXPECT_NE(text.find("and 3317 events in 107 more groups (-v shows them)"), std::string::npos);
    EXPECT_NE(text.find("and 837 events in 27 more groups"), std::string::npos);
    EXPECT_NE(text.find("127 groups: 3937 events, ipv4.checksum"), std::string::npos);
}

struct Terminal {
    Fd master, slave;
};

Terminal open_terminal(unsigned short rows, unsigned short columns) {
    winsize size{rows, columns, 0, 0};
    int master = -1, slave = -1;
    EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
    return {Fd(master), Fd(slave)};
}

// Up to where the rest of the screen is cleared: what a terminal is sent may arrive in parts.
std::string read_terminal(int fd) {
    std::string text, part(65536, '\0');
    pollfd readable{fd, POLLIN, 0};
    while (text.find("\x1b[J") == std::string::npos && ::poll(&readable, 1, 5000) == 1) {
        const ssize_t n = ::read(fd, part.data(), part.size());
        if (n <= 0)
            break;
        text.append(part, 0, static_cast<size_t>(n));
    }
    return text;
}

TEST(Live, EveryScreenFitsTheWindowAlsoAfterAResize) {
    Report report = sample::report();
    report.groups.assign(127, report.groups[0]);
    struct Row {
        const char *what;
        unsigned short rows, columns;
    };
    const Row windows[] = {
        {"usual", 24, 80}, {"smaller in both", 7, 41}, {"larger", 53, 211}, {"hardly any", 2, 11}};
    Terminal terminal = open_terminal(24, 80);
    Output output(terminal.slave.get());
    TextSink sink(output, options_with([](auto &o) { o.live = true; }));
    for (const Row &window : windows) {
        winsize size{window.rows, window.columns, 0, 0};
        ASSERT_EQ(::ioctl(terminal.slave.get(), TIOCSWINSZ, &size), 0);
        ASSERT_TRUE(sink.interval(report).ok());
        std::string text = read_terminal(terminal.master.get());
        text.erase(0, text.find("\x1b[H"));
        EXPECT_TRUE(text.starts_with("\x1b[H")) << window.what;
        EXPECT_TRUE(text.ends_with("\x1b[J")) << window.what;
        EXPECT_LT(std::count(text.begin(), text.end(), '\n'), window.rows) << window.what;
        std::stringstream lines(text.substr(3));
        for (std::string line; std::getline(lines, line) && !line.starts_with("\x1b[J");)
            EXPECT_LE(line.find("\x1b[K"), window.columns) << window.what << ": " << line;
    }
    ASSERT_TRUE(sink.end(report, {}).ok());
    EXPECT_TRUE(read_terminal(terminal.master.get()).starts_with("\x1b[H\x1b[J"));
}

TEST(Output, ReaderThatLeavesIsQuiet) {
    ASSERT_NE(std::signal(SIGPIPE, SIG_IGN), SIG_ERR);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    Fd write_end(ends[1]);
    Output output(write_end.get());
    JsonLinesSink sink(output);
    EXPECT_FALSE(sink.closed());
    EXPECT_FALSE(sink.begin(sample::session()).ok());
    EXPECT_TRUE(sink.closed());
    EXPECT_FALSE(sink.end(sample::report(), {}).ok());
}

TEST(Output, FullDiskIsAnErrorWithAHint) {
    Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    if (!full)
        GTEST_SKIP() << "no /dev/full here";
    Output output(full.get());
    TextSink sink(output, {});
    Status status = sink.end(sample::report(), {});
    ASSERT_FALSE(status.ok());
    EXPECT_FALSE(sink.closed());
    EXPECT_EQ(status.error().what, "cannot write the output: No space left on device");
    EXPECT_FALSE(status.error().hint.empty());
    EXPECT_FALSE(output.flush().ok()) << "an error stays";
}

TEST(Colour, ChoiceEnvironmentAndTerminal) {
    Terminal terminal = open_terminal(24, 80);
    int tty = terminal.slave.get();
    Fd file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
    EXPECT_TRUE(use_colour(ColourChoice::automatic, tty));
    EXPECT_FALSE(use_colour(ColourChoice::automatic, file.get()));
    EXPECT_TRUE(use_colour(ColourChoice::always, file.get()));
    ::setenv("NO_COLOR", "1", 1);
    EXPECT_FALSE(use_colour(ColourChoice::automatic, tty));
    EXPECT_TRUE(use_colour(ColourChoice::always, tty));
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "dumb", 1);
    EXPECT_FALSE(use_colour(ColourChoice::automatic, tty));
    EXPECT_FALSE(use_colour(ColourChoice::never, tty));
}

TEST(Words, NamesCannotSteerTheTerminal) {
    EXPECT_EQ(escaped("a\x1b[2J\xff\n"), "a\\x1b[2J\\xff\\x0a");
    EXPECT_EQ(without_controls("caf\xc3\xa9 \x1b[2J \xc2\x9b"), "caf\xc3\xa9  [2J ");
    EXPECT_EQ(cut("caf\xc3\xa9s", 5), "caf\xc3\xa9s");
    EXPECT_EQ(cut("caf\xc3\xa9s", 4), "c...");
    EXPECT_EQ(cut("abc", 2), "..");
}

}  // namespace
}  // namespace whydrop
