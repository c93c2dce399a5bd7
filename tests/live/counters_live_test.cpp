// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop counters` on this kernel: what was done is what it counts, and what nstat, ip, tc and
// ethtool say of the same interval.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "explain/counter_book.h"
#include "explain/matcher.h"
#include "lab/network.h"
#include "lab/scenarios.h"
#include "process.h"
#include "source/counters/delta.h"
#include "source/counters/reader.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;

// For bash: a network namespace of its own, in which `send N PORT` sends datagrams over lo, and
// `counted` observes the rest of the line.
std::string in_netns(const std::string &script) {
    return "unshare -n bash -c '"
           "export W=" WHYDROP_BINARY
           "\n"
           "send() { for ((i = 0; i < $1; i++)); do echo lost >/dev/udp/127.0.0.1/$2; done; }\n"
           "counted() { $W counters -f json --interval 0 --all -- bash -c \"$1\"; }\n"
           "export -f send\n"
           "ip link set lo up\n" +
           script + "'";
}

Finished bash(const std::string &script) {
    return run_process({"/bin/bash", "-c", script});
}

struct Answer {
    int status = -1;
    std::string err;
    Json summary, losses;
    std::vector<Json> counters;

    [[nodiscard]] const Json *find(const std::string &name, const std::string &dev = {}) const {
        for (const Json &counter : counters)
            if (counter.at("name") == name && (dev.empty() || counter.value("dev", "") == dev))
                return &counter;
        return nullptr;
    }
    [[nodiscard]] int64_t delta(const std::string &name, const std::string &dev = {}) const {
        const Json *counter = find(name, dev);
        return counter ? counter->at("delta").get<int64_t>() : 0;
    }
};

// Lines that are no JSON are the script's own.
Answer answer_of(const Finished &done) {
    Answer answer;
    answer.status = done.status;
    answer.err = done.err;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
        const Json object = Json::parse(line, nullptr, false);
        if (!object.is_object())
            continue;
        const std::string type = object.value("type", "");
        if (type == "counters")
            answer.summary = object;
        else if (type == "losses")
            answer.losses = object;
        else if (type == "counter")
            answer.counters.push_back(object);
    }
    EXPECT_FALSE(answer.summary.is_null() || answer.losses.is_null()) << done.out << done.err;
    return answer;
}

bool has_tool(const std::string &name) {
    return bash("command -v " + name).status == 0;
}

class Lab : public testing::TestWithParam<Scenario> {};

// "Udp NoPorts" as the lab says it, "eth0 rx_dropped" of a device.
std::optional<CounterChange> change_of(const std::vector<CounterChange> &changes,
                                       const std::string &counter) {
    const size_t blank = counter.find(' ');
    const std::string first = counter.substr(0, blank), second = counter.substr(blank + 1);
    for (const CounterChange &change : changes)
        if (change.name == first + second ||
            (change.dev == first && change.name == second && change.source == "link"))
            return change;
    return {};
}

// Each cause of a drop that the kernel counts: the counter moves by as many, its entry calls it
// bad, and names the reason of the drops.
TEST_P(Lab, ACauseMovesItsCounterAndTheEntryNamesTheReason) {
    constexpr unsigned times = 23;
    const Scenario &scenario = GetParam();
    auto network = LabNetwork::create();
    if (!network)
        GTEST_SKIP() << network.error().what;
    auto reader = CounterReader::open(std::to_string(network->inode(Side::rx)), "");
    ASSERT_TRUE(reader) << reader.error().what;
    const auto before = reader->read();
    ASSERT_TRUE(before) << before.error().what;
    if (const Status caused = scenario.cause(*network, times); !caused) {
        if (caused.error().code == Errc::unsupported)
            GTEST_SKIP() << caused.error().what;
        FAIL() << caused.error().what;
    }
    const auto after = reader->read();
    ASSERT_TRUE(after) << after.error().what;
    const auto change = change_of(counter_changes(*before, *after), scenario.counter);
    ASSERT_TRUE(change) << scenario.counter;
    EXPECT_EQ(change->delta, times) << scenario.counter;
    const auto book = CounterBook::built_in();
    ASSERT_TRUE(book);
    const CounterMeaning meaning = book->explain(change->source, change->name);
    EXPECT_NE(meaning.rating, CounterRating::normal) << change->name;
    EXPECT_TRUE(scenario.reason.empty() ||
                std::ranges::any_of(meaning.reasons,
                                    [&](const std::string &reason) {
                                        return glob_matches(reason, "core/" + scenario.reason) ||
                                               glob_matches(reason, scenario.reason);
                                    }))
        << change->name << " does not name " << scenario.reason;
}

