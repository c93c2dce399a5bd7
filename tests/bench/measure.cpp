// SPDX-License-Identifier: GPL-2.0-or-later
#include "measure.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../live/process.h"

namespace whydrop::bench {

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

// Maps of bpftrace hold 4096 keys unless told otherwise.
constexpr const char *bpftrace_room = "BPFTRACE_MAP_KEYS_MAX=262144";

std::string joined(const Words &words) {
    std::string line;
    for (const std::string &word : words)
        line += (line.empty() ? "" : " ") + word;
    return line;
}

Words under(const Tools &tools, Observer observer, const Words &options, const Words &command) {
    Words words;
    switch (observer) {
        case Observer::nobody:
            return command;
        case Observer::floor:
            words = {tools.observe, options.at(0), "--"};
            break;
        case Observer::ftrace:
            words = {tools.observe, "ftrace", "--"};
            break;
        case Observer::bpftrace:
            return {tools.observe, "tracefs", "--",          "env", bpftrace_room,
                    "bpftrace",    "-e",      options.at(0), "-c",  joined(command)};
        case Observer::whydrop:
        case Observer::receive:
            words = {tools.whydrop, observer == Observer::whydrop ? "drops" : "receive", "-q", "-f",
                     "json"};
            words.insert(words.end(), options.begin(), options.end());
            words.push_back("--");
            break;
    }
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

// Every flow is met once before the clock runs: what is measured is the price of a drop, not of a
// new flow.
Words generator(const Tools &tools, const Variant &variant, const Effort &effort) {
    const uint32_t flows = std::min(variant.flows, effort.max_flows);
    return {tools.generate,
            "--cpus",
            effort.cpus,
            "--frames",
            std::to_string(effort.frames),
            "--flows",
            std::to_string(flows),
            "--warm-up",
            std::to_string(std::max<uint64_t>(flows, effort.frames / 16)),
            "--rate",
            std::to_string(effort.rate)};
}

bool has(const std::string &line, const char *text) {
    return line.find(text) != std::string::npos;
}

uint64_t number_after(const std::string &line, const char *text) {
    const size_t at = line.find(text);
    return at == std::string::npos ? 0 : std::strtoull(&line[at + std::strlen(text)], nullptr, 10);
}

// There may be hundreds of thousands of lines of groups: they are looked at, not parsed.
// Where the keys name the namespace, it has to be the generator's.
bool is_ours(const std::string &group, const Json &generated) {
    if (const uint64_t netns = number_after(group, "\"netns\":")) {
        const auto ours = generated.value("netns", std::vector<uint64_t>{});
        if (std::find(ours.begin(), ours.end(), netns) == ours.end())
            return false;
    }
    return has(group, "\"reason\":\"IP_CSUM\"") || has(group, " > 10.9.8.7:9 udp\"") ||
           (has(group, "\"receive_group\"") && has(group, "\"l4proto\":\"udp\""));
}

struct Answer {
    Json generated, total, losses;
    uint64_t foreign = 0;  // events of groups that are not the generator's
};

Answer read_answer(const std::string &out) {
    Answer answer;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("{\"type\":\"drop_group\"") ||
            line.starts_with("{\"type\":\"receive_group\"")) {
            if (!is_ours(line, answer.generated))
                answer.foreign += number_after(line, "\"events\":");
            continue;
        }
        if (!line.starts_with("{"))
            continue;
        Json json = Json::parse(line, nullptr, false);
        if (!json.is_object())
            continue;
        const std::string type = json.value("type", "");
        if (type == "generated")
            answer.generated = std::move(json);
        else if ((type == "drop_total" || type == "receive_total") && json.value("final", false))
            answer.total = std::move(json);
        else if (type == "losses")
            answer.losses = std::move(json["losses"]);
    }
    return answer;
}

Status add_counts(const Answer &answer, Counted counted, Measured &measured) {
    if (!answer.total.is_object() || !answer.losses.is_array())
        return Error{Errc::failed, "whydrop printed no total", {}};
    for (const Json &loss : answer.losses)
        if (loss.value("unit", "") == "events" && !loss.value("in_other", false))
            measured.lost += loss.value("count", uint64_t{0});
    measured.counted = answer.total["total"].value("events", uint64_t{0}) - answer.foreign;
    const uint64_t expected = counted == Counted::all ? measured.sent : 0;
    if (measured.counted + measured.lost == expected)
        return success();
    return Error{Errc::failed,
                 "counted " + std::to_string(measured.counted) + " and lost " +
                     std::to_string(measured.lost) + " of " + std::to_string(expected),
                 {}};
}

Error run_error(const Words &words, const live::Finished &finished) {
    return {Errc::failed,
            joined(words) + " ended with " + std::to_string(finished.status) + ": " + finished.err,
            {}};
}

}  // namespace

Result<Measured> measure(const Tools &tools, const Variant &variant, const Effort &effort) {
    const Words words =
        under(tools, variant.observer, variant.words, generator(tools, variant, effort));
    const auto finished = live::run_process(words);
    const Answer answer = read_answer(finished.out);
    if (finished.status != 0 || !answer.generated.is_object())
        return run_error(words, finished);
    Measured measured;
    const Json &generated = answer.generated;
    measured.method = generated.value("method", "");
    measured.sent = generated.value("sent", uint64_t{0});
    measured.ns_per_drop = generated.value("ns_per_drop", 0.0);
    measured.drops_per_s = generated.value("drops_per_s", 0.0);
    measured.observer_cpu =
        generated.value("observer_cpu_ns", 0.0) / generated.value("wall_ns", 1.0);
    measured.observer_rss_bytes = generated.value("observer_rss_bytes", uint64_t{0});
    if (generated.value("dropped", uint64_t{0}) != measured.sent)
        return Error{
            Errc::failed, "the kernel did not drop what was sent: " + generated.dump(), {}};
    if (variant.counted != Counted::nothing_to_check)
        if (auto counts = add_counts(answer, variant.counted, measured); !counts)
            return Error{Errc::failed, joined(words) + ": " + counts.error().what, {}};
    return measured;
}

Result<double> ms_to_attached(const Tools &tools, Observer observer) {
    const Words options = {
        "tracepoint:skb:kfree_skb { @[args->reason, args->location] = count(); }"};
    const Words words =
        under(tools, observer, observer == Observer::bpftrace ? options : Words{}, {tools.stamp});
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const auto finished = live::run_process(words);
    const uint64_t started = number_after(finished.out, "\"mono_ns\":");
    if (finished.status != 0 || started == 0)
        return run_error(words, finished);
    return static_cast<double>(started) / 1e6 - static_cast<double>(now.tv_sec) * 1e3 -
           static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace whydrop::bench
