// SPDX-License-Identifier: GPL-2.0-or-later
#include "system_state.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "sys/handle.h"
#include "sys/netns.h"

namespace whydrop::live {
namespace {

namespace fs = std::filesystem;
using Things = std::map<std::string, std::string>;

// As far as it can be read: some sysctls are write-only, some give an error.
std::string file_text(const fs::path &path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::string text;
    char buffer[4096];
    for (ssize_t got = 1; file && got > 0;) {
        got = ::read(file.get(), buffer, sizeof buffer);
        text.append(buffer, got > 0 ? static_cast<size_t>(got) : 0);
    }
    return text;
}

std::vector<fs::path> entries(const fs::path &directory) {
    std::error_code none;
    std::vector<fs::path> found;
    for (fs::directory_iterator at(directory, none), end; !none && at != end; at.increment(none))
        found.push_back(at->path());
    return found;
}

// Each line that a command prints, under its number: order is part of it.
void add_lines(const std::string &kind, const std::string &command, Things &to) {
    FILE *pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr)
        return;
    char *line = nullptr;
    size_t room = 0, count = 0;
    while (::getline(&line, &room, pipe) >= 0)
        to[kind + " " + std::to_string(++count)] = line;
    ::free(line);
    if (::pclose(pipe) != 0)
        to[kind] = "'" + command + "' failed";
}

void add_sysctls(Things &to) {
    std::error_code none;
    const fs::path root = "/proc/sys/net";
    const auto quiet = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator at(root, quiet, none), end; !none && at != end;
         at.increment(none)) {
        const std::string name = at->path().lexically_relative("/proc/sys");
        // A gauge, not a setting.
        if (at->is_regular_file(none) && name.find("_conntrack_count") == std::string::npos)
            to["sysctl " + name] = file_text(at->path());
    }
}

void add_namespaces(SystemState &state) {
    for (const fs::path &name : entries("/run/netns"))
        state.settings["netns name " + name.filename().string()] = "";
    for (const NetnsEntry &entry : list_netns())
        state.objects["netns " + std::to_string(entry.inode)] =
            "process " + std::to_string(entry.pid);
    // Namespaces that live by an open file or a mount alone.
    for (const fs::path &process : entries("/proc"))
        for (const fs::path &fd : entries(process / "fd")) {
            std::error_code gone;
            const std::string target = fs::read_symlink(fd, gone);
            if (target.starts_with("net:["))
                state.objects["netns " + target.substr(5, target.size() - 6)] =
                    "open as " + fd.string();
        }
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);)
        if (line.find(" nsfs ") != std::string::npos)
            state.settings["mount of a namespace " + line] = "";
}

// systemd loads and drops programs of its own for each service.
bool is_of_a_cgroup(const bpf_prog_info &info) {
    switch (info.type) {
        case BPF_PROG_TYPE_CGROUP_SKB:
        case BPF_PROG_TYPE_CGROUP_SOCK:
        case BPF_PROG_TYPE_CGROUP_DEVICE:
        case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
        case BPF_PROG_TYPE_CGROUP_SYSCTL:
            return true;
        default:
            return false;
    }
}
bool is_not_ours(const bpf_prog_info &info) {
    return is_of_a_cgroup(info);
}
bool is_not_ours(const bpf_btf_info &info) {
    return info.kernel_btf != 0;  // of a module
}
bool is_not_ours(const bpf_map_info &) {
    return false;
}
bool is_not_ours(const bpf_link_info &) {
    return false;
}

std::string name_of(const bpf_prog_info &info) {
    return info.name;
}
std::string name_of(const bpf_map_info &info) {
    return info.name;
}
std::string name_of(const bpf_btf_info &) {
    return "";
}
std::string name_of(const bpf_link_info &info) {
    return "of program " + std::to_string(info.prog_id);
}

template <typename Info>
void add_bpf(const std::string &kind, int (*next_id)(__u32, __u32 *), int (*open)(__u32),
             Things &to) {
    for (__u32 id = 0; next_id(id, &id) == 0;) {
        const Fd object(open(id));
        Info info{};
        __u32 size = sizeof info;
        if (!object || ::bpf_obj_get_info_by_fd(object.get(), &info, &size) != 0)
            continue;  // gone meanwhile
        if (!is_not_ours(info))
            to["bpf " + kind + " " + std::to_string(id)] = name_of(info);
    }
}

// Only where tracefs is mounted already: mounting it would be a change of ours.
void add_tracing(Things &to) {
    for (const fs::path root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
        for (const fs::path &instance : entries(root / "instances"))
            to["tracing instance " + instance.filename().string()] = "";
        for (const char *name : {"set_event", "tracing_on", "current_tracer", "kprobe_events"})
            if (const std::string text = file_text(root / name); !text.empty())
                to["tracing " + std::string(name)] = text;
    }
}

}  // namespace

SystemState SystemState::now() {
    SystemState state;
    add_lines("link", "ip -o link show", state.settings);
    // How long an address is still valid counts down.
    add_lines("address", "ip -o address show | sed 's/ *valid_lft.*//'", state.settings);
    add_lines("qdisc", "tc qdisc show", state.settings);
    add_sysctls(state.settings);
    add_tracing(state.settings);
    add_namespaces(state);
    add_bpf<bpf_prog_info>("program", ::bpf_prog_get_next_id, ::bpf_prog_get_fd_by_id,
                           state.objects);
    add_bpf<bpf_map_info>("map", ::bpf_map_get_next_id, ::bpf_map_get_fd_by_id, state.objects);
    add_bpf<bpf_link_info>("link", ::bpf_link_get_next_id, ::bpf_link_get_fd_by_id, state.objects);
    add_bpf<bpf_btf_info>("btf", ::bpf_btf_get_next_id, ::bpf_btf_get_fd_by_id, state.objects);
    std::ifstream modules("/proc/modules");
    for (std::string line; std::getline(modules, line);)
        state.kernel_modules++;
    return state;
}

std::vector<std::string> differences(const SystemState &before, const SystemState &after) {
    std::vector<std::string> lines;
    const bool loaded = after.kernel_modules != before.kernel_modules;
    for (const auto &[name, value] : before.settings) {
        const auto now = after.settings.find(name);
        if (now == after.settings.end())
            lines.push_back(name + " is gone");
        else if (now->second != value)
            lines.push_back(name + " was '" + value + "' and is '" + now->second + "'");
    }
    for (const auto &[name, value] : after.settings)
        if (!before.settings.contains(name) && !(loaded && name.starts_with("sysctl ")))
            lines.push_back(name + " is new: '" + value + "'");
    for (const auto &[name, value] : after.objects)
        if (!before.objects.contains(name))
            lines.push_back(name + " is new: '" + value + "'");
    return lines;
}

}  // namespace whydrop::live
