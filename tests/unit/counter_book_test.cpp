// SPDX-License-Identifier: GPL-2.0-or-later
// What counters mean: every name of every known kernel has an entry, and names of drivers are told
// by their words.
#include "explain/counter_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "explain/matcher.h"
#include "source/counters/proc_text.h"

namespace whydrop {
namespace {

namespace fs = std::filesystem;

const CounterBook &book() {
    static const auto built_in = CounterBook::built_in();
    EXPECT_TRUE(built_in) << (built_in ? "" : built_in.error().what);
    return *built_in;
}

std::string read(const fs::path &path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<CounterGroup> counters_in(const fs::path &path) {
    const std::string file = path.filename(), text = read(path);
    if (file == "snmp" || file == "netstat")
        return {parse_counter_pairs(text, file)};
    if (file == "softnet_stat")
        return parse_softnet(text);
    if (file == "snmp6" || file == "xfrm_stat" || file == "tls_stat")
        return {parse_counter_list(text, file)};
    return parse_cpu_table(text, file);
}

TEST(CounterBook, KnowsEveryNameOfEveryKernel) {
    size_t seen = 0;
    for (const auto &kernel : fs::directory_iterator(WHYDROP_FIXTURES "/counters")) {
        if (!kernel.is_directory())
            continue;
        for (const auto &file : fs::directory_iterator(kernel))
            for (const CounterGroup &group : counters_in(file.path()))
                for (const Counter &counter : group.counters) {
                    const CounterMeaning meaning = book().explain(group.source, counter.name);
                    EXPECT_FALSE(meaning.means.empty() || meaning.by_name)
                        << group.source << " " << counter.name;
                    seen++;
                }
    }
    EXPECT_GT(seen, 1500U);
}

TEST(CounterBook, NamesReasonsThatThereAre) {
    std::set<std::string> reasons;
    for (const auto &file : fs::directory_iterator(WHYDROP_FIXTURES "/reasons")) {
        std::istringstream lines(read(file.path()));
        for (std::string subsystem, name, rest; lines >> subsystem >> name;) {
            reasons.insert(subsystem + "/" + name);
            std::getline(lines, rest);
        }
    }
    for (const CounterMeaning &meaning : book().all())
        for (const std::string &reason : meaning.reasons)
            EXPECT_TRUE(std::ranges::any_of(reasons, [&](const std::string &known) {
                return glob_matches(reason, known);
            })) << reason;
}

TEST(CounterBook, TellsWhatIsLostInTheDevice) {
    EXPECT_TRUE(book().explain("link", "rx_missed_errors").unseen);
    EXPECT_FALSE(book().explain("snmp", "UdpNoPorts").unseen);
    EXPECT_EQ(book().explain("snmp", "UdpNoPorts").reasons,
              std::vector<std::string>{"core/NO_SOCKET"});
    EXPECT_EQ(book().sources_of("drops"), std::vector<std::string>{"qdisc"});
}

struct Row {
    const char *name;
    CounterRating rating;
    const char *means;
};

TEST(CounterWords, ExplainNamesOfDrivers) {
    using enum CounterRating;
    const std::string own = "The driver's own, by its name: ";
    const Row rows[] = {
        {"rx_queue_3_drops", bad, "packets that were dropped, received, queue 3."},
        {"rx_no_dma_resources_drop", bad, "packets that were dropped, received."},
        {"tx_queue_0_packets", normal, "packets, sent, queue 0."},
        {"rx7_bytes", normal, "bytes, received, queue 7."},
        {"rx_crc_errors", bad, "frames whose checksum was wrong, received."},
        {"tx_timeout_count", bad, "things that took too long, sent."},
        {"rx_out_of_buffer_discards_phy", bad, "packets that were thrown away, received."},
        {"tx_pause_ctrl_phy", sign, "PAUSE frames, by which one end makes the other wait, sent."},
        {"rx_csum_complete", normal, "packets whose checksum the device looked at, received."},
        {"port.rx_dropped", bad, "packets that were dropped, received."},
        {"RxPauseFrames", sign, "PAUSE frames, by which one end makes the other wait, received."},
    };
    for (const Row &row : rows) {
        const CounterMeaning meaning = book().explain("driver", row.name);
        EXPECT_EQ(meaning.means, own + row.means) << row.name;
        EXPECT_EQ(meaning.rating, row.rating) << row.name;
        EXPECT_TRUE(meaning.by_name);
    }
}

TEST(CounterWords, AreSilentAboutWhatTheyDoNotKnow) {
    const CounterMeaning meaning = book().explain("driver", "fdir_atr_status");
    EXPECT_EQ(meaning.means, "");
    EXPECT_EQ(meaning.rating, CounterRating::normal);
    EXPECT_EQ(book().explain("driver", "").means, "");
}

TEST(CounterFiles, AreRefusedWithTheirLine) {
    struct {
        const char *text, *says;
    } const rows[] = {
        {"counters: 3", "counters is missing or not a list"},
        {"counters:\n  - {names: [A], rated: worse, means: B}", "x:2: rated is neither"},
        {"counters:\n  - {names: [A], rated: bad}", "means is missing"},
        {"counters:\n  - {names: [A], rated: bad, means: B, why: C}", "has no key \"why\""},
        {"counters:\n  - {names: [A, A], rated: bad, means: B}", "A stands there twice"},
        {"counters:\n  - {names: [A], rated: bad, means: B, unseen: no}", "unseen is true"},
        {"counters: [", "not valid YAML"},
    };
    for (const auto &row : rows) {
        CounterBook fresh;
        const auto added = fresh.add_text("x", row.text);
        ASSERT_FALSE(added) << row.text;
        EXPECT_NE(added.error().what.find(row.says), std::string::npos) << added.error().what;
    }
    CounterBook fresh;
    EXPECT_TRUE(fresh.add_text("x", "# nothing"));
}

}  // namespace
}  // namespace whydrop
