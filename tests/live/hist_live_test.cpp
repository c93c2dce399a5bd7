// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop hist` on this kernel, by its hist triggers or from the stream of the event: what was
// sent is what is counted, and nothing is left in tracefs.
#include <gtest/gtest.h>
#include <net/ethernet.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "datagrams.h"
#include "process.h"
#include "sys/tracefs.h"
#include "tracing.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

// No one else's packets have this length.
constexpr uint32_t kBytes = 1277;
const std::string kOurs = "name == lo && len == " + std::to_string(kBytes);

// For bash, in a network namespace of its own: `send N` sends so many, `outside` is a comment.
std::string in_netns(const std::string &script) {
    return "unshare -n bash -c 'ip link set lo up; send() { for ((i = 0; i < $1; i++)); do "
           "printf %" +
           std::to_string(kBytes - kUdpHeaders) + "s >/dev/udp/127.0.0.1/9; done; }\n" + script +
           "'";
}

struct Answer {
    int status = -1;
    std::string err;
    Json session, hist, losses;  // the last of each
    std::vector<Json> entries;   // of the last table

    [[nodiscard]] uint64_t sum(const std::string &name) const {
        uint64_t all = 0;
        for (const Json &entry : entries)
            all += entry.at(name).get<uint64_t>();
        return all;
    }
    [[nodiscard]] uint64_t lost(const std::string &kind) const {
        for (const Json &loss : losses.at("losses"))
            if (loss.at("kind") == kind)
                return loss.at("count");
        return 0;
    }
    [[nodiscard]] bool by_triggers() const {
        return session.at("source").get<std::string>().starts_with("hist trigger");
    }
};

Answer answer_of(const Finished &done) {
    Answer answer;
    answer.status = done.status;
    answer.err = done.err;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
        Json object = Json::parse(line, nullptr, false);
        EXPECT_TRUE(object.is_object()) << line;
        if (!object.is_object())
            continue;
        const std::string type = object.at("type");
        if (type == "session")
            answer.session = object;
        else if (type == "losses")
            answer.losses = object;
        else if (type == "hist_entry")
            answer.entries.push_back(object);
        else if (type == "hist") {
            answer.hist = object;
            answer.entries.clear();
        }
    }
    EXPECT_FALSE(answer.session.is_null() || answer.hist.is_null() || answer.losses.is_null())
        << done.out << done.err;
    return answer;
}

// What is counted while `script` runs.
Answer hist(std::vector<std::string> words, const std::string &script) {
    words.insert(words.begin(), {WHYDROP_BINARY, "hist"});
    words.insert(words.end(),
                 {"-f", "json", "--interval", "0", "--", "/bin/bash", "-c", in_netns(script)});
    return answer_of(run_process(words));
}

class HistLive : public Tracing {
  protected:
    [[nodiscard]] bool has_triggers() const {
        return fs_->top().has("events/net/netif_receive_skb/hist");
    }
    // Instances of which no process lives, and what anybody has switched on: all of tracefs that a
    // run could leave changed.
    [[nodiscard]] std::map<std::string, std::string> state() const {
        std::map<std::string, std::string> all;
        for (const auto &entry : fs::directory_iterator(fs_->top().path() + "/instances")) {
            const std::string name = entry.path().filename();
            pid_t pid = 0;
            if (sscanf(name.c_str(), "whydrop-%d-", &pid) == 1 && kill(pid, 0) == 0)
                continue;
            all["instances/" + name] = "is there";
        }
        for (const char *file :
             {"set_event", "synthetic_events", "kprobe_events", "set_event_pid", "trace_options",
              "events/net/netif_receive_skb/trigger", "events/net/netif_receive_skb/enable",
              "events/sched/sched_process_exec/trigger", "events/sched/sched_process_exit/trigger"})
            all[file] = fs_->top().read(file).ok() ? *fs_->top().read(file) : "";
        return all;
    }
};

TEST_F(HistLive, EachPacketByItsAddress) {
    const auto answer =
        hist({"net:netif_receive_skb", "--key", "skbaddr.hex", "--val", "len", "--filter", kOurs},
             "send 1009");
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.hist.at("hits"), 1009U);
    EXPECT_EQ(answer.sum("hits"), 1009U);
    EXPECT_EQ(answer.sum("len_sum"), 1009U * kBytes);
    EXPECT_TRUE(answer.entries.at(0).at("skbaddr").get<std::string>().starts_with("0xffff"));
    EXPECT_EQ(answer.losses.at("losses").size(), 0U) << answer.losses;
    EXPECT_EQ(answer.by_triggers(), has_triggers());
}

