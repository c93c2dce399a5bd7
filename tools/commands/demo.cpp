// SPDX-License-Identifier: GPL-2.0-or-later
// Loses packets for every reason the lab knows, in namespaces of its own, and shows what `whydrop
// drops` says about them.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>

#include "commands/command.h"
#include "commands/outputs.h"
#include "engine/drop_run.h"
#include "lab/network.h"
#include "lab/scenarios.h"
#include "source/kernel_btf.h"

namespace whydrop {
namespace {

struct Options {
    bool list = false;
    std::vector<std::string> only;
    unsigned times = 7;
    DropOutputOptions output;
};

Result<std::vector<const Scenario *>> chosen(const std::vector<std::string> &only) {
    std::vector<const Scenario *> out;
    for (const std::string &id : only) {
        const Scenario *scenario = find_scenario(id);
        if (scenario == nullptr)
            return Error{Errc::usage, "there is no scenario " + id, "`whydrop demo --list`"};
        out.push_back(scenario);
    }
    if (only.empty())
        for (const Scenario &scenario : scenarios())
            out.push_back(&scenario);
    return out;
}

Result<int> list(const std::vector<const Scenario *> &which) {
    Output output(STDOUT_FILENO);
    std::string text;
    for (const Scenario *scenario : which)
        text += scenario->id + std::string(26 - std::min<size_t>(25, scenario->id.size()), ' ') +
                scenario->sentence + "\n";
    const Status written = output.write(text);
    const Status flushed = written ? output.flush() : written;
    if (!flushed && !output.closed())
        return flushed.error();
    return 0;
}

// Notes that the run is over: Ctrl-C ends it before all drops were ordered.
class EndWatch : public Sink {
  public:
    Status begin(const Session &) override { return success(); }
    Status record(const DropRecord &) override { return success(); }
    Status interval(const Report &) override { return success(); }
    Status end(const Report &, const Losses &) override {
        over_ = true;
        return success();
    }
    [[nodiscard]] bool over() const { return over_; }

  private:
    std::atomic<bool> over_ = false;  // set by the run, read by the thread that orders
};

// Does this kernel have a word for what the scenario does?
bool names(KernelBtf &btf, const Scenario &scenario) {
    return btf.has_reasons() && btf.reason_codes(scenario.reason).ok();
}

// Orders the drops, one scenario after the other; what this kernel cannot do is said and left out.
Status cause_all(LabNetwork &network, const std::vector<const Scenario *> &which, unsigned times,
                 const EndWatch &watch, std::vector<const Scenario *> &done) {
    for (const Scenario *scenario : which) {
        if (watch.over())
            return success();
        const Status caused = scenario->cause(network, times);
        if (caused) {
            std::fprintf(stderr, "demo: lost %u: %s\n", times, scenario->sentence.c_str());
            done.push_back(scenario);
        } else if (caused.error().code == Errc::unsupported) {
            std::fprintf(stderr, "demo: left out %s: %s\n", scenario->id.c_str(),
                         caused.error().what.c_str());
        } else {
            return Error{Errc::failed, scenario->id + ": " + caused.error().what,
                         caused.error().hint};
        }
    }
    return success();
}

// Every drop that was ordered has to be in the report, under the cause it was ordered for.
Result<int> compare(const Report &report, const std::vector<const Scenario *> &done, unsigned times,
                    KernelBtf &btf) {
    std::map<std::string, uint64_t> ordered, seen;
    for (const Scenario *scenario : done) {
        const bool told = names(btf, *scenario) || scenario->derived_cause_id.empty();
        ordered[told ? scenario->cause_id : scenario->derived_cause_id] += times;
    }
    for (const DropGroup &group : report.groups)
        seen[group.explanation ? group.explanation->cause_id : ""] += group.count.events;
    unsigned wrong = 0;
    for (const auto &[cause, count] : ordered) {
        if (seen[cause] == count)
            continue;
        wrong++;
        std::fprintf(stderr, "demo: %s: %llu ordered, %llu seen\n", cause.c_str(),
                     static_cast<unsigned long long>(count),
                     static_cast<unsigned long long>(seen[cause]));
    }
    std::fprintf(stderr, "demo: %zu of %zu causes were recognised, with the exact count\n",
                 ordered.size() - wrong, ordered.size());
    return wrong == 0 ? 0 : 1;
}

Result<int> observe(const Options &options, const std::vector<const Scenario *> &which,
                    const Invocation &invocation) {
    Result<LabNetwork> network = LabNetwork::create();
    if (!network)
        return network.error();
    std::vector<const Scenario *> done;
    EndWatch watch;
    KernelBtf btf;
    DropOptions drops;
    drops.command_line = invocation.command_line;
    drops.interval_s = 0;
    // All that is ordered is lost on this side; what the other side makes of the answers is not
    // shown, nor what the machine itself loses meanwhile.
    drops.filter.netns = std::to_string(network->inode(Side::rx));
    drops.workload = [&] { return cause_all(*network, which, options.times, watch, done); };

    DropOutputOptions shown = options.output;
    shown.text.style.show_folded = true;
    shown.colour = invocation.colour;
    DropOutput output(shown);
    auto sinks = output.sinks();
    sinks.insert(sinks.begin(), &watch);
    const Result<DropRunEnd> end = run_drops(drops, sinks);
    if (output.closed())
        return 0;
    if (!end)
        return end.error();
    if (end->stopped) {
        std::fprintf(stderr, "demo: stopped after %zu of %zu scenarios\n", done.size(),
                     which.size());
        return 0;
    }
    return compare(end->report, done, options.times, btf);
}

Result<int> run(const Options &options, const Invocation &invocation) {
    const auto which = chosen(options.only);
    if (!which)
        return which.error();
    return options.list ? list(*which) : observe(options, *which, invocation);
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    app.add_flag("--list", options->list, "List the scenarios and lose nothing");
    app.add_option("--only", options->only, "Only this scenario; may be given again")
        ->type_name("ID");
    app.add_option("--times", options->times, "Packets to lose in each scenario")
        ->type_name("N")
        ->check(CLI::Range(1u, 100000u))
        ->capture_default_str();
    add_outputs(app, options->output);
    add_examples(app, {{"whydrop demo", "lose packets for every reason, and explain each"},
                       {"whydrop demo --list", "what would be done"},
                       {"whydrop demo --only ipv4.checksum --times 101", "one scenario"}});
    return [options](const Invocation &invocation) { return run(*options, invocation); };
}

}  // namespace

extern const Command demo_command{
    "demo", "Lose packets in namespaces of its own, and show what is said about them", false,
    setup};

}  // namespace whydrop
