// SPDX-License-Identifier: GPL-2.0-or-later
#include "process.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "sys/handle.h"

namespace whydrop::live {
namespace {

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

}  // namespace

Finished run_process(const std::vector<std::string> &words) {
    std::vector<char *> argv;
    for (const std::string &word : words)
        argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    // Files in memory, not pipes: however much is written, nobody has to read meanwhile.
    const Fd out(::memfd_create("out", MFD_CLOEXEC)), err(::memfd_create("err", MFD_CLOEXEC));
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(out.get(), STDOUT_FILENO);
        ::dup2(err.get(), STDERR_FILENO);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    Finished done;
    int status = 0;
    if (pid < 0)
        return done;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return done;
    done.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    done.out = contents(out);
    done.err = contents(err);
    return done;
}

}  // namespace whydrop::live
