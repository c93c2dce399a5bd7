// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>

namespace whydrop::bench {

namespace {

constexpr const char *margin = "                                         ";

std::vector<double> of_variant(const Figures &figures, const std::string &id,
                               double (*what)(const Round &)) {
    std::vector<double> values;
    for (const Round &round : figures.rounds)
        if (round.kept && (id.empty() || round.variant == id))
            values.push_back(what(round));
    return values;
}

std::optional<double> added(const Figures &figures, const std::string &id) {
    const auto values = of_variant(figures, id, [](const Round &round) { return round.added(); });
    if (values.empty())
        return {};
    return median(values);
}

const char *title_of(const std::string &id) {
    for (const Variant &variant : variants())
        if (id == variant.id)
            return variant.title;
    return "";
}

const char *verdict(bool met, unsigned &missed) {
    missed += met ? 0 : 1;
    return met ? "met" : "MISSED";
}

// Has the kernel what the probes read packets through (6.2)? Its BTF has the name then.
bool reads_directly() {
    std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
    const std::string btf(std::istreambuf_iterator<char>(file), {});
    return btf.find("bpf_rdonly_cast") != std::string::npos;
}

unsigned print_extra(const Figures &figures, const Variant &variant, double ns, bool &first) {
    unsigned missed = 0;
    for (const ExtraTarget &target : extra_targets()) {
        const auto against = added(figures, target.against);
        if (std::string(target.variant) != variant.id || !against)
            continue;
        const double extra = ns - *against;
        std::printf("%s%6.1f ns over %-23s", first ? "" : margin, extra, title_of(target.against));
        if (reads_directly())
            std::printf(" <= %.1f  %s\n", target.limit, verdict(extra <= target.limit, missed));
        else
            std::printf(" (from a copy: this kernel has no direct reads)\n");
        first = false;
    }
    return missed;
}

unsigned print_ratios(const Figures &figures, const Variant &variant, double ns) {
    bool first = true;
    unsigned missed = print_extra(figures, variant, ns, first);
    for (const RatioTarget &target : ratio_targets()) {
        const auto against = added(figures, target.against);
        if (std::string(target.variant) != variant.id || !against)
            continue;
        const double ratio = ns / *against;
        std::printf("%s%6.2f x %-28s <= %.2f  %s\n", first ? "" : margin, ratio,
                    title_of(target.against), target.limit, verdict(ratio <= target.limit, missed));
        first = false;
    }
    if (first) {
        const auto empty = added(figures, "empty");
        if (empty && std::string(variant.id) != "null" && std::string(variant.id) != "empty")
            std::printf("%6.2f x %s", ns / *empty, title_of("empty"));
        std::printf("\n");
    }
    return missed;
}

unsigned print_added(const Figures &figures) {
    unsigned missed = 0;
    std::printf("%-30s %9s  %s\n", "ADDED TO A DROP BY", "NS", "RATIO, TARGET");
    for (const Variant &variant : variants()) {
        const auto ns = added(figures, variant.id);
        if (!ns)
            continue;
        std::printf("%-30s %9.1f ", variant.title, *ns);
        missed += print_ratios(figures, variant, *ns);
    }
    return missed;
}

unsigned print_values(const Figures &figures) {
    unsigned missed = 0;
    if (!figures.values.empty())
        std::printf("\n%-56s %8s %-9s  %-16s %s\n", "ALSO", "VALUE", "UNIT", "TARGET", "BPFTRACE");
    for (const ValueTarget &target : value_targets()) {
        const auto value = figures.values.find(target.id);
        if (value == figures.values.end())
            continue;
        const bool met =
            target.at_least ? value->second >= target.limit : value->second <= target.limit;
        const auto other = figures.bpftrace_values.find(target.id);
        std::printf("%-56s %8.2f %-9s  %s %-5g %-7s", target.title, value->second, target.unit,
                    target.at_least ? ">=" : "<=", target.limit, verdict(met, missed));
        if (other != figures.bpftrace_values.end())
            std::printf("  %.2f", other->second);
        std::printf("\n");
    }
    return missed;
}

}  // namespace

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string machine() {
    std::string cpu = "unknown CPU";
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with("model name") && line.find(": ") != std::string::npos) {
            cpu = line.substr(line.find(": ") + 2);
            break;
        }
    utsname kernel{};
    ::uname(&kernel);
    return cpu + ", " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " CPUs, Linux " +
           kernel.release + " " + kernel.machine;
}

unsigned print_table(const Figures &figures) {
    const auto baselines =
        of_variant(figures, {}, [](const Round &round) { return round.baseline(); });
    const size_t rounds =
        of_variant(figures, "null", [](const Round &round) { return round.added(); }).size();
    std::printf("%s\n", machine().c_str());
    std::printf(
        "%zu rounds, medians; a drop costs %.1f ns with nothing attached; %u more rounds "
        "were thrown away\n\n",
        rounds, median(baselines), figures.thrown_away);
    unsigned missed = print_added(figures);
    missed += print_values(figures);
    for (const std::string &note : figures.notes)
        std::printf("%s\n", note.c_str());
    return missed;
}

Status write_raw(const Figures &figures, const std::string &path) {
    std::ofstream file(path);
    file << "round\tkept\tvariant\tbefore_ns\tns_per_drop\tafter_ns\tadded_ns\tsent\tcounted\tlost"
            "\tobserver_cpu\n";
    for (const Round &round : figures.rounds)
        file << round.number << '\t' << round.kept << '\t' << round.variant << '\t' << round.before
             << '\t' << round.measured.ns_per_drop << '\t' << round.after << '\t' << round.added()
             << '\t' << round.measured.sent << '\t' << round.measured.counted << '\t'
             << round.measured.lost << '\t' << round.measured.observer_cpu << '\n';
    if (!file.flush())
        return Error{Errc::failed, "cannot write " + path, {}};
    return success();
}

}  // namespace whydrop::bench