std::vector<Scenario> counted_scenarios() {
    std::vector<Scenario> counted;
    for (const Scenario &scenario : scenarios())
        if (!scenario.counter.empty())
            counted.push_back(scenario);
    return counted;
}

INSTANTIATE_TEST_SUITE_P(Causes, Lab, testing::ValuesIn(counted_scenarios()), [](const auto &of) {
    std::string name = of.param.id;
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(c) == 0; }, '_');
    return name;
});

TEST(CountersLive, DatagramsToAClosedPort) {
    const Answer answer = answer_of(bash(in_netns("counted \"send 1009 9\"")));
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.delta("UdpNoPorts"), 1009);
    EXPECT_EQ(answer.delta("rx_packets", "lo"), 2 * 1009);  // and as many answers
    EXPECT_EQ(answer.delta("IcmpMsgOutType3"), 1009);
    ASSERT_TRUE(answer.find("UdpNoPorts"));
    const Json &counter = *answer.find("UdpNoPorts");
    EXPECT_EQ(counter.at("rating"), "bad");
    EXPECT_EQ(counter.at("reasons"), Json::array({"core/NO_SOCKET"}));
    EXPECT_EQ(counter.at("value"), 1009);
    EXPECT_FALSE(counter.at("appeared").get<bool>());
    // The kernel has no such name before the first of these messages.
    EXPECT_TRUE(answer.find("IcmpMsgOutType3")->at("appeared").get<bool>());
    EXPECT_EQ(answer.counters.front().at("rating"), "bad");
    EXPECT_TRUE(std::ranges::is_sorted(answer.counters, {}, [](const Json &line) {
        return std::map<std::string, int>{{"bad", 0}, {"sign", 1}, {"normal", 2}}.at(
            line.at("rating"));
    }));
}

TEST(CountersLive, TheCommandsStatusIsOurs) {
    EXPECT_EQ(bash(in_netns("$W counters -q -- sh -c \"exit 7\"")).status, 7);
}

TEST(CountersLive, NormalTrafficIsLeftOutUnlessItIsAskedFor) {
    // Datagrams that somebody takes.
    const std::string script =
        "$W counters -q %s -- python3 -c \"from socket import *\n"
        "a = socket(AF_INET, SOCK_DGRAM); a.bind((\\\"127.0.0.1\\\", 0))\n"
        "for i in range(13): a.sendto(b\\\"taken\\\", a.getsockname()); a.recv(9)\"";
    if (!has_tool("python3"))
        GTEST_SKIP() << "no python3 here";
    const auto with = [&](const std::string &option) {
        std::string text = script;
        return bash(in_netns(text.replace(text.find("%s"), 2, option))).out;
    };
    EXPECT_EQ(with("").find("UdpInDatagrams"), std::string::npos);
    const std::string all = with("--all");
    EXPECT_NE(all.find("UdpInDatagrams"), std::string::npos) << all;
}

// NAME DELTA, as nstat prints them after `nstat -n`.
TEST(CountersLive, NstatSaysTheSame) {
    if (!has_tool("nstat"))
        GTEST_SKIP() << "no nstat here";
    const Finished done =
        bash(in_netns("export NSTAT_HISTORY=$(mktemp)\n nstat -n >/dev/null\n"
                      "counted \"send 211 9; echo -n >/dev/tcp/127.0.0.1/9\"\n nstat\n"
                      "rm $NSTAT_HISTORY"));
    const Answer answer = answer_of(done);
    std::istringstream lines(done.out);
    size_t compared = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        int64_t delta = 0;
        if (line.starts_with("{") || line.starts_with("#") || !(words >> name >> delta))
            continue;
        EXPECT_EQ(answer.delta(name), delta) << name;
        compared++;
    }
    EXPECT_GE(compared, 15U) << done.out;
    for (const Json &counter : answer.counters) {
        const std::string source = counter.at("source"), name = counter.at("name");
        if (counter.at("level") || (source != "snmp" && source != "netstat"))
            continue;
        EXPECT_NE(done.out.find("\n" + name + " "), std::string::npos)
            << "nstat does not have " << counter;
    }
}

