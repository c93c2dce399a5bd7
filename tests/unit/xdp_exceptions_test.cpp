// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of errors of XDP: each explained, and counted by what was asked for.
#include "engine/xdp_exceptions.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "engine/xdp_error_words.h"
#include "render/document.h"

namespace whydrop {
namespace {

class FakeNames : public XdpNames {
  public:
    std::string device(uint32_t, uint32_t ifindex) override {
        return ifindex == 9 ? "" : "veth" + std::to_string(ifindex);
    }
    std::string program(uint32_t id) override { return id == 99 ? "" : "parse"; }
    std::string called_by(uint32_t id) override { return id == 77 ? "one 78, two 79" : ""; }
    std::string netns(uint32_t inode) override { return inode == 1 ? "web" : ""; }
};

struct WordsRow {
    const char *sentence;
    XdpErrorKind kind;
    int32_t code;
    const char *name, *cause, *next;  // parts of them
};

const WordsRow words_rows[] = {
    {"the program's own way out", XdpErrorKind::exception, 0, "ABORTED", "XDP_ABORTED",
     "xdp drops --action aborted"},
    {"a number that is no action", XdpErrorKind::exception, 4242, "answer 4242",
     "4242 is no action", "than its verdict"},
    {"a negative errno in place of an action", XdpErrorKind::exception, -22, "answer -22",
     "-EINVAL", ""},
    {"below all errnos there is no name", XdpErrorKind::exception, -4096, "answer -4096",
     "no action", ""},
    {"no room to send back", XdpErrorKind::exception, 3, "TX failed", "no room", "ethtool"},
    {"the driver could not redirect", XdpErrorKind::exception, 4, "REDIRECT failed",
     "redirect error", ""},
    {"no such device", XdpErrorKind::redirect, EINVAL, "redirect: EINVAL", "no such target", ""},
    {"the target is down", XdpErrorKind::redirect, ENETDOWN, "redirect: ENETDOWN", "down",
     "ip link set"},
    {"too long for the target", XdpErrorKind::redirect, EMSGSIZE, "redirect: EMSGSIZE", "MTU", ""},
    {"the target is not native", XdpErrorKind::redirect, EOPNOTSUPP, "redirect: EOPNOTSUPP",
     "ndo_xdp_xmit", "--mode skb"},
    {"no helper was called before", XdpErrorKind::redirect, EBADRQC, "redirect: EBADRQC",
     "had not called", ""},
    {"the queue is full", XdpErrorKind::redirect, ENOSPC, "redirect: ENOSPC", "full", ""},
    {"an errno that nobody foresaw", XdpErrorKind::redirect, EDOM, "redirect: EDOM",
     "Numerical argument", ""},
    {"one without a name", XdpErrorKind::redirect, 524, "redirect: 524", "524", ""},
    {"a deaf veth", XdpErrorKind::devmap, ENXIO, "sent on: ENXIO",
     "the target of the redirect did not take the frame", "whydrop xdp status"},
    {"a part of a bulk was not taken", XdpErrorKind::devmap, 0, "sent on: full", "full", ""},
    {"a deaf veth of XDP_TX", XdpErrorKind::bulk_tx, ENXIO, "sent back: ENXIO",
     "the device did not take the frame", "gro on"},
    {"the CPU is slow", XdpErrorKind::cpumap_enqueue, 0, "cpumap: full", "queue", "more CPUs"},
    {"the CPU has no memory", XdpErrorKind::cpumap_kthread, 0, "cpumap: no memory", "memory", ""},
};

TEST(XdpErrorWords, SayWhyAndWhatToDo) {
    for (const WordsRow &row : words_rows) {
        SCOPED_TRACE(row.sentence);
        const XdpErrorWords words = words_of(row.kind, row.code);
        EXPECT_EQ(words.name, row.name);
        EXPECT_NE(words.cause.find(row.cause), std::string::npos) << words.cause;
        EXPECT_NE(words.next.find(row.next), std::string::npos) << words.next;
        EXPECT_FALSE(words.cause.ends_with(".")) << words.cause;
    }
}

XdpError error(XdpErrorKind kind, int32_t code, uint32_t ifindex, uint32_t program,
               std::vector<uint64_t> by_cpu) {
    XdpError made;
    made.kind = kind;
    made.code = code;
    made.netns = kind == XdpErrorKind::cpumap_enqueue ? 0 : 1;
    made.ifindex = ifindex;
    made.program = program;
    made.by_cpu = std::move(by_cpu);
    for (const uint64_t frames : made.by_cpu)
        made.frames += frames;
    return made;
}

std::vector<XdpError> some_errors() {
    std::vector<XdpError> all = {
        error(XdpErrorKind::exception, 0, 2, 42, {7, 4}),
        error(XdpErrorKind::exception, 0, 3, 42, {13, 0}),
        error(XdpErrorKind::exception, 4242, 2, 99, {0, 5}),
        error(XdpErrorKind::devmap, ENXIO, 2, 0, {3, 0}),
        error(XdpErrorKind::cpumap_enqueue, 0, 0, 0, {0, 17}),
    };
    all[3].target = 9;
    all[4].target = 1;
    all[4].map = 6;
    return all;
}

struct GroupRow {
    const char *sentence;
    std::vector<std::string> by;
    uint32_t netns, ifindex;
    std::vector<uint64_t> frames;
};

const GroupRow group_rows[] = {
    {"all but the CPU", {}, 0, 0, {17, 13, 11, 5, 3}},
    {"by error alone", {"error"}, 0, 0, {24, 17, 5, 3}},
    {"by program: those of no program together", {"program"}, 0, 0, {24, 20, 5}},
    {"by CPU", {"cpu"}, 0, 0, {26, 23}},
    {"by error and CPU", {"error", "cpu"}, 0, 0, {20, 17, 5, 4, 3}},
    {"of one namespace: cpumaps have none", {"error"}, 1, 0, {24, 5, 3}},
    {"of one device", {"error"}, 1, 2, {11, 5, 3}},
    {"of a device without errors", {"error"}, 1, 7, {}},
};

TEST(XdpExceptions, AreGroupedByWhatWasAskedFor) {
    for (const GroupRow &row : group_rows) {
        SCOPED_TRACE(row.sentence);
        const auto keys = error_keys_by_name(row.by);
        ASSERT_TRUE(keys.ok());
        std::vector<uint64_t> frames;
        for (const XdpErrorGroup &group :
             group_errors(some_errors(), {*keys, row.netns, row.ifindex}))
            frames.push_back(group.error.frames);
        EXPECT_EQ(frames, row.frames);
    }
}

TEST(XdpExceptions, AKeyThatThereIsNotIsRefusedWithThoseThereAre) {
    const auto keys = error_keys_by_name({"error", "flow"});
    ASSERT_FALSE(keys.ok());
    EXPECT_NE(keys.error().what.find("'flow'"), std::string::npos);
    EXPECT_NE(keys.error().hint.find("error, program, dev, target, cpu"), std::string::npos);
}

std::string text_of(const XdpErrorReport &report) {
    FakeNames names;
    std::string text;
    for (const Section &section : error_sections(report, names))
        text += section_text(section, {});
    return text;
}

TEST(XdpExceptions, AreATableWithTotalsAndCauses) {
    XdpErrorReport report;
    report.groups = group_errors({some_errors()[0], some_errors()[2], some_errors()[3]}, {});
    report.before = group_errors({error(XdpErrorKind::exception, 0, 2, 42, {5, 0})}, {});
    report.seconds = 2;
    report.period_seconds = 0.5;
    EXPECT_EQ(text_of(report),
              "19 errors in 2.00 s (9.50/s)\n"
              "FRAMES  PER S  ERROR           PROGRAM     DEV    NETNS  TO\n"
              "    11  12.00  ABORTED         parse 42    veth2  web    -\n"
              "     5  10.00  answer 4242     program 99  veth2  web    -\n"
              "     3   6.00  sent on: ENXIO  -           veth2  web    if9\n"
              "ABORTED\n"
              "  the program answered XDP_ABORTED, its own way out of an error: headers that are "
              "not there, a\n"
              "  helper that failed, or bpf_redirect_map() on an empty entry\n"
              "  next: whydrop xdp drops --action aborted shows the packets, where the kernel lets "
              "it\n"
              "answer 4242\n"
              "  4242 is no action; the kernel takes it for XDP_ABORTED, and warns of it in its "
              "log once\n"
              "  next: a path of the program that returns something else than its verdict\n"
              "sent on: ENXIO\n"
              "  the target of the redirect did not take the frame: it does not take frames from "
              "XDP: a veth whose\n"
              "  other end has no XDP program, or a device whose queues for XDP do not exist or "
              "are being rebuilt\n"
              "  next: whydrop xdp status names such a veth; load a program that passes "
              "everything on its other\n"
              "  end, or switch GRO on there (ethtool -K DEV gro on)\n");
}

TEST(XdpExceptions, OfADispatcherNameWhatItCalls) {
    FakeNames names;
    EXPECT_EQ(program_words(names, 77), "parse 77 (one 78, two 79)");
}

TEST(XdpExceptions, SayWhenThereWereNone) {
    XdpErrorReport report;
    report.seconds = 1;
    EXPECT_EQ(text_of(report),
              "0 errors in 1.00 s (0.00/s)\n"
              "no program failed, and no frame that one redirected or sent back\n");
}

TEST(XdpExceptions, TellWhatIsNotInTheCounts) {
    EXPECT_TRUE(error_losses({}).empty());
    XdpErrorTotals totals;
    totals.no_room = 3;
    totals.passed_over = 2;
    const Losses losses = error_losses(totals);
    ASSERT_EQ(losses.size(), 2u);
    EXPECT_EQ(losses[0].kind, "no_room");
    EXPECT_EQ(losses[0].count, 3u);
    EXPECT_EQ(losses[1].kind, "recursion");
}

}  // namespace
}  // namespace whydrop
