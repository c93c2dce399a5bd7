// SPDX-License-Identifier: GPL-2.0-or-later
#include "process.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace whydrop::live {
namespace {

using Clock = std::chrono::steady_clock;

std::string contents(const Fd &file) {
    std::string text;
    char buffer[65536];
    for (;;) {
        const ssize_t got =
            ::pread(file.get(), buffer, sizeof buffer, static_cast<off_t>(text.size()));
        if (got <= 0)
            return text;
        text.append(buffer, static_cast<size_t>(got));
    }
}

// A line of /proc/PID/stat: PID (NAME) STATE PPID PGRP SESSION ...; the name may hold anything.
bool lives_in_session(const std::filesystem::path &process, pid_t session) {
    std::ifstream file(process / "stat");
    std::string line;
    std::getline(file, line);
    const size_t name_end = line.rfind(')');
    if (name_end == std::string::npos)
        return false;
    std::istringstream fields(line.substr(name_end + 1));
    char state = 0;
    pid_t parent = 0, group = 0, its_session = 0;
    fields >> state >> parent >> group >> its_session;
    return its_session == session && state != 'Z' && state != 'X';
}

}  // namespace

bool comes_true(const std::function<bool()> &condition, std::chrono::milliseconds patience) {
    const auto until = Clock::now() + patience;
    while (!condition()) {
        if (Clock::now() >= until)
            return false;
        ::poll(nullptr, 0, 5);
    }
    return true;
}

Running::Running(const std::vector<std::string> &words)
    : out_(::memfd_create("out", MFD_CLOEXEC)), err_(::memfd_create("err", MFD_CLOEXEC)) {
    std::vector<char *> argv;
    for (const std::string &word : words)
        argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::setsid();
        ::dup2(out_.get(), STDOUT_FILENO);
        ::dup2(err_.get(), STDERR_FILENO);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    ended_ = pid_ < 0;
}

Running::~Running() {
    for (const pid_t member : members())
        ::kill(member, SIGKILL);
    reap(0);
}

bool Running::reap(int flags) {
    int status = 0;
    while (!ended_) {
        const pid_t got = ::waitpid(pid_, &status, flags);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        ended_ = got == pid_;
        if (ended_)
            status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return true;
}

void Running::signal(int number) const {
    if (!ended_)
        ::kill(pid_, number);
}

bool Running::has_said(const std::string &text) const {
    return contents(out_).find(text) != std::string::npos ||
           contents(err_).find(text) != std::string::npos;
}

Finished Running::finish(std::chrono::milliseconds patience) {
    if (!comes_true([this] { return reap(WNOHANG); }, patience)) {
        signal(SIGKILL);
        reap(0);
    }
    return {status_, contents(out_), contents(err_)};
}

std::vector<pid_t> Running::members() const {
    std::vector<pid_t> found;
    if (pid_ <= 0)
        return found;
    std::error_code none;
    for (const auto &entry : std::filesystem::directory_iterator("/proc", none)) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") == std::string::npos &&
            lives_in_session(entry.path(), pid_))
            found.push_back(static_cast<pid_t>(std::stol(name)));
    }
    return found;
}

Finished run_process(const std::vector<std::string> &words) {
    return Running(words).finish();
}

std::string why_not_here(const std::string &whydrop) {
    if (::geteuid() != 0)
        return "tracing the kernel and making namespaces needs root";
    const Finished tried =
        run_process({whydrop, "demo", "--only", "ipv4.checksum", "--times", "1"});
    constexpr int not_possible_here = 3;
    return tried.status == not_possible_here ? tried.err.substr(0, tried.err.find('\n')) : "";
}

}  // namespace whydrop::live
