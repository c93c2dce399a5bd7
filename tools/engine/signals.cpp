// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace whydrop {

Result<RunSignals> RunSignals::catch_them() {
    sigset_t caught;
    sigemptyset(&caught);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1})
        sigaddset(&caught, signal);
    RunSignals signals;
    pthread_sigmask(SIG_BLOCK, &caught, &signals.before_);
    signals.fd_.reset(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.fd_)
        return errno_error("cannot catch signals", errno);
    return signals;
}

RunSignals::~RunSignals() {
    if (fd_)
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

RunSignals::Came RunSignals::take() {
    Came came;
    signalfd_siginfo info;
    while (read(fd_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGUSR1) {
            came.report = true;
            continue;
        }
        came.stop = true;
        sigset_t stopping;
        sigemptyset(&stopping);
        sigaddset(&stopping, SIGINT);
        sigaddset(&stopping, SIGTERM);
        pthread_sigmask(SIG_UNBLOCK, &stopping, nullptr);
    }
    return came;
}

FirstInterruptIsForTheWriter::FirstInterruptIsForTheWriter() {
    struct sigaction once {};
    once.sa_handler = [](int) {};
    once.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    sigaction(SIGINT, &once, &before_);
}

FirstInterruptIsForTheWriter::~FirstInterruptIsForTheWriter() {
    sigaction(SIGINT, &before_, nullptr);
}

}  // namespace whydrop
