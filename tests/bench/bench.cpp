// SPDX-License-Identifier: GPL-2.0-or-later
// What a drop costs to observe: every variant in each of several rounds, in another order each time
// and between two runs with nothing attached; medians, beside the targets.
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include "table.h"

namespace whydrop::bench {

namespace {

struct Options {
    unsigned rounds = 9, attached_runs = 15;
    uint64_t frames = 1 << 20;
    std::string raw = "bench.tsv";
    std::vector<std::string> only;
    uint32_t seed = 1;
    bool smoke = false;
};

constexpr double null_limit = 0.02;  // of the baseline
constexpr unsigned patience = 4;     // times as many rounds as asked for are tried
constexpr uint32_t smoke_flows = 1009;

const Variant nothing_attached{"baseline", "nothing", Observer::nobody, {}};

class Bench {
  public:
    Bench(Options options, Tools tools)
        : options_(std::move(options)), tools_(std::move(tools)), random_(options_.seed) {}

    Result<Figures> run();

  private:
    Status rounds();
    Result<std::vector<Round>> one_round(unsigned number);
    Status flat_out();
    Status each_at_rate();
    Status attached();
    Status memory();
    [[nodiscard]] bool wanted(const char *id) const;
    [[nodiscard]] std::vector<Variant> chosen() const;
    [[nodiscard]] Effort effort() const;

