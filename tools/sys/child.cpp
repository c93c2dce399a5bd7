// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace whydrop {

namespace {

constexpr int no_such_command = 127;

// In the child: everything between fork and exec is async-signal-safe.
[[noreturn]] void become(char *const *argv, int go, int failed) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte = 0;
    ssize_t got;
    do {
        got = read(go, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1)
        _exit(no_such_command);  // the observer gave up
    prctl(PR_SET_PDEATHSIG, 0);
    execvp(argv[0], argv);
    const int err = errno;
    (void)!write(failed, &err, sizeof err);
    _exit(no_such_command);
}

}  // namespace

Result<Child> Child::prepare(const std::vector<std::string> &command) {
    int go[2], failed[2];
    if (pipe2(go, O_CLOEXEC) != 0)
        return errno_error("cannot make a pipe", errno);
    Fd go_read(go[0]), go_write(go[1]);
    if (pipe2(failed, O_CLOEXEC) != 0)
        return errno_error("cannot make a pipe", errno);
    Fd failed_read(failed[0]), failed_write(failed[1]);
    std::vector<char *> argv;
    for (const std::string &word : command)
        argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);

    const pid_t pid = fork();
    if (pid < 0)
        return errno_error("cannot start a process", errno);
    if (pid == 0) {
        close(go[1]);  // or the child would never see its end
        become(argv.data(), go[0], failed[1]);
    }
    Child child;
    child.command_ = command;
    child.pid_ = pid;
    child.go_ = std::move(go_write);
    child.failed_ = std::move(failed_read);
    child.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!child.pidfd_)
        return errno_error("cannot watch the command", errno);
    return child;
}

Child::~Child() {
    if (pid_ > 0 && pidfd_ && !started_) {
        go_.reset();
        waitpid(pid_, nullptr, 0);
    }
}

Status Child::start() {
    started_ = true;
    const char byte = 1;
    (void)!write(go_.get(), &byte, 1);
    go_.reset();
    int err = 0;
    // Empty when exec closed the other end.
    if (read(failed_.get(), &err, sizeof err) == sizeof err) {
        waitpid(pid_, nullptr, 0);
        Error error = errno_error("cannot run '" + command_.front() + "'", err,
                                  "what stands after '--' is a program and its arguments");
        error.code = err == ENOENT || err == EACCES ? Errc::usage : Errc::failed;
        return error;
    }
    return success();
}

std::optional<int> Child::status(bool wait) const {
    int status = 0;
    pid_t got;
    do {
        got = waitpid(pid_, &status, wait ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got != pid_)
        return {};
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace whydrop
