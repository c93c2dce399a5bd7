// SPDX-License-Identifier: GPL-2.0-or-later
// Histograms from the stream of an event: what was sent is what is counted, and what the kernel's
// own hist triggers count, where it has them.
#include "source/events/stream_hist.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "datagrams.h"
#include "source/events/event_aggregator.h"
#include "source/events/event_stream.h"
#include "source/events/live_names.h"
#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_key.h"
#include "source/tracefs/hist_text.h"
#include "source/tracefs/hist_trigger.h"
#include "sys/trace_instance.h"
#include "tracing.h"

namespace whydrop::live {
namespace {

// Sending is the sender's own doing, and over when it returns; receiving may be ksoftirqd's, later.
const TraceEvent kQueue{"net", "net_dev_queue"}, kDrop{"skb", "kfree_skb"};

// No one else's packets have this length.
constexpr uint32_t kBytes = 1277, kFrame = kBytes + 14;
const std::string kMine = "name == lo && len == " + std::to_string(kFrame);

HistQuery asking(const std::vector<std::string> &keys, std::vector<std::string> values = {}) {
    HistQuery query;
    for (const std::string &key : keys)
        query.keys.push_back(*parse_hist_key(key));
    query.values = std::move(values);
    return query;
}

// A process that sends when it is told to, and does nothing else before and after.
class Sender {
  public:
    Sender() {
        if (pipe(go_) != 0 || pipe(done_) != 0)
            return;
        pid_ = fork();
        if (pid_ != 0)
            return;
        for (char byte = 0; read(go_[0], &byte, 1) == 1 && byte == 's';) {
            const bool all =
                send_datagrams_here(503, kBytes) == 503 && send_datagrams_here(101, 97) == 101;
            (void)!write(done_[1], all ? "y" : "n", 1);
        }
        _exit(0);
    }
    Sender(const Sender &) = delete;
    Sender &operator=(const Sender &) = delete;
    ~Sender() {
        (void)!write(go_[1], "e", 1);
        waitpid(pid_, nullptr, 0);
        for (const int fd : {go_[0], go_[1], done_[0], done_[1]})
            close(fd);
    }
    bool send() {
        char all = 'n';
        return sleeps() && write(go_[1], "s", 1) == 1 && read(done_[0], &all, 1) == 1 &&
               all == 'y' && sleeps();
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    // Within ten seconds it waits to be told.
    [[nodiscard]] bool sleeps() const {
        const std::string path = "/proc/" + std::to_string(pid_) + "/stat";
        for (int waited_ms = 0; waited_ms < 10000; waited_ms += 10) {
            std::ostringstream text;
            text << std::ifstream(path).rdbuf();
            if (text.str().find(") S ") != std::string::npos)
                return true;
            poll(nullptr, 0, 10);
        }
        return false;
    }
    pid_t pid_ = 0;
    int go_[2] = {-1, -1}, done_[2] = {-1, -1};
};

class StreamHistLive : public Tracing {
  protected:
    void TearDown() override {
        std::error_code error;
        const std::string mine = "whydrop-" + std::to_string(getpid()) + "-";
        if (!fs_)
            return;
        for (const auto &entry :
             std::filesystem::directory_iterator(fs_->top().path() + "/instances", error))
            EXPECT_FALSE(entry.path().filename().string().starts_with(mine)) << entry.path();
    }
    std::unique_ptr<HistSource> made(const HistAsk &ask, const StreamHistOptions &options = {}) {
        auto source = make_stream_hist(*fs_, ask, options);
        EXPECT_TRUE(source) << source.error().what << " " << source.error().hint;
        return source ? std::move(*source) : nullptr;
    }
};

TEST_F(StreamHistLive, CountsWhatWasSent) {
    HistAsk ask;
    ask.event = kQueue;
    ask.query = asking({"name", "len.log2"}, {"len"});
    ask.query.condition = kMine;
    const auto source = made(ask);
    ASSERT_TRUE(source);
    ASSERT_EQ(send_datagrams(1009, kBytes), 1009U) << "before it begins";
    ASSERT_TRUE(source->start());
    ASSERT_EQ(send_datagrams(10007, kBytes), 10007U);
    const auto middle = source->read();
    ASSERT_TRUE(middle) << middle.error().what;
    EXPECT_EQ(middle->hits, 10007U);
    ASSERT_EQ(send_datagrams(2003, kBytes), 2003U);
    ASSERT_TRUE(source->stop());
    ASSERT_EQ(send_datagrams(1009, kBytes), 1009U) << "after it ended";
    const auto histogram = source->read();
    ASSERT_TRUE(histogram);
    ASSERT_EQ(histogram->entries.size(), 1U);
    const HistEntry &entry = histogram->entries[0];
    EXPECT_EQ(entry.hits, 12010U);
    EXPECT_EQ(entry.values[0], 12010U * kFrame);
    EXPECT_EQ(entry.keys[0].text, "lo");
    EXPECT_EQ(entry.keys[1].number, 1025U);
    EXPECT_EQ(entry.keys[1].last, 2048U);
    EXPECT_EQ(source->losses(), TraceLosses{});
}

// The buffer is of two pages, and nobody reads until all is sent.
TEST_F(StreamHistLive, WhatFindsNoRoomIsCounted) {
    auto instance = TraceInstance::make(fs_->top());
    ASSERT_TRUE(instance) << instance.error().what;
    StreamOptions options;
    options.events = {{kQueue, kMine}};
    options.buffer_kb = 8;
    auto stream = EventStream::open(*fs_, instance->dir(), options);
    ASSERT_TRUE(stream) << stream.error().what;
    ASSERT_TRUE(stream->start());
    uint64_t counted = 0;
    const EachEvent each = [&](const TraceEventView &) { counted++; };
    for (const uint64_t sent : {10007, 20011}) {
        ASSERT_EQ(send_datagrams(sent, kBytes), sent);
        ASSERT_TRUE(stream->read_all(each));
    }
    ASSERT_TRUE(stream->stop());
    ASSERT_TRUE(stream->read_all(each));
    const auto losses = stream->losses();
    ASSERT_TRUE(losses);
    EXPECT_FALSE(losses->of_any_kind);
    EXPECT_GT(losses->no_room, 20000U);
    EXPECT_GT(counted, 20U);
    EXPECT_EQ(counted + losses->no_room + losses->interrupted, 30018U);
    EXPECT_EQ(losses->unreadable, 0U);
}

TEST_F(StreamHistLive, Stacks) {
    HistAsk ask;
    ask.event = kQueue;
    ask.query = asking({"stacktrace", "name"});
    ask.query.condition = kMine;
    const auto source = made(ask);
    ASSERT_TRUE(source);
    ASSERT_TRUE(source->start());
    ASSERT_EQ(send_datagrams(1009, kBytes), 1009U);
    ASSERT_TRUE(source->stop());
    const auto histogram = source->read();
    ASSERT_TRUE(histogram);
    EXPECT_EQ(histogram->hits, 1009U);
    TraceLosses none;
    none.of_any_kind = true;
    EXPECT_EQ(source->losses(), none);
    for (const HistEntry &entry : histogram->entries) {
        const auto &stack = entry.keys[0].stack;
        EXPECT_TRUE(std::any_of(stack.begin(), stack.end(), [](const std::string &function) {
            return function.starts_with("udp_sendmsg+0x");
        })) << (stack.empty() ? "no stack" : stack[0]);
    }
}

// A paused question counts between a program's start and its end: /bin/true is what is armed by.
TEST_F(StreamHistLive, BetweenTwoEvents) {
    HistAsk ask;
    ask.event = kQueue;
    ask.query = asking({"len"});
    ask.query.condition = kMine;
    ask.query.paused = true;
    const std::string path = std::filesystem::canonical("/bin/true");
    ask.start_on = {{{"sched", "sched_process_exec"}, "filename == " + path}};
    ask.stop_on = {{{"sched", "sched_process_exec"}, "filename == " + path + "-not"},
                   {{"sched", "sched_process_exit"}, "comm == whydrop-end"}};
    const auto source = made(ask);
    ASSERT_TRUE(source);
    ASSERT_TRUE(source->start());
    ASSERT_EQ(send_datagrams(1009, kBytes), 1009U);
    EXPECT_TRUE(source->read()->paused);
    const pid_t started = fork();
    if (started == 0) {
        execl(path.c_str(), "true", nullptr);
        _exit(1);
    }
    waitpid(started, nullptr, 0);
    ASSERT_EQ(send_datagrams(503, kBytes), 503U);
    EXPECT_FALSE(source->read()->paused);
    std::thread([] { pthread_setname_np(pthread_self(), "whydrop-end"); }).join();
    ASSERT_EQ(send_datagrams(1009, kBytes), 1009U);
    ASSERT_TRUE(source->stop());
    const auto histogram = source->read();
    ASSERT_TRUE(histogram);
    EXPECT_EQ(histogram->hits, 503U);
    EXPECT_TRUE(histogram->paused);
}

TEST_F(StreamHistLive, OnlyOfOneProcess) {
    HistAsk ask;
    ask.event = kQueue;
    ask.query = asking({"common_pid.execname"});
    ask.query.condition = kMine;
    const auto both = made(ask);
    Sender sender;
    ask.pids = {sender.pid()};
    const auto one = made(ask);
    ASSERT_TRUE(both && one);
    ASSERT_TRUE(both->start());
    ASSERT_TRUE(one->start());
    ASSERT_EQ(send_datagrams(1009, kBytes), 1009U);
    ASSERT_TRUE(sender.send());
    ASSERT_TRUE(one->stop());
    ASSERT_TRUE(both->stop());
    EXPECT_EQ(one->read()->hits, 503U);
    EXPECT_EQ(both->read()->hits, 1512U);
}

TEST_F(StreamHistLive, TheKernelsWordForAWrongCondition) {
    HistAsk ask;
    ask.event = kQueue;
    ask.query = asking({"name"});
    ask.query.condition = "len == nonsense";
    const auto source = make_stream_hist(*fs_, ask);
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, Errc::usage);
    EXPECT_NE(source.error().what.find("the kernel does not take this"), std::string::npos)
        << source.error().what;
    EXPECT_NE(source.error().what.find('^'), std::string::npos) << source.error().what;
}

// Keys as one comparable text, stacks as deep as the kernel's.
std::string text_of(const HistEntry &entry, size_t depth) {
    std::string text;
    for (const HistKeyValue &key : entry.keys) {
        text += std::to_string(key.number) + " " + std::to_string(key.last) + " " + key.text;
        for (size_t i = 0; i < std::min(depth, key.stack.size()); i++)
            text += "\n  " + key.stack[i];
        text += " | ";
    }
    return text;
}

size_t depth_of(const Histogram &histogram) {
    size_t depth = 0;
    for (const HistEntry &entry : histogram.entries)
        for (const HistKeyValue &key : entry.keys)
            depth = std::max(depth, key.stack.size());
    return depth;
}

using Counted = std::map<std::string, std::vector<uint64_t>>;

Counted counted(const Histogram &histogram, size_t depth) {
    Counted all;
    for (const HistEntry &entry : histogram.entries) {
        auto &sums = all[text_of(entry, depth)];
        sums.resize(1 + entry.values.size());
        sums[0] += entry.hits;
        for (size_t i = 0; i < entry.values.size(); i++)
            sums[i + 1] += entry.values[i];
    }
    return all;
}

struct SameRow {
    const char *why;
    TraceEvent event;
    std::vector<std::string> keys, values;
    const char *condition = "";
    uint32_t size = 16384;
};

const SameRow kSame[] = {
    {"a text and powers of two", kQueue, {"name", "len.log2"}, {"len"}},
    {"ranges and CPUs",
     {"net", "net_dev_start_xmit"},
     {"len.buckets=100", "common_cpu"},
     {"len", "data_len"}},
    {"addresses", kQueue, {"skbaddr.hex"}, {}},
    {"what is left by a condition", kQueue, {"name"}, {"len"}, "name == lo && len > 1000"},
    {"symbols", kDrop, {"location.sym"}, {}},
    {"symbols, reasons and protocols", kDrop, {"location.sym-offset", "reason", "protocol"}, {}},
    {"stacks", kDrop, {"stacktrace"}, {}},
    {"stacks and processes", kQueue, {"stacktrace", "common_pid"}, {"len"}},
    {"processes by name", kQueue, {"common_pid.execname"}, {"len"}},
    {"system calls", {"raw_syscalls", "sys_enter"}, {"id.syscall", "common_pid"}, {}},
    {"numbers with a sign", {"raw_syscalls", "sys_exit"}, {"ret", "id"}, {"ret"}},
    {"texts in arrays",
     {"sched", "sched_switch"},
     {"prev_comm", "next_prio"},
     {"next_pid"},
     "",
     16384},
    {"powers of what is below zero", {"raw_syscalls", "sys_exit"}, {"ret.log2"}, {"ret"}},
    {"sums that wrap", {"raw_syscalls", "sys_exit"}, {"id"}, {"ret"}},
    {"allocations", {"kmem", "kmalloc"}, {"call_site.sym"}, {"bytes_req", "bytes_alloc"}},
    {"a table that is too small", {"raw_syscalls", "sys_enter"}, {"common_timestamp"}, {}, "", 128},
};

HistQuery query_of(const SameRow &row, pid_t pid) {
    HistQuery query = asking(row.keys, row.values);
    query.size = row.size;
    // A trigger sees what happens while tracing is off as well: so only what the sender does.
    query.condition = "common_pid == " + std::to_string(pid);
    if (*row.condition)
        query.condition += std::string(" && (") + row.condition + ")";
    return query;
}

// Both look at the same events, in the same instance; ours looks at the condition itself.
void compare(const TraceFs &fs, const SameRow &row, Sender &sender) {
    const HistQuery query = query_of(row, sender.pid());
    auto instance = TraceInstance::make(fs.top());
    ASSERT_TRUE(instance);
    const auto format = parse_event_format(*fs.top().read(row.event.file("format")));
    ASSERT_TRUE(format);
    auto ours = EventAggregator::make(query, *format);
    ASSERT_TRUE(ours) << ours.error().what;
    StreamOptions options;
    options.events = {{row.event, ""}};
    options.buffer_kb = 32768;
    options.stacks = ours->wants_stacks();
    auto stream = EventStream::open(fs, instance->dir(), options);
    ASSERT_TRUE(stream) << stream.error().what;
    const auto set = TraceTrigger::set(instance->dir(), row.event, *hist_trigger(query, *format));
    ASSERT_TRUE(set) << set.error().what;
    LiveNames names(fs.top());
    ASSERT_TRUE(stream->start());
    ASSERT_TRUE(sender.send());
    ASSERT_TRUE(stream->stop());
    ASSERT_TRUE(stream->read_all([&](const TraceEventView &event) { ours->add(event, names); }));
    EXPECT_EQ(*stream->losses(), (TraceLosses{0, options.stacks, 0, 0, 0}));
    auto theirs = parse_hist(*instance->dir().read(row.event.file("hist")));
    ASSERT_TRUE(theirs) << theirs.error().what;
    ASSERT_EQ(theirs->size(), 1U);
    name_values(theirs->front(), *format);
    const Histogram mine = ours->histogram(names);
    EXPECT_EQ(mine.hits, theirs->front().hits);
    EXPECT_EQ(mine.dropped, theirs->front().dropped);
    // What happens behind the sender's back, ksoftirqd's work, is nobody's.
    EXPECT_GT(mine.hits + mine.dropped, row.event == kQueue ? 500U : 0U);
    EXPECT_EQ(mine.dropped > 0, row.size == 128);
    const size_t depth = depth_of(theirs->front());
    if (mine.dropped == 0) {  // else which entries found room may differ
        EXPECT_EQ(counted(mine, depth), counted(theirs->front(), depth));
    }
}

TEST_F(StreamHistLive, TheSameAsTheKernelsTriggers) {
    if (!fs_->top().has(kQueue.file("hist")))
        GTEST_SKIP() << "this kernel has no hist triggers to compare with";
    Sender sender;
    for (const SameRow &row : kSame) {
        SCOPED_TRACE(row.why);
        compare(*fs_, row, sender);
    }
}

}  // namespace
}  // namespace whydrop::live