    Options options_;
    Tools tools_;
    std::mt19937 random_;
    Figures figures_;
};

bool Bench::wanted(const char *id) const {
    return options_.only.empty() ||
           std::find(options_.only.begin(), options_.only.end(), id) != options_.only.end();
}

std::vector<Variant> Bench::chosen() const {
    std::vector<Variant> chosen;
    for (const Variant &variant : variants()) {
        const bool always = std::string(variant.id) == "null" || std::string(variant.id) == "empty";
        const bool there = variant.observer != Observer::bpftrace || tools_.bpftrace;
        if (there && (always || wanted(variant.id)))
            chosen.push_back(variant);
    }
    return chosen;
}

Effort Bench::effort() const {
    Effort effort;
    effort.frames = options_.frames;
    if (options_.smoke)
        effort.max_flows = smoke_flows;
    return effort;
}

Result<std::vector<Round>> Bench::one_round(unsigned number) {
    std::vector<Round> round;
    auto order = chosen();
    std::shuffle(order.begin(), order.end(), random_);
    auto before = measure(tools_, nothing_attached, effort());
    if (!before)
        return before.error();
    for (const Variant &variant : order) {
        auto measured = measure(tools_, variant, effort());
        if (!measured)
            return measured.error();
        auto after = measure(tools_, nothing_attached, effort());
        if (!after)
            return after.error();
        round.push_back(
            {number, true, variant.id, before->ns_per_drop, after->ns_per_drop, *measured});
        before = after;
    }
    return round;
}

// A round in which "nothing" costs something says more about the machine than about us.
Status Bench::rounds() {
    unsigned kept = 0;
    for (unsigned number = 1; kept < options_.rounds; number++) {
        if (number > patience * options_.rounds)
            return Error{
                Errc::failed,
                "this machine is too busy to measure on: " + std::to_string(figures_.thrown_away) +
                    " of " + std::to_string(number - 1) + " rounds were thrown away",
                {}};
        auto round = one_round(number);
        if (!round)
            return round.error();
        const auto null = std::find_if(round->begin(), round->end(),
                                       [](const Round &one) { return one.variant == "null"; });
        const double off = std::abs(null->added()) / null->baseline();
        const bool keep = options_.smoke || off <= null_limit;
        std::fprintf(stderr, "round %u: nothing is off by %.2f %%%s\n", number, off * 100,
                     keep ? "" : ", thrown away");
        for (Round &one : *round)
            one.kept = keep;
        figures_.rounds.insert(figures_.rounds.end(), round->begin(), round->end());
        (keep ? kept : figures_.thrown_away)++;
    }
    return success();
}

Status Bench::flat_out() {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        figures_.notes.push_back("one CPU: nothing was measured on two");
        return success();
    }
    std::vector<double> rates;
    Variant variant{"flat-out", "", Observer::whydrop, {}, 1000, Counted::all};
    Effort both = effort();
    both.cpus = "0,1";
    both.frames *= 4;
    for (unsigned run = 0; run < options_.rounds; run++) {
        auto measured = measure(tools_, variant, both);
        if (!measured)
            return measured.error();
        if (measured->lost)
            figures_.notes.push_back("2 CPUs flat out: " + std::to_string(measured->lost) +
                                     " events were lost");
        rates.push_back(measured->lost ? 0 : measured->drops_per_s / 1e6);
    }
    figures_.values["flat-out"] = median(rates);
    return success();
}

Status Bench::each_at_rate() {
    std::vector<double> cpu, rates;
    Variant variant{"each-cpu", "", Observer::whydrop, {"--each"}, 1000, Counted::all};
    Effort paced = effort();
    paced.rate = 2'000'000;
    paced.frames *= 4;
    uint64_t lost = 0, sent = 0;
    for (unsigned run = 0; run < options_.rounds; run++) {
        auto measured = measure(tools_, variant, paced);
        if (!measured)
            return measured.error();
        lost += measured->lost;
        sent += measured->sent;
        cpu.push_back(measured->observer_cpu * 100);
        rates.push_back(measured->drops_per_s / 1e6);
    }
    char note[160];
    std::snprintf(note, sizeof note,
                  "--each at 2 M drops/s: %.2f M drops/s came, %llu of %llu lost", median(rates),
                  static_cast<unsigned long long>(lost), static_cast<unsigned long long>(sent));
    figures_.notes.emplace_back(note);
    figures_.values["each-cpu"] = lost ? 100 : median(cpu);
    return success();
}

Status Bench::attached() {
    for (const Observer observer : {Observer::whydrop, Observer::bpftrace}) {
        if (observer == Observer::bpftrace && !tools_.bpftrace)
            continue;
        std::vector<double> times;
        for (unsigned run = 0; run < options_.attached_runs; run++) {
            auto ms = ms_to_attached(tools_, observer);
            if (!ms)
                return ms.error();
            times.push_back(*ms);
        }
        auto &values = observer == Observer::bpftrace ? figures_.bpftrace_values : figures_.values;
        values["attached"] = median(times);
    }
    return success();
}

Status Bench::memory() {
    for (const Variant &variant : chosen()) {
        const bool ours = std::string(variant.id) == "default";
        if (!ours && std::string(variant.id) != "bpftrace")
            continue;
        auto measured = measure(tools_, variant, effort());
        if (!measured)
            return measured.error();
        auto &values = ours ? figures_.values : figures_.bpftrace_values;
        values["rss"] = static_cast<double>(measured->observer_rss_bytes) / 1e6;
    }
    return success();
}

Result<Figures> Bench::run() {
    auto first = measure(tools_, nothing_attached, effort());
    if (!first)
        return first.error();
    if (first->method != "xdp")
        figures_.notes.push_back(
            "no live frames on this kernel: drops were caused by AF_PACKET, "
            "and the targets are not meant for that");
    if (auto done = rounds(); !done)
        return done.error();
    using Part = std::pair<const char *, Status (Bench::*)()>;
    for (const auto &[id, part] :
         {Part{"flat-out", &Bench::flat_out}, Part{"each-cpu", &Bench::each_at_rate},
          Part{"attached", &Bench::attached}, Part{"rss", &Bench::memory}})
        if (wanted(id))
            if (auto done = (this->*part)(); !done)
                return done.error();
    return std::move(figures_);
}

// The generator puts itself on CPU 0, everything else stays on CPU 1.
void leave_first_cpu() {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(1, &set);
    (void)::sched_setaffinity(0, sizeof set, &set);  // refused where there is only one
}

int run_bench(const Options &options, const Tools &tools) {
    leave_first_cpu();
    auto figures = Bench(options, tools).run();
    if (!figures) {
        std::fprintf(stderr, "bench: %s\n", figures.error().what.c_str());
        return 1;
    }
    const unsigned missed = print_table(*figures);
    if (!options.smoke)
        std::printf("%u targets missed\n", missed);
    if (auto written = write_raw(*figures, options.raw); !written) {
        std::fprintf(stderr, "bench: %s\n", written.error().what.c_str());
        return 1;
    }
    return 0;
}

}  // namespace

}  // namespace whydrop::bench

int main(int argc, char **argv) {
    using namespace whydrop::bench;
    Options options;
    Tools tools{BENCH_WHYDROP, BENCH_GENERATE, BENCH_OBSERVE, BENCH_STAMP};
    tools.bpftrace = std::system("command -v bpftrace >/dev/null") == 0;
    CLI::App app{"What a drop costs to observe"};
    app.add_option("--rounds", options.rounds, "Rounds that have to be good");
    app.add_option("--frames", options.frames, "Drops of each run");
    app.add_option("--raw", options.raw, "Where the raw rounds are written to");
    app.add_option("--only", options.only, "Only these variants (and null and empty)")
        ->delimiter(',');
    app.add_option("--seed", options.seed, "Of the shuffling");
    app.add_option("--whydrop", tools.whydrop, "The whydrop to measure");
    app.add_flag("--smoke", options.smoke, "Only see that all of it works and adds up");
    CLI11_PARSE(app, argc, argv);
    if (options.smoke) {
        options.rounds = options.attached_runs = 1;
        options.frames = 8191;
    }
    return run_bench(options, tools);
}
