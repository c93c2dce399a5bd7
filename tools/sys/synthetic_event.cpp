// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/synthetic_event.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "sys/trace_instance.h"

namespace whydrop {

namespace {

constexpr const char *kFile = "synthetic_events";

uint64_t pid_namespace() {
    struct stat status {};
    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

// whydrop_PID_NAMESPACE_N
std::string name_of(pid_t pid, uint64_t space, unsigned number) {
    return "whydrop_" + std::to_string(pid) + "_" + std::to_string(space) + "_" +
           std::to_string(number);
}

// The process whose event this is, when it was one of this namespace and is gone; else 0.
pid_t gone_owner(const std::string &name) {
    unsigned long long pid = 0, space = 0;
    unsigned number = 0;
    if (sscanf(name.c_str(), "whydrop_%llu_%llu_%u", &pid, &space, &number) != 3 ||
        name != name_of(static_cast<pid_t>(pid), space, number) || space != pid_namespace())
        return 0;
    const auto owner = static_cast<pid_t>(pid);
    return owner > 0 && kill(owner, 0) != 0 && errno == ESRCH ? owner : 0;
}

// "hist:keys=a:vals=hitcount if a > 3 [active]" as it is to be written behind a "!".
std::string without_state(const std::string &line) {
    for (const std::string state : {" [active]", " [paused]"})
        if (line.ends_with(state))
            return line.substr(0, line.size() - state.size());
    return line;
}

std::vector<std::string> triggers_in(const TraceDir &dir, const std::string &file) {
    std::vector<std::string> found;
    const auto text = dir.read(file);
    std::istringstream lines(text ? *text : std::string());
    for (std::string line; std::getline(lines, line);)
        if (!line.empty() && !line.starts_with("#"))
            found.push_back(without_state(line));
    return found;
}

// Files of the events that have triggers in this instance.
std::vector<std::string> trigger_files(const TraceDir &dir) {
    std::vector<std::string> files;
    std::error_code error;
    const std::string root = dir.path() + "/";
    for (std::filesystem::recursive_directory_iterator at(root + "events", error), end;
         !error && at != end; at.increment(error))
        if (at->path().filename() == "trigger" && at.depth() == 2) {
            std::string file = at->path().string().substr(root.size());
            if (!triggers_in(dir, file).empty())
                files.push_back(std::move(file));
        }
    return files;
}

// One that another refers to stays until that is gone.
void remove_triggers(const TraceDir &dir) {
    const auto files = trigger_files(dir);
    for (size_t round = 0; round <= files.size(); round++)
        for (const std::string &file : files)
            for (const std::string &trigger : triggers_in(dir, file))
                (void)dir.append(file, "!" + trigger).ok();
}

void remove_instances(const TraceDir &top, pid_t owner) {
    const std::string prefix = "whydrop-" + std::to_string(owner) + "-";
    std::error_code error;
    for (std::filesystem::directory_iterator at(top.path() + "/instances", error), end;
         !error && at != end; at.increment(error))
        if (at->path().filename().string().starts_with(prefix)) {
            remove_triggers(TraceDir(at->path()));
            (void)rmdir(at->path().c_str());
        }
}

}  // namespace

std::vector<std::string> remove_left_synthetic_events(const TraceDir &top) {
    std::vector<std::string> removed;
    const auto text = top.read(kFile);
    std::istringstream lines(text ? *text : std::string());
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(0, line.find_first_of("\t "));
        const pid_t owner = gone_owner(name);
        if (owner == 0)
            continue;
        remove_instances(top, owner);
        if (top.append(kFile, "!" + name).ok())
            removed.push_back(name);
    }
    return removed;
}

Result<SyntheticEvent> SyntheticEvent::make(const TraceDir &top, const std::string &fields) {
    static std::atomic<unsigned> made = 0;
    if (!top.has(kFile))
        return Error{Errc::unsupported, "this kernel has no synthetic events",
                     "it is built without CONFIG_SYNTH_EVENTS"};
    remove_left_synthetic_events(top);
    const TraceEvent event{"synthetic", name_of(getpid(), pid_namespace(), made++)};
    const std::string text = event.name + " " + fields;
    if (auto written = top.append(kFile, text); !written)
        return kernel_refusal(top, event, text, written.error());
    return SyntheticEvent(top, event);
}

SyntheticEvent::SyntheticEvent(SyntheticEvent &&other) noexcept
    : top_(std::move(other.top_)), event_(std::exchange(other.event_, {})) {}

SyntheticEvent::~SyntheticEvent() {
    // Fails while something refers to it: the next run removes both then.
    if (!event_.name.empty())
        (void)top_.append(kFile, "!" + event_.name).ok();
}

}  // namespace whydrop