// A veth pair, on which ARP for nobody is sent.
const std::string kTraffic =
    "ip link add v0 type veth peer name v1; ip addr add 10.99.0.1/24 dev v0\n"
    "sysctl -qw net.ipv6.conf.v0.disable_ipv6=1 net.ipv6.conf.v1.disable_ipv6=1\n"
    "ip link set v0 up; ip link set v1 up\n"
    "ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 dev v0\n"
    "burst() { for ((i = 0; i < $1; i++)); do printf %400s >/dev/udp/10.99.0.2/9; done; }\n"
    "export -f burst\n";

// The Json of a line that begins with `word`.
Json after(const std::string &out, const std::string &word) {
    const size_t at = out.find("\n" + word + " ");
    if (at == std::string::npos)
        return {};
    const size_t begin = at + word.size() + 2;
    return Json::parse(out.substr(begin, out.find('\n', begin) - begin), nullptr, false);
}

TEST(CountersLive, IpSaysTheSameOfADevice) {
    const Finished done = bash(
        in_netns(kTraffic + "echo; for when in before after; do\n"
                            "  echo \"$when $(ip -s -s -j link show dev v1 | tr -d \"\\n\")\"\n"
                            "  [[ $when == before ]] && counted \"burst 503\"\ndone"));
    const Answer answer = answer_of(done);
    const Json before = after(done.out, "before"), then = after(done.out, "after");
    ASSERT_TRUE(before.is_array() && then.is_array()) << done.out;
    for (const auto &[way, short_name] : {std::pair("rx", "rx_"), std::pair("tx", "tx_")})
        for (const char *what : {"packets", "bytes", "dropped", "errors"}) {
            const auto count = [&, direction = way](const Json &links) {
                return links[0].at("stats64").at(direction).at(what).get<int64_t>();
            };
            EXPECT_EQ(answer.delta(std::string(short_name) + what, "v1"),
                      count(then) - count(before))
                << short_name << what;
        }
    EXPECT_EQ(answer.delta("rx_packets", "v1"), 503);
}

TEST(CountersLive, TcSaysTheSameOfAQueue) {
    if (!has_tool("tc"))
        GTEST_SKIP() << "no tc here";
    const Finished done =
        bash(in_netns(kTraffic +
                      "tc qdisc add dev v0 root handle 1: tbf rate 8kbit burst 1600 limit 3000 || "
                      "exit 9\n"
                      "echo; counted \"burst 211\"\n"
                      "echo; echo \"after $(tc -s -j qdisc show dev v0 | tr -d \"\\n\")\""));
    if (done.status == 9)
        GTEST_SKIP() << "no tbf here: " << done.err;
    const Answer answer = answer_of(done);
    const Json queue = after(done.out, "after");
    ASSERT_TRUE(queue.is_array()) << done.out;
    EXPECT_EQ(answer.delta("drops"), queue[0].at("drops").get<int64_t>());
    EXPECT_GT(answer.delta("drops"), 100);
    ASSERT_TRUE(answer.find("drops"));
    EXPECT_EQ(answer.find("drops")->at("place"), "v0 tbf 1:");
    EXPECT_EQ(answer.find("drops")->at("rating"), "bad");
}

TEST(CountersLive, EthtoolSaysTheSameOfADriver) {
    if (!has_tool("ethtool"))
        GTEST_SKIP() << "no ethtool here";
    const Finished done = bash(in_netns(kTraffic + "echo; counted \"burst 307\"\n"
                                                   "ethtool -S v1"));
    const Answer answer = answer_of(done);
    std::istringstream lines(done.out);
    size_t compared = 0;
    for (std::string line; std::getline(lines, line);) {
        const size_t colon = line.find(": ");
        const size_t begin = line.find_first_not_of(' ');
        if (begin == 0 || begin == std::string::npos || colon == std::string::npos)
            continue;
        const std::string name = line.substr(begin, colon - begin);
        if (name == "peer_ifindex")
            continue;  // a number, and no counter
        const int64_t value = std::stoll(line.substr(colon + 1));
        // What was there before the run is small: nothing but the burst was sent.
        EXPECT_EQ(answer.delta(name, "v1"), value) << name;
        compared++;
    }
    EXPECT_GT(compared, 3U) << done.out;
}

