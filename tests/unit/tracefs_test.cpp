// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/tracefs.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sys/synthetic_event.h"
#include "sys/trace_instance.h"
#include "temp_dir.h"

namespace whydrop {
namespace {

namespace fs = std::filesystem;
using test::TempDir;

constexpr const char *kEvents =
    "skb:kfree_skb\nskb:consume_skb\nnet:net_dev_queue\nnet:net_dev_xmit\n"
    "sched:sched_process_exec\nkmem:kmalloc\nfirst:twice\nsecond:twice\n";

class Tracefs : public ::testing::Test {
  protected:
    Tracefs() {
        fs::create_directories(root_.path() + "/instances");
        fs::create_directories(root_.path() + "/events/skb/kfree_skb");
        root_.write("available_events", std::string_view(kEvents));
        root_.write(event_.file("trigger"), std::string_view("# Available triggers:\n"));
    }
    [[nodiscard]] std::string text_of(const std::string &file) const {
        std::ostringstream text;
        text << std::ifstream(root_.path() + "/" + file).rdbuf();
        return text.str();
    }
    [[nodiscard]] TraceDir top() const { return TraceDir(root_.path()); }
    // Writing there fails, as it does when the kernel refuses.
    void refuse() const {
        fs::remove(root_.path() + "/" + event_.file("trigger"));
        fs::create_symlink("/dev/full", root_.path() + "/" + event_.file("trigger"));
    }

    TempDir root_;
    TraceEvent event_{"skb", "kfree_skb"};
};

TEST_F(Tracefs, FoundWhereItIs) {
    const TempDir empty;  // a place where it could be mounted
    auto found = TraceFs::find({empty.path() + "/nowhere", empty.path(), root_.path()});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->top().path(), root_.path());
    auto none = TraceFs::find({empty.path()});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Errc::unsupported);
    EXPECT_NE(none.error().hint.find("mount"), std::string::npos);
}

struct NameRow {
    const char *why, *wanted, *found, *error, *hint;
};

const NameRow kNames[] = {
    {"system and event", "skb:kfree_skb", "skb:kfree_skb", "", ""},
    {"as in the path", "net/net_dev_xmit", "net:net_dev_xmit", "", ""},
    {"the event alone", "kmalloc", "kmem:kmalloc", "", ""},
    {"of two systems", "twice", "", "more than one", "first:twice, second:twice"},
    {"a letter is missing", "kfre_skb", "", "no event 'kfre_skb'", "skb:kfree_skb"},
    {"the wrong system", "net:kfree_skb", "", "no event", "skb:kfree_skb"},
    {"like nothing", "zzz", "", "no event 'zzz'", ""},
    {"nothing", "", "", "no event ''", ""},
};

TEST_F(Tracefs, EventsByName) {
    auto tracefs = TraceFs::find({root_.path()});
    ASSERT_TRUE(tracefs);
    for (const NameRow &row : kNames) {
        SCOPED_TRACE(row.why);
        auto event = tracefs->event(row.wanted);
        EXPECT_EQ(event ? event->text() : "", row.found);
        if (event)
            continue;
        EXPECT_EQ(event.error().code, Errc::usage);
        EXPECT_NE(event.error().what.find(row.error), std::string::npos) << event.error().what;
        EXPECT_NE(event.error().hint.find(row.hint), std::string::npos) << event.error().hint;
        EXPECT_EQ(event.error().hint.empty(), !*row.hint) << event.error().hint;
    }
}

TEST_F(Tracefs, ATriggerIsAddedAndRemovedAgain) {
    {
        auto hist = TraceTrigger::set(top(), event_, "hist:keys=protocol");
        ASSERT_TRUE(hist);
        const TraceTrigger moved = std::move(*hist);
        EXPECT_EQ(text_of(event_.file("trigger")), "# Available triggers:\nhist:keys=protocol\n");
    }
    EXPECT_EQ(text_of(event_.file("trigger")),
              "# Available triggers:\nhist:keys=protocol\n!hist:keys=protocol\n");
}

struct RefusalRow {
    const char *why, *trigger, *log, *what;
    Errc code;
};

const RefusalRow kRefusals[] = {
    {"the kernel's word and its caret", "hist:keys=foo",
     "[  348.887621] hist:skb:kfree_skb: error: Couldn't find field\n"
     "  Command: hist:keys=foo\n"
     "                     ^\n",
     "Couldn't find field\n  hist:keys=foo\n            ^", Errc::usage},
    {"of several the last", "hist:keys=foo:vals=bar",
     "[    1.5] hist:a:b: error: Duplicate var\n  Command: hist:keys=a\n           ^\n"
     "[    2.5] hist:a:b: error: Couldn't find field\n  Command: hist:keys=foo:vals=bar\n"
     "                              ^\n",
     "Couldn't find field\n  hist:keys=foo:vals=bar\n", Errc::usage},
    {"of a condition, which is repeated alone", "hist:keys=len if len==x",
     "[    2.5] event filter parse error: error: Invalid value\n  Command: len==x\n"
     "                ^\n",
     "Invalid value\n  len==x\n       ^", Errc::usage},
    {"another's command in the log", "hist:keys=foo",
     "[    1.5] hist:a:b: error: Duplicate var\n  Command: hist:keys=other\n           ^\n",
     "No space left on device", Errc::failed},
    {"an empty log", "hist:keys=foo", "", "No space left on device", Errc::failed},
    {"an error without its command", "hist:keys=foo", "[    1.5] hist:a:b: error: Odd\n",
     "No space left on device", Errc::failed},
    {"something else", "hist:keys=foo", "^\n  Command: x\n error: \n[ error: \n",
     "No space left on device", Errc::failed},
};