// Whoever else loses packets at the same time is among them: then once more.
TEST_F(HistLive, DropsByReasonAndLocation) {
    Answer answer;
    for (int times = 0; times < 7; times++) {
        answer = hist({"drops", "--filter", "protocol == 2048"}, "send 211");
        ASSERT_FALSE(answer.entries.empty());
        if (answer.entries.front().at("hits") == 211U)
            break;
    }
    const Json &first = answer.entries.front();
    EXPECT_EQ(first.at("hits"), 211U);
    const std::string at = first.at("location_name");
    EXPECT_TRUE(at == "__udp4_lib_rcv" || at == "udp_rcv") << at;
    if (answer.session.at("has_reasons"))
        EXPECT_EQ(first.at("reason"), "NO_SOCKET");
    else
        EXPECT_NE(answer.session.at("notes").dump().find("has no 'reason'"), std::string::npos);
}

TEST_F(HistLive, ReceivedByDeviceAndStack) {
    const auto answer = hist({"receive", "--filter", kOurs}, "send 211");
    EXPECT_EQ(answer.sum("hits"), 211U);
    ASSERT_FALSE(answer.entries.empty());
    const Json &first = answer.entries.front();
    EXPECT_EQ(first.at("name"), "lo");
    EXPECT_NE(first.at("stack").dump().find("process_backlog+0x"), std::string::npos) << first;
    EXPECT_EQ(first.at("stack").dump().find("trace_event_raw_event"), std::string::npos) << first;
}

TEST_F(HistLive, MemoryByStackRankedByBytes) {
    const auto answer = hist({"kmalloc", "--percent"}, "send 211");
    ASSERT_GT(answer.entries.size(), 3U);
    uint64_t before = UINT64_MAX;
    double share = 0;
    for (const Json &entry : answer.entries) {
        EXPECT_LE(entry.at("bytes_alloc_sum").get<uint64_t>(), before);
        before = entry.at("bytes_alloc_sum");
        share += entry.at("bytes_alloc_percent").get<double>();
    }
    EXPECT_NEAR(share, 100, 0.01);
    EXPECT_GE(answer.entries.front().at("stack").size(), 3U);
}

// The program is known by its path, its end by the 15 letters that the kernel has of its name.
TEST_F(HistLive, CountsOnlyWhileTheArmedProgramLives) {
    const std::string folder = fs::temp_directory_path() / ("hist" + std::to_string(getpid()));
    fs::create_directory(folder);
    const std::string program = folder + "/hist-armed-program";
    fs::copy_file("/bin/bash", program);
    const auto answer =
        hist({"net:netif_receive_skb", "--key", "name", "--filter", kOurs, "--start-on",
              "exec:" + program, "--stop-on", "exit:hist-armed-program"},
             "send 101; /bin/true; export -f send; " + program + " -c \"send 1009\"; send 211");
    fs::remove_all(folder);
    EXPECT_EQ(answer.hist.at("hits"), 1009U);
    EXPECT_FALSE(answer.hist.contains("seconds"));
    EXPECT_NE(answer.session.at("notes").dump().find("'hist-armed-prog'"), std::string::npos);
}

// Queued for the device by whoever sends: no softirq is in it.
TEST_F(HistLive, OwnIsOfTheCommandAndItsChildren) {
    const std::string queued = "name == lo && len == " + std::to_string(kBytes + ETH_HLEN);
    Running run({WHYDROP_BINARY, "hist", "net:net_dev_queue", "--key", "len", "--filter", queued,
                 "--own", "-f", "json", "--interval", "0.1", "--", "/bin/bash", "-c",
                 in_netns("(send 211); send 101; read -t 3 <> <(:); send 13")});
    ASSERT_TRUE(comes_true([&] { return run.has_said("\"hits\":312,"); }, std::chrono::minutes(1)));
    EXPECT_EQ(send_datagrams(499, kBytes), 499U);
    const auto answer = answer_of(run.finish());
    EXPECT_EQ(answer.hist.at("hits"), 325U);
    EXPECT_NE(answer.session.at("notes").dump().find("softirq"), std::string::npos);
}

// Each is queued to the device once, and received from it once.
TEST_F(HistLive, TheTimeBetweenTwoEvents) {
    const auto answer =
        hist({"--from", "net:net_dev_queue", "--to", "net:netif_receive_skb", "--on", "skbaddr",
              "--filter", "name == lo && len == " + std::to_string(kBytes + ETH_HLEN)},
             "send 1009");
    EXPECT_EQ(answer.hist.at("hits"), 1009U);
    EXPECT_EQ(answer.sum("hits"), 1009U);
    uint64_t before = 0;
    for (const Json &entry : answer.entries) {
        const uint64_t hits = entry.at("hits"), sum = entry.at("latency_ns_sum");
        EXPECT_GE(sum, hits * entry.at("latency_ns_min").get<uint64_t>());
        EXPECT_LE(sum, hits * entry.at("latency_ns_max").get<uint64_t>());
        EXPECT_GT(entry.at("latency_ns_max").get<uint64_t>(), before);
        before = entry.at("latency_ns_max");
    }
}

