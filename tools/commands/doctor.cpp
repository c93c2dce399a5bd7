// SPDX-License-Identifier: GPL-2.0-or-later
// What this kernel and this user can do: every line is found by trying, none by a version number.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "codec/json.h"
#include "commands/command.h"
#include "render/drop_text.h"
#include "render/words.h"
#include "source/kernel_btf.h"
#include "sys/bpf_features.h"

namespace whydrop {
namespace {

struct Options {
    std::string format = "text";
    bool header = true;
    bool quiet = false;
};

constexpr int kCannot = static_cast<int>(Errc::unsupported);

// include/uapi/linux/capability.h
constexpr unsigned kCapNetAdmin = 12, kCapSysAdmin = 21, kCapPerfmon = 38, kCapBpf = 39;

Feature yes(std::string name, std::string detail) {
    return {std::move(name), true, false, std::move(detail), ""};
}
Feature needed(Feature feature) {
    feature.needed = true;
    return feature;
}

std::optional<std::string> first_line(const std::string &path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line))
        return {};
    return line;
}

uint64_t effective_capabilities() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        std::istringstream words(line);
        std::string field;
        uint64_t mask = 0;
        if (words >> field >> std::hex >> mask && field == "CapEff:")
            return mask;
    }
    return 0;
}

Feature capability(const char *name, unsigned bit, const std::string &purpose) {
    // Before CAP_BPF and CAP_PERFMON were split off (kernel commit a17b53c4a4b5), and since,
    // CAP_SYS_ADMIN stands for both.
    uint64_t have = effective_capabilities();
    bool own = have >> bit & 1;
    bool instead = (bit == kCapBpf || bit == kCapPerfmon) && (have >> kCapSysAdmin & 1);
    Feature feature = yes(name, purpose + (!own && instead ? "; CAP_SYS_ADMIN stands for it" : ""));
    feature.works = own || instead;
    if (!feature.works)
        feature.remedy = "run as root: sudo whydrop ...";
    return feature;
}

// Says nothing about the kernel, only about the user.
bool is_refused_for_want_of_privilege(const FeatureProbe &probe) {
    return !probe.works && probe.detail.ends_with(std::strerror(EPERM)) &&
           !capability("", kCapBpf, "").works;
}

Feature from_probe(std::string name, const FeatureProbe &probe, std::string remedy) {
    if (is_refused_for_want_of_privilege(probe))
        remedy = "run as root to find out";
    return {std::move(name), probe.works, false, probe.detail,
            probe.works ? "" : std::move(remedy)};
}

void add_user(std::vector<Feature> &all) {
    Feature root = yes("root", fmt::format("effective uid {}", ::geteuid()));
    root.works = ::geteuid() == 0;
    if (!root.works)
        root.remedy = "run with sudo, or give the binary CAP_BPF and CAP_PERFMON (setcap)";
    all.push_back(root);
    all.push_back(needed(capability("CAP_BPF", kCapBpf, "loads programs and maps")));
    all.push_back(needed(capability("CAP_PERFMON", kCapPerfmon, "attaches to tracepoints")));
    all.push_back(capability("CAP_NET_ADMIN", kCapNetAdmin, "makes the networks of demo"));
    all.push_back(
        capability("CAP_SYS_ADMIN", kCapSysAdmin, "enters other network namespaces (-n)"));
}

size_t modules_with_types() {
    std::error_code error;
    size_t count = 0;
    std::filesystem::directory_iterator it("/sys/kernel/btf", error), end;
    for (; !error && it != end; it.increment(error))
        count += it->path().filename() != "vmlinux";
    return count;
}

Feature module_types() {
    bool no_modules = !first_line("/proc/modules");
    size_t count = modules_with_types();
    FeatureProbe probe{no_modules || count > 0,
                       no_modules ? "no module is loaded" : fmt::format("of {} modules", count)};
    return from_probe("module BTF", probe,
                      "use a kernel built with CONFIG_DEBUG_INFO_BTF_MODULES=y: reasons of modules "
                      "stay numbers without it");
}

