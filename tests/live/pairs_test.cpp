// SPDX-License-Identifier: GPL-2.0-or-later
// The time between two events of each datagram: as many pairs as were sent, measured by the kernel
// where it can, and by us.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "datagrams.h"
#include "source/events/pair_source.h"
#include "source/tracefs/hist_key.h"
#include "sys/synthetic_event.h"
#include "sys/trace_instance.h"
#include "tracing.h"

namespace whydrop::live {
namespace {

// No one else's packets have this length.
constexpr uint32_t kBytes = 1283, kFrame = kBytes + 14;

PairAsk sample_ask() {
    PairAsk ask;
    ask.from = {"net", "net_dev_queue"};
    ask.to = {"net", "net_dev_start_xmit"};
    ask.query.from_on = ask.query.to_on = "skbaddr";
    ask.query.from_condition = "name == lo && len == " + std::to_string(kFrame);
    ask.query.to_condition = "name == lo && len == " + std::to_string(kFrame);
    ask.query.from_key = *parse_hist_key("len");
    return ask;
}

class Pairs : public Tracing {
  protected:
    // Instances and synthetic events of this name in the kernel.
    size_t left(pid_t owner) {
        size_t found = 0;
        std::error_code error;
        const std::string pid = std::to_string(owner);
        for (const auto &entry :
             std::filesystem::directory_iterator(fs_->top().path() + "/instances", error))
            found += entry.path().filename().string().starts_with("whydrop-" + pid + "-");
        const auto events = fs_->top().read("synthetic_events");
        return found + (events && events->find("whydrop_" + pid + "_") != std::string::npos);
    }
    [[nodiscard]] std::string why_not_by_kernel() const {
        if (!fs_->top().has("synthetic_events") || !fs_->top().has("events/net/net_dev_queue/hist"))
            return "this kernel has no synthetic events, or no hist triggers";
        return {};
    }
    void expect_pairs(PairSource &source) {
        ASSERT_EQ(send_datagrams(503, kBytes), 503U) << "before it begins";
        ASSERT_TRUE(source.start());
        ASSERT_EQ(send_datagrams(1009, kBytes), 1009U);
        ASSERT_TRUE(source.stop());
        ASSERT_EQ(send_datagrams(503, kBytes), 503U) << "after it ended";
        const auto histogram = source.read();
        ASSERT_TRUE(histogram) << histogram.error().what;
        EXPECT_EQ(histogram->hits, 1009U);
        EXPECT_EQ(histogram->dropped, 0U);
        ASSERT_EQ(histogram->keys.size(), 2U);
        EXPECT_EQ(histogram->keys[0].name, "latency_ns");
        EXPECT_EQ(histogram->keys[0].modifier, HistModifier::log2);
        EXPECT_EQ(histogram->values, std::vector<std::string>{"latency_ns"});
        uint64_t pairs = 0;
        for (const HistEntry &entry : histogram->entries) {
            pairs += entry.hits;
            EXPECT_EQ(entry.keys[1].number, kFrame);
            EXPECT_GE(entry.values[0], entry.hits * entry.keys[0].number);
            EXPECT_LE(entry.values[0], entry.hits * entry.keys[0].last);
        }
        EXPECT_EQ(pairs, 1009U);
        EXPECT_EQ(source.pair_losses(), PairLosses{});
        EXPECT_EQ(source.losses().no_room + source.losses().interrupted, 0U);
    }
};

TEST_F(Pairs, FromTheStream) {
    auto source = make_stream_pairs(*fs_, sample_ask());
    ASSERT_TRUE(source) << source.error().what;
    EXPECT_FALSE((*source)->by_kernel());
    expect_pairs(**source);
    source->reset();
    EXPECT_EQ(left(getpid()), 0U);
}

TEST_F(Pairs, ByTheKernel) {
    if (const auto why = why_not_by_kernel(); !why.empty())
        GTEST_SKIP() << why;
    auto source = make_trigger_pairs(*fs_, sample_ask());
    ASSERT_TRUE(source) << source.error().what << source.error().hint;
    EXPECT_TRUE((*source)->by_kernel());
    expect_pairs(**source);
    source->reset();
    EXPECT_EQ(left(getpid()), 0U);
}

TEST_F(Pairs, WhoeverCan) {
    PairAsk ask = sample_ask();
    auto plain = make_pairs(*fs_, ask);
    ASSERT_TRUE(plain) << plain.error().what;
    EXPECT_EQ((*plain)->by_kernel(), why_not_by_kernel().empty());
    ask.query.from_key = *parse_hist_key("name");
    auto texts = make_pairs(*fs_, ask);
    ASSERT_TRUE(texts) << texts.error().what;
    EXPECT_FALSE((*texts)->by_kernel()) << "the kernel hands no texts over";
    ask.query.from_on = "nonsense";
    const auto wrong = make_pairs(*fs_, ask);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::usage);
}

TEST_F(Pairs, WithoutItsFirst) {
    PairAsk ask = sample_ask();
    ask.query.from_condition = "name == nowhere";
    auto source = make_stream_pairs(*fs_, ask);
    ASSERT_TRUE(source) << source.error().what;
    ASSERT_TRUE((*source)->start());
    ASSERT_EQ(send_datagrams(503, kBytes), 503U);
    ASSERT_TRUE((*source)->stop());
    EXPECT_EQ((*source)->read()->hits, 0U);
    EXPECT_EQ((*source)->pair_losses().without_from, 503U);
}

// What a run that was killed leaves is gone as soon as the next one begins.
TEST_F(Pairs, AfterAKilledRun) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        auto source = make_pairs(*fs_, sample_ask());
        const bool runs = source && (*source)->start();
        (void)!write(ready[1], runs ? "y" : "n", 1);
        pause();
    }
    char runs = 'n';
    ASSERT_EQ(read(ready[0], &runs, 1), 1);
    EXPECT_EQ(runs, 'y');
    EXPECT_EQ(left(child), why_not_by_kernel().empty() ? 2U : 1U);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto next = TraceInstance::make(fs_->top());
    ASSERT_TRUE(next);
    EXPECT_EQ(left(child), 0U);
}

}  // namespace
}  // namespace whydrop::live