TEST_F(HistLive, ATableThatIsTooSmall) {
    const auto answer = hist(
        {"net:netif_receive_skb", "--key", "common_timestamp", "--filter", kOurs, "--size", "128"},
        "send 1009");
    EXPECT_EQ(answer.hist.at("hits"), 1009U);
    EXPECT_EQ(answer.sum("hits") + answer.lost("no_room"), 1009U);
    EXPECT_GT(answer.lost("no_room"), 500U);
    EXPECT_NE(answer.losses.dump().find("--size"), std::string::npos);
}

TEST_F(HistLive, SystemCallsHaveNames) {
    const auto answer = hist({"raw_syscalls:sys_enter", "--key", "id.syscall", "--own"},
                             "for ((i = 0; i < 211; i++)); do umask 022; done");
    std::map<std::string, uint64_t> calls;
    for (const Json &entry : answer.entries)
        calls[entry.at("id_name")] = entry.at("hits");
    EXPECT_EQ(calls["sys_umask"], 211U);
    EXPECT_GE(calls["sys_execve"], 3U);
}

TEST_F(HistLive, TheCommandsStatusIsOurs) {
    EXPECT_EQ(hist({"softirq"}, "exit 17").status, 17);
}

TEST_F(HistLive, StopsAfterSoMany) {
    const auto answer = answer_of(run_process({WHYDROP_BINARY, "hist", "sched:sched_switch",
                                               "--key", "prev_comm", "-c", "13", "-f", "json"}));
    EXPECT_EQ(answer.status, 0);
    EXPECT_GE(answer.hist.at("hits"), 13U);
}

TEST_F(HistLive, TwoRecordingsCompared) {
    const std::string folder = fs::temp_directory_path() / ("hist" + std::to_string(getpid()));
    fs::create_directory(folder);
    for (const auto &[name, count] : {std::pair("before", "101"), std::pair("after", "211")})
        hist({"net:netif_receive_skb", "--key", "name,len", "--val", "len", "--filter", kOurs, "-o",
              folder + "/" + name},
             std::string("send ") + count);
    const Finished done = run_process(
        {WHYDROP_BINARY, "hist", "--diff", folder + "/before", folder + "/after", "-f", "json"});
    fs::remove_all(folder);
    EXPECT_EQ(done.status, 0) << done.err;
    const Json change = Json::parse(done.out, nullptr, false);
    ASSERT_TRUE(change.is_object()) << done.out;
    EXPECT_EQ(change.at("hits_before"), 101U);
    EXPECT_EQ(change.at("hits_after"), 211U);
    EXPECT_EQ(change.at("len_sum_after"), 211U * kBytes);
    EXPECT_EQ(change.at("name"), "lo");
}

TEST_F(HistLive, MoreKeysThanTheKernelTakes) {
    if (!has_triggers())
        GTEST_SKIP() << "this kernel has no hist triggers: we take as many keys as are asked for";
    const Finished done = run_process({WHYDROP_BINARY, "hist", "net:netif_receive_skb", "--key",
                                       "name,len,skbaddr,common_pid", "-d", "1"});
    EXPECT_EQ(done.status, 2);
    EXPECT_NE(done.err.find("3 keys"), std::string::npos) << done.err;
}

struct EndRow {
    const char *why;
    int signal;  // 0: none, its time is over
    int status;
};

TEST_F(HistLive, NothingIsLeft) {
    const auto before = state();
    const std::vector<std::string> words = {WHYDROP_BINARY,
                                            "hist",
                                            "net:netif_receive_skb",
                                            "--key",
                                            "name",
                                            "--start-on",
                                            "exec:/bin/no-such",
                                            "--stop-on",
                                            "exit:no-such",
                                            "-f",
                                            "json",
                                            "--interval",
                                            "0.1"};
    for (const EndRow &row : {EndRow{"Ctrl-C", SIGINT, 0}, EndRow{"SIGTERM", SIGTERM, 0},
                              EndRow{"its time is over", 0, 0},
                              EndRow{"killed, and another run", SIGKILL, 128 + SIGKILL}}) {
        SCOPED_TRACE(row.why);
        std::vector<std::string> timed = words;
        if (row.signal == 0)
            timed.insert(timed.end(), {"-d", "1"});
        Running run(timed);
        ASSERT_TRUE(comes_true([&] { return run.has_said("\"hist\""); }, std::chrono::minutes(1)));
        if (row.signal)
            run.signal(row.signal);
        EXPECT_EQ(run.finish().status, row.status);
        if (row.signal == SIGKILL) {
            const std::string left = "instances/whydrop-" + std::to_string(run.pid()) + "-0";
            EXPECT_TRUE(state().contains(left)) << "it was killed: who removed that?";
            EXPECT_EQ(hist({"softirq"}, "true").status, 0);
        }
        EXPECT_EQ(state(), before);
    }
}

}  // namespace
}  // namespace whydrop::live