Feature drop_reasons(KernelBtf &types) {
    std::set<std::string> subsystems;
    size_t named = 0;
    for (const auto &entry : types.reasons().entries()) {
        named += entry.drop;
        subsystems.insert(entry.reason.subsystem);
    }
    FeatureProbe probe{named > 0,
                       fmt::format("{} named, of {} subsystems", named, subsystems.size())};
    return from_probe("drop reasons", probe,
                      "nothing to do: the cause is derived from location and packet");
}

void add_types(std::vector<Feature> &all) {
    KernelBtf types;
    Status loaded = types.load();
    FeatureProbe btf{loaded.ok(),
                     loaded ? "/sys/kernel/btf/vmlinux was read" : loaded.error().what};
    all.push_back(
        needed(from_probe("kernel BTF", btf, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y")));
    auto arguments = types.kfree_skb_arguments();
    FeatureProbe tracepoint{arguments.ok(), arguments ? fmt::format("{} arguments", *arguments)
                                                      : arguments.error().what};
    all.push_back(needed(from_probe("skb:kfree_skb", tracepoint,
                                    "use a kernel built with CONFIG_TRACEPOINTS=y and BTF")));
    all.push_back(drop_reasons(types));
    all.push_back(module_types());
}

void add_programs(std::vector<Feature> &all) {
    all.push_back(needed(
        from_probe("tp_btf", probe_tp_btf(), "run as root; see lockdown and the capabilities")));
    all.push_back(needed(from_probe("ring buffer", probe_ring_buffer(),
                                    "run as root; it needs a kernel with BPF_MAP_TYPE_RINGBUF")));
    all.push_back(from_probe("bpf_rdonly_cast", probe_rdonly_cast(),
                             "nothing to do: fields are read by a helper, which is slower"));
    all.push_back(from_probe("fentry", probe_fentry(), "not used by drops"));
    all.push_back(from_probe("kprobe", probe_kprobe(), "not used by drops"));
    all.push_back(from_probe("XDP live frames", probe_xdp_live_frames(),
                             "only the bench uses them: its generator falls back to AF_PACKET"));
    all.push_back(from_probe("locked memory", probe_locked_memory(),
                             "raise it (ulimit -l unlimited), or count fewer groups "
                             "(--max-groups)"));
}

bool addresses_are_shown() {
    std::ifstream file("/proc/kallsyms");
    uint64_t address = 0;
    for (int line = 0; line < 100 && file >> std::hex >> address; ++line) {
        if (address)
            return true;
        std::string rest;
        std::getline(file, rest);
    }
    return false;
}

Feature kallsyms() {
    std::string restricted = first_line("/proc/sys/kernel/kptr_restrict").value_or("not there");
    Feature feature = yes("kallsyms", "kernel.kptr_restrict is " + restricted);
    feature.works = addresses_are_shown();
    if (!feature.works)
        feature.remedy = restricted == "2" ? "sysctl kernel.kptr_restrict=1 shows names to root"
                                           : "run as root: addresses have no names without it";
    return feature;
}

std::string tracefs_directory() {
    for (const char *path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"})
        if (::access((std::string(path) + "/events").c_str(), R_OK | X_OK) == 0)
            return path;
    return "";
}

void add_tracefs(std::vector<Feature> &all) {
    std::string directory = tracefs_directory();
    FeatureProbe tracefs{!directory.empty(),
                         directory.empty() ? "not mounted or not readable" : directory};
    all.push_back(from_probe("tracefs", tracefs,
                             "mount -t tracefs tracefs /sys/kernel/tracing; drops does without"));
    FeatureProbe hist{false, "the trigger file of kfree_skb does not offer hist"};
    std::ifstream trigger(directory + "/events/skb/kfree_skb/trigger");
    for (std::string line; std::getline(trigger, line);)
        hist.works |= line.find("hist") != std::string::npos;
    if (hist.works)
        hist.detail = "offered by kfree_skb";
    all.push_back(from_probe("hist triggers", hist,
                             "not used by drops; a kernel with CONFIG_HIST_TRIGGERS=y has them"));
}

Feature unprivileged_bpf() {
    auto disabled = first_line("/proc/sys/kernel/unprivileged_bpf_disabled");
    bool privileged = capability("", kCapBpf, "").works;
    Feature feature = yes("bpf() for this user",
                          "kernel.unprivileged_bpf_disabled is " + disabled.value_or("not there"));
    feature.works = privileged || disabled == "0";
    if (!feature.works)
        feature.remedy = "run as root; tracing needs it whatever this setting says";
    return feature;
}

// [none] integrity confidentiality; the last forbids to read kernel memory.
Feature lockdown() {
    std::string state = first_line("/sys/kernel/security/lockdown").value_or("");
    Feature feature = yes("no lockdown", state.empty() ? "the kernel shows no lockdown" : state);
    feature.works = state.find("[confidentiality]") == std::string::npos;
    if (!feature.works)
        feature.remedy = "boot with lockdown=integrity or without: BPF cannot read packets now";
    return needed(feature);
}

std::vector<Feature> examine() {
    std::vector<Feature> all;
    add_user(all);
    add_types(all);
    add_programs(all);
    all.push_back(kallsyms());
    add_tracefs(all);
    all.push_back(unprivileged_bpf());
    all.push_back(lockdown());
    return all;
}

std::string verdict(const std::vector<Feature> &all) {
    std::string missing;
    for (const auto &feature : all)
        if (feature.needed && !feature.works)
            missing += (missing.empty() ? "" : ", ") + feature.name;
    return missing.empty() ? "whydrop drops works here"
                           : "whydrop drops cannot work here, missing: " + missing;
}

std::string text_of(const std::vector<Feature> &all, const Options &options, bool colour) {
    TextStyle style;
    style.colour = colour;
    std::string text;
    if (options.header && !options.quiet)
        text = coloured(fmt::format("{:<20}  {:<5}  {}", "FEATURE", "STATE", "SEEN"), "1", style) +
               "\n";
    for (const auto &feature : all) {
        if (options.quiet)
            break;
        const char *attribute = feature.works ? "32" : feature.needed ? "31" : "33";
        std::string state = fmt::format("{:<5}", feature.works ? "yes" : "no");
        text += fmt::format("{:<20}  {}  ", feature.name, coloured(state, attribute, style));
        text += without_controls(feature.detail) + "\n";
        if (!feature.remedy.empty())
            text += wrap(std::string(29, ' ') + "-> ", feature.remedy, kTextColumns);
    }
    return text + verdict(all) + "\n";
}

Result<int> run(const Options &options, const Invocation &invocation) {
    std::vector<Feature> all = examine();
    Output output(STDOUT_FILENO);
    std::string text;
    if (options.format == "json") {
        for (const auto &feature : all)
            text += to_json(feature) + "\n";
    } else {
        text = text_of(all, options, use_colour(invocation.colour, STDOUT_FILENO));
    }
    (void)output.write(text);
    if (Status written = output.flush(); !written && !output.closed())
        return written.error();
    bool works =
        std::all_of(all.begin(), all.end(), [](const Feature &f) { return f.works || !f.needed; });
    return works ? 0 : kCannot;
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    add_format(app, options->format);
    app.add_flag("!--no-header", options->header, "Leave out the header line");
    app.add_flag("-q,--quiet", options->quiet, "Only the last line, the verdict");
    add_examples(app,
                 {{"sudo whydrop doctor", "what works here, and what to do about what does not"},
                  {"whydrop doctor -f json | jq -r 'select(.works|not).name'",
                   "the names of what does not"}});
    return [options](const Invocation &invocation) { return run(*options, invocation); };
}

}  // namespace

extern const Command doctor_command{"doctor", "Show what this kernel and this user can do", false,
                                    setup};

}  // namespace whydrop
