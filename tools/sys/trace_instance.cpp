// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/trace_instance.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

#include "sys/synthetic_event.h"

namespace whydrop {

namespace {

constexpr const char *prefix = "whydrop-";

// The PID in whydrop-PID-N.
std::optional<pid_t> owner_of(const std::string &name) {
    if (!name.starts_with(prefix))
        return {};
    const char *const end = name.data() + name.size();
    pid_t pid = 0;
    unsigned number = 0;
    const auto [dash, bad] = std::from_chars(name.data() + std::string(prefix).size(), end, pid);
    if (bad != std::errc() || dash == end || *dash != '-' || pid <= 0)
        return {};
    const auto [rest, also_bad] = std::from_chars(dash + 1, end, number);
    if (also_bad != std::errc() || rest != end)
        return {};
    return pid;
}

bool is_gone(pid_t pid) {
    return kill(pid, 0) != 0 && errno == ESRCH;
}

// The kernel's word for the refusal of `text`, when its log has one.
std::optional<TraceError> word_for(const TraceDir &dir, const std::string &text) {
    const auto log = dir.read("error_log");
    if (!log)
        return {};
    const auto errors = parse_error_log(*log);
    if (errors.empty() || errors.back().command.empty())
        return {};
    // A condition is repeated without what stands before it.
    if (text.find(errors.back().command) == std::string::npos)
        return {};
    return errors.back();
}

// Kernels take up to 3 keys, and 2 values beside the hits, and say nothing of it (tracing_map.h).
constexpr const char *quiet_limits =
    "it did not say why; it takes 3 keys and 2 values at most, and knows no names of values";

}  // namespace

Error kernel_refusal(const TraceDir &dir, const TraceEvent &event, const std::string &text,
                     const Error &error) {
    const auto word = word_for(dir, text);
    const std::string refused = "the kernel does not take this for " + event.text() + ": ";
    if (word)
        return Error{Errc::usage,
                     refused + word->what + "\n  " + word->command + "\n  " +
                         std::string(word->position, ' ') + "^",
                     {}};
    if (error.code == Errc::usage)
        return Error{Errc::usage, refused + text,
                     text.starts_with("hist:") ? quiet_limits : "it did not say why"};
    return Error{error.code, error.what, error.hint.empty() ? text : error.hint};
}

std::vector<std::string> remove_left_instances(const TraceDir &top) {
    std::vector<std::string> removed;
    std::error_code error;
    std::filesystem::directory_iterator entries(top.path() + "/instances", error), end;
    for (; !error && entries != end; entries.increment(error)) {
        const std::string name = entries->path().filename();
        if (const auto pid = owner_of(name); pid && is_gone(*pid))
            if (rmdir(entries->path().c_str()) == 0)
                removed.push_back(name);
    }
    std::sort(removed.begin(), removed.end());
    return removed;
}

Result<TraceInstance> TraceInstance::make(const TraceDir &top) {
    static std::atomic<unsigned> made = 0;
    remove_left_synthetic_events(top);
    remove_left_instances(top);
    const TraceDir dir(top.path() + "/instances/" + prefix + std::to_string(getpid()) + "-" +
                       std::to_string(made++));
    constexpr mode_t only_us = 0700;
    if (mkdir(dir.path().c_str(), only_us) != 0)
        return errno_error("cannot make the tracing instance " + dir.path(), errno, "root may");
    // As long as one of its files is open, nobody can remove it (instance_rmdir).
    Fd held(open((dir.path() + "/tracing_on").c_str(), O_RDONLY | O_CLOEXEC));
    return TraceInstance(dir, std::move(held));
}

TraceInstance::TraceInstance(TraceInstance &&other) noexcept
    : dir_(std::move(other.dir_)),
      held_(std::move(other.held_)),
      ours_(std::exchange(other.ours_, false)) {}

TraceInstance::~TraceInstance() {
    held_.reset();
    // Fails while somebody looks into it: the next run removes it then.
    if (ours_)
        (void)rmdir(dir_.path().c_str());
}

Result<TraceTrigger> TraceTrigger::set(const TraceDir &dir, const TraceEvent &event,
                                       const std::string &text) {
    const std::string file = event.file("trigger");
    if (auto written = dir.append(file, text); !written)
        return kernel_refusal(dir, event, text, written.error());
    return TraceTrigger(dir, file, text);
}

TraceTrigger::TraceTrigger(TraceTrigger &&other) noexcept
    : dir_(std::move(other.dir_)),
      file_(std::move(other.file_)),
      text_(std::exchange(other.text_, {})) {}

TraceTrigger::~TraceTrigger() {
    // Fails only when it has been removed by somebody else.
    if (!text_.empty())
        (void)dir_.append(file_, "!" + text_).ok();
}

}  // namespace whydrop