TEST_F(Tracefs, ARefusalIsExplainedByTheKernel) {
    refuse();
    for (const RefusalRow &row : kRefusals) {
        SCOPED_TRACE(row.why);
        root_.write("error_log", std::string_view(row.log));
        auto set = TraceTrigger::set(top(), event_, row.trigger);
        ASSERT_FALSE(set);
        EXPECT_EQ(set.error().code, row.code);
        EXPECT_NE(set.error().what.find(row.what), std::string::npos) << set.error().what;
    }
}

TEST_F(Tracefs, AnEventWithoutTriggersIsUnsupported) {
    auto set = TraceTrigger::set(top(), {"skb", "consume_skb"}, "hist:keys=len");
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().code, Errc::unsupported);
}

TEST_F(Tracefs, AnInstanceLivesAsLongAsItsScope) {
    std::string first, second;
    {
        auto one = TraceInstance::make(top());
        auto two = TraceInstance::make(top());
        ASSERT_TRUE(one && two);
        const TraceInstance moved = std::move(*one);
        first = moved.dir().path();
        second = two->dir().path();
        EXPECT_NE(first, second);
        EXPECT_TRUE(fs::exists(first) && fs::exists(second));
    }
    EXPECT_FALSE(fs::exists(first) || fs::exists(second));
}

TEST_F(Tracefs, WhatAKilledRunLeftIsRemoved) {
    const pid_t child = fork();
    if (child == 0) {
        auto instance = TraceInstance::make(top());
        _exit(instance ? 0 : 1);  // as if killed: no destructor runs
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    const std::string in = root_.path() + "/instances/", gone = "whydrop-" + std::to_string(child);
    const std::string stays[] = {"whydrop-" + std::to_string(getpid()) + "-77", "whydrop-x-1",
                                 "whydrop-" + std::to_string(child), gone + "-1x",
                                 "somebody-" + std::to_string(child) + "-1"};
    for (const std::string &name : stays)
        fs::create_directory(in + name);
    const auto removed = remove_left_instances(top());
    ASSERT_EQ(removed.size(), 1U);
    EXPECT_TRUE(removed[0].starts_with(gone + "-")) << removed[0];
    for (const std::string &name : stays)
        EXPECT_TRUE(fs::exists(in + name)) << name;
}

TEST_F(Tracefs, SyntheticEventsAreUnsupportedWhereThereAreNone) {
    const auto event = SyntheticEvent::make(top(), "u64 latency_ns");
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, Errc::unsupported);
}

TEST_F(Tracefs, ASyntheticEventLivesAsLongAsItsScope) {
    root_.write("synthetic_events", "");
    std::string name;
    {
        auto event = SyntheticEvent::make(top(), "u64 latency_ns");
        ASSERT_TRUE(event);
        const SyntheticEvent moved = std::move(*event);
        name = moved.event().name;
        EXPECT_EQ(moved.event().system, "synthetic");
        EXPECT_EQ(*top().read("synthetic_events"), name + " u64 latency_ns\n");
    }
    EXPECT_EQ(*top().read("synthetic_events"), name + " u64 latency_ns\n!" + name + "\n");
}

// With the triggers that hold it, in the instances of the same process.
TEST_F(Tracefs, WhatAKilledRunLeftOfSyntheticEventsIsRemoved) {
    root_.write("synthetic_events", "");
    const pid_t child = fork();
    if (child == 0)
        _exit(SyntheticEvent::make(top(), "u64 latency_ns") && kill(getpid(), SIGKILL) == 0);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    const std::string text = *top().read("synthetic_events");
    const std::string gone = text.substr(0, text.find(' '));
    ASSERT_TRUE(gone.starts_with("whydrop_" + std::to_string(child) + "_")) << text;
    std::string mine = gone;
    mine.replace(8, std::to_string(child).size(), std::to_string(getpid()));
    const std::string of_another_namespace = "whydrop_" + std::to_string(child) + "_7_0";
    root_.write("synthetic_events", mine + "\tu64 a\n" + of_another_namespace + "\tu64 a\n" + gone +
                                        "x\tu64 a\nsomebody\tu64 a\n" + gone + "\tu64 a\n");
    const std::string in = "instances/whydrop-" + std::to_string(child) + "-0/events/net/a";
    fs::create_directories(root_.path() + "/" + in);
    root_.write(in + "/trigger", "# Available triggers:\nhist:keys=b:ts0=c if d > 3 [active]\n");
    EXPECT_EQ(remove_left_synthetic_events(top()), std::vector<std::string>{gone});
    EXPECT_TRUE(top().read("synthetic_events")->ends_with("\n!" + gone + "\n"));
    EXPECT_NE(top().read(in + "/trigger")->find("\n!hist:keys=b:ts0=c if d > 3\n"),
              std::string::npos);
}

}  // namespace
}  // namespace whydrop
