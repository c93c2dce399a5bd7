// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/session.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>

#include "sys/version.h"

namespace whydrop {

namespace {

uint64_t now_ns(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t monotonic_ns() {
    return now_ns(CLOCK_MONOTONIC);
}

Session this_host() {
    utsname host{};
    uname(&host);
    Session session;
    session.host = host.nodename;
    session.kernel = host.release;
    session.machine = host.machine;
    session.version = version();
    session.start_ns = monotonic_ns();
    session.start_unix_ns = now_ns(CLOCK_REALTIME);
    session.cpus = static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN));
    return session;
}

}  // namespace whydrop