TEST(CountersLive, ADeviceThatComesIsCountedFromZeroAndOneThatGoesIsNamed) {
    const Answer answer = answer_of(bash(in_netns(
        kTraffic +
        "export traffic=\"ip link add v2 type veth peer name v3; ip addr add 10.98.0.1/24 dev v2; "
        "sysctl -qw net.ipv6.conf.v2.disable_ipv6=1 net.ipv6.conf.v3.disable_ipv6=1; "
        "ip link set v2 up; ip link set v3 up; "
        "ip neigh add 10.98.0.2 lladdr 02:00:00:00:00:02 dev v2\"\n"
        "counted \"eval \\$traffic; for ((i = 0; i < 29; i++)); do "
        "echo x >/dev/udp/10.98.0.2/9; done; ip link del v0\"")));
    EXPECT_EQ(answer.delta("rx_packets", "v3"), 29) << answer.err;
    ASSERT_TRUE(answer.find("rx_packets", "v3"));
    EXPECT_TRUE(answer.find("rx_packets", "v3")->at("appeared").get<bool>());
    const Json &losses = answer.losses.at("losses");
    ASSERT_EQ(losses.size(), 1U) << losses;
    EXPECT_EQ(losses[0].at("kind"), "gone");
    EXPECT_NE(losses[0].at("detail").get<std::string>().find("link v0"), std::string::npos);
}

TEST(CountersLive, EveryNameOfThisKernelIsExplained) {
    auto reader = CounterReader::open("", "");
    ASSERT_TRUE(reader);
    const auto reading = reader->read();
    ASSERT_TRUE(reading) << reading.error().what;
    const auto book = CounterBook::built_in();
    ASSERT_TRUE(book);
    std::string names;
    for (const CounterGroup &group : reading->groups)
        for (const Counter &counter : group.counters) {
            if (group.source == "driver")
                continue;  // whose drivers nobody knows
            const CounterMeaning meaning = book->explain(group.source, counter.name);
            EXPECT_FALSE(meaning.means.empty() || meaning.by_name)
                << group.source << "/" << counter.name;
            if (group.source == "snmp" || group.source == "netstat")
                names += " " + counter.name;
        }
    const Finished done = bash(std::string(WHYDROP_BINARY) + " counters explain" + names);
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_NE(done.out.find("netstat/TcpExtListenOverflows"), std::string::npos);
    EXPECT_EQ(done.out.find("Unknown: "), std::string::npos);
}

TEST(CountersLive, NobodyNeedsPrivileges) {
    if (!has_tool("setpriv"))
        GTEST_SKIP() << "no setpriv here";
    const std::string as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
    if (bash(as_nobody + WHYDROP_BINARY " --version").status != 0)
        GTEST_SKIP() << "nobody else can run what is built here";
    const Answer answer = answer_of(
        bash(in_netns(as_nobody + "$W counters -f json --interval 0 -- bash -c \"send 31 9\"")));
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.delta("UdpNoPorts"), 31);
}

// 200 devices are read in 20 ms. Of several readings the fastest: others use this machine too.
TEST(CountersLive, TwoHundredDevicesAreReadInTime) {
    auto network = LabNetwork::create();
    if (!network)
        GTEST_SKIP() << network.error().what;
    const std::string pid = std::to_string(network->pid(Side::rx));
    const Finished made =
        bash("nsenter -t " + pid +
             " -n bash -c 'for i in {1..98}; do echo link add a$i type veth peer name b$i; "
             "echo link set a$i up; echo link set b$i up; done | ip -batch -'");
    ASSERT_EQ(made.status, 0) << made.err;
    auto reader = CounterReader::open(pid, "");
    ASSERT_TRUE(reader);
    auto fastest = std::chrono::steady_clock::duration::max();
    size_t devices = 0;
    for (int times = 0; times < 23; times++) {
        const auto begun = std::chrono::steady_clock::now();
        const auto reading = reader->read();
        fastest = std::min(fastest, std::chrono::steady_clock::now() - begun);
        ASSERT_TRUE(reading);
        devices = static_cast<size_t>(
            std::ranges::count(reading->groups, std::string("link"), &CounterGroup::source));
    }
    const double ms = std::chrono::duration<double, std::milli>(fastest).count();
    std::cout << devices << " devices in " << ms << " ms\n";
    EXPECT_GE(devices, 199U);
    if (bash("grep -q QEMU /sys/class/dmi/id/sys_vendor").status == 0)
        GTEST_SKIP() << "how fast an emulated machine is says nothing";
#ifdef __OPTIMIZE__
    EXPECT_LT(ms, 20);
#else
    EXPECT_LT(ms, 60) << "without optimization";
#endif
}

}  // namespace
}  // namespace whydrop::live
