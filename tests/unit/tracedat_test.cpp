// SPDX-License-Identifier: GPL-2.0-or-later
// Files of trace-cmd (tests/fixtures/tracedat, of kernel 6.1): what is read of them whole, cut, and
// damaged. That the events are the right ones is compared with trace-cmd's own report in
// tests/cli/trace_report_test.cpp.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "engine/trace_drops.h"
#include "engine/trace_sections.h"
#include "render/document.h"
#include "source/events/event_aggregator.h"
#include "source/tracedat/trace_dat.h"
#include "temp_dir.h"

namespace whydrop {
namespace {

const std::string folder = WHYDROP_FIXTURES "/tracedat/";

std::string bytes_of(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

using Counts = std::map<std::string, uint64_t>;

// By "INSTANCE/EVENT".
Counts counts_of(TraceDat &file, bool by_time) {
    Counts counts;
    uint64_t last = 0;
    const EachRecorded each = [&](const TraceEventView &event, const tracedat::Buffer &buffer) {
        counts[buffer.name + "/" + event.format->name]++;
        EXPECT_TRUE(!by_time || event.time_ns >= last);
        last = event.time_ns;
        return true;
    };
    by_time ? file.read_by_time(each, {}) : file.read_by_cpu(each, {});
    return counts;
}

struct Row {
    const char *file;
    int version;
    const char *packing, *clock;
    Counts counts;
};
const Row rows[] = {
    {"v6-instance.dat", 6, "", "local", {{"/kfree_skb", 113}, {"inst/netif_receive_skb", 226}}},
    {"v7-instance.dat", 7, "", "local", {{"/kfree_skb", 113}, {"inst/netif_receive_skb", 226}}},
    {"v7-zstd-instance.dat",
     7,
     "zstd",
     "local",
     {{"/kfree_skb", 113}, {"inst/netif_receive_skb", 226}}},
    {"v6-tsc.dat", 6, "", "x86-tsc", {{"/kfree_skb", 113}}},
    {"v7-zstd-stacks.dat", 7, "zstd", "local", {{"/kfree_skb", 113}}},
    {"v7-zstd-exceptions.dat", 7, "zstd", "local", {{"/kfree_skb", 113}, {"/xdp_exception", 38}}},
};

TEST(TraceDat, HasTheEventsOfAllInstances) {
    for (const Row &row : rows) {
        for (const bool by_time : {true, false}) {
            auto file = TraceDat::open(folder + row.file);
            ASSERT_TRUE(file.ok()) << row.file << file.error().what;
            const auto &head = (*file)->head();
            EXPECT_EQ(head.version, row.version) << row.file;
            EXPECT_EQ(head.packing_name, row.packing) << row.file;
            EXPECT_EQ(head.clock, row.clock) << row.file;
            EXPECT_EQ(head.clock_is_ns(), head.clock == "local") << row.file;
            Counts counts = counts_of(**file, by_time);
            if (by_time)
                counts.erase("/kernel_stack");  // joined to its event when read by CPU
            EXPECT_EQ(counts, row.counts) << row.file;
            EXPECT_TRUE((*file)->losses().empty()) << row.file;
            EXPECT_TRUE((*file)->session().kernel.starts_with("6.1.0")) << row.file;
        }
    }
}

TEST(TraceDat, GivesStacksToTheirEvents) {
    auto file = TraceDat::open(folder + "v7-zstd-stacks.dat");
    ASSERT_TRUE(file.ok());
    uint64_t with_stack = 0;
    (*file)->read_by_cpu(
        [&](const TraceEventView &event, const tracedat::Buffer &) {
            with_stack += event.stack.size() > 4 ? 1 : 0;
            return true;
        },
        {});
    EXPECT_EQ(with_stack, 113u);
}

TEST(TraceDat, CountsWhatXdpGaveUp) {
    auto file = TraceDat::open(folder + "v7-zstd-exceptions.dat");
    ASSERT_TRUE(file.ok());
    TraceSections sections(**file);
    (*file)->read_by_cpu(
        [&](const TraceEventView &event, const tracedat::Buffer &buffer) {
            sections.add(event, buffer);
            return true;
        },
        {});
    const auto all = sections.sections(1);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[2].type, "xdp_exception");
    EXPECT_EQ(section_text(all[2], {}),
              "EVENTS  ACTION   PROG  IFINDEX\n"
              "    38  ABORTED    10        1\n");
}

TEST(TraceDat, CountsDrops) {
    auto file = TraceDat::open(folder + "v6-instance.dat");
    ASSERT_TRUE(file.ok());
    const auto *kind = (*file)->kind(std::string("skb:kfree_skb"));
    ASSERT_NE(kind, nullptr);
    const auto count = [&](const DropFilter &filter) {
        auto drops = TraceDrops::make(**file, *kind, 0, filter);
        EXPECT_TRUE(drops.ok());
        (*file)->read_by_cpu(
            [&](const TraceEventView &event, const tracedat::Buffer &) {
                if (event.format == kind->format)
                    drops->add(event);
                return true;
            },
            {});
        return drops->report();
    };
    const Report all = count({});
    ASSERT_EQ(all.groups.size(), 1u);
    EXPECT_EQ(all.groups[0].count.events, 113u);
    EXPECT_EQ(all.groups[0].reason->name, "NO_SOCKET");
    EXPECT_EQ(all.groups[0].location->name, "__udp4_lib_rcv");
    EXPECT_EQ(all.groups[0].proto, "ipv4");
    DropFilter filter;
    filter.reasons = {"!no_socket"};
    EXPECT_EQ(count(filter).total.events, 0u);
    filter.reasons = {"SKB_DROP_REASON_NO_SOCKET"};
    filter.proto = "ipv4";
    EXPECT_EQ(count(filter).total.events, 113u);
    filter.proto = "ipv6";
    EXPECT_EQ(count(filter).total.events, 0u);
}

TEST(TraceDat, RefusesWhatTheEventDoesNotHave) {
    auto file = TraceDat::open(folder + "v6-instance.dat");
    ASSERT_TRUE(file.ok());
    const auto *kind = (*file)->kind(std::string("kfree_skb"));
    ASSERT_NE(kind, nullptr);
    const auto refuses = [&](GroupKeys by, const std::function<void(DropFilter &)> &set) {
        DropFilter filter;
        set(filter);
        return !TraceDrops::make(**file, *kind, by, filter).ok();
    };
    EXPECT_TRUE(refuses(static_cast<GroupKeys>(GroupKey::flow), [](DropFilter &) {}));
    EXPECT_TRUE(refuses(0, [](DropFilter &f) { f.iface = "lo"; }));
    EXPECT_TRUE(refuses(0, [](DropFilter &f) { f.packet = "udp"; }));
    EXPECT_TRUE(refuses(0, [](DropFilter &f) { f.proto = "udp"; }));
    EXPECT_TRUE(refuses(0, [](DropFilter &f) { f.reasons = {"NO_SUCH_REASON"}; }));
    EXPECT_TRUE(refuses(0, [](DropFilter &f) { f.reasons = {"NO_SOCKET", "!TCP_CSUM"}; }));
}

TEST(TraceDat, CountsFieldsAsAHistogram) {
    auto file = TraceDat::open(folder + "v7-zstd-instance.dat");
    ASSERT_TRUE(file.ok());
    const auto *kind = (*file)->kind(std::string("net:netif_receive_skb"));
    ASSERT_NE(kind, nullptr);
    HistQuery query;
    query.keys = {{"name", HistModifier::none, 0}};
    query.values = {"len"};
    auto counted = EventAggregator::make(query, *kind->format);
    ASSERT_TRUE(counted.ok());
    (*file)->read_by_cpu(
        [&](const TraceEventView &event, const tracedat::Buffer &) {
            if (event.format == kind->format)
                counted->add(event, (*file)->names());
            return true;
        },
        {});
    const Histogram histogram = counted->histogram((*file)->names());
    ASSERT_EQ(histogram.entries.size(), 1u);
    EXPECT_EQ(histogram.entries[0].keys[0].text, "lo");
    EXPECT_EQ(histogram.entries[0].hits, 226u);
    EXPECT_EQ(histogram.entries[0].values[0], 113u * (48 + 76));
}

uint64_t events_in(const std::string &path, bool &has_loss) {
    auto file = TraceDat::open(path);
    if (!file) {
        EXPECT_FALSE(file.error().what.empty());
        has_loss = true;
        return 0;
    }
    uint64_t events = 0;
    for (const auto &[name, count] : counts_of(**file, false))
        events += count;
    has_loss = !(*file)->losses().empty();
    return events;
}

// Wherever it ends: what is there is read, and what is missing is said.
TEST(TraceDat, ReadsAFileThatIsCut) {
    const test::TempDir dir;
    for (const Row &row : rows) {
        const std::string whole = bytes_of(folder + row.file);
        uint64_t expected = 0;
        for (const auto &[name, count] : row.counts)
            expected += count;
        for (size_t bytes = 0; bytes < whole.size(); bytes += 1 + whole.size() / 199) {
            bool has_loss = false;
            const uint64_t events =
                events_in(dir.write("cut", std::string_view(whole).substr(0, bytes)), has_loss);
            EXPECT_LE(events, expected) << row.file << bytes;
            EXPECT_TRUE(has_loss || events == expected) << row.file << bytes;
        }
    }
}

TEST(TraceDat, SurvivesDamage) {
    const char *asked = std::getenv("WHYDROP_DAMAGE_SEED");
    const uint64_t seed = asked ? std::strtoull(asked, nullptr, 10) : std::random_device()();
    std::mt19937_64 random(seed);
    const test::TempDir dir;
    for (const Row &row : rows) {
        const std::string whole = bytes_of(folder + row.file);
        for (int i = 0; i < 97; i++) {
            std::string damaged = whole;
            for (int j = 0; j < 5; j++)
                damaged[random() % damaged.size()] = static_cast<char>(random());
            bool has_loss = false;
            EXPECT_LT(events_in(dir.write("damaged", damaged), has_loss), 100'000u)
                << row.file << ", WHYDROP_DAMAGE_SEED=" << seed;
        }
    }
}

TEST(TraceDat, SaysWhatItDoesNotRead) {
    const test::TempDir dir;
    std::string bytes = bytes_of(folder + "v7-zstd-instance.dat");
    const auto refusal = [&](size_t at, std::string_view put) {
        std::string changed = bytes;
        changed.replace(at, put.size(), put);
        auto file = TraceDat::open(dir.write("changed", changed));
        return file ? std::string() : file.error().what;
    };
    constexpr size_t version = 10, order = 12, packing = 18;
    EXPECT_NE(refusal(version, "8").find("of version 8"), std::string::npos);
    EXPECT_NE(refusal(order, "\x01").find("big-endian"), std::string::npos);
    EXPECT_NE(refusal(packing, "lzma").find("packed by lzma"), std::string::npos);
    EXPECT_NE(refusal(0, "hello").find("no trace.dat"), std::string::npos);
}

}  // namespace
}  // namespace whydrop
