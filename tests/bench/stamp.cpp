// SPDX-License-Identifier: GPL-2.0-or-later
// bench_stamp: says when it was started. The time from the start of its observer is what that one
// took to attach. Plain C calls, so that it starts fast itself.
#include <unistd.h>

#include <cstdio>
#include <ctime>

int main() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[128];
    const int bytes =
        std::snprintf(line, sizeof line, "{\"type\":\"started\",\"mono_ns\":%lld%09ld}\n",
                      static_cast<long long>(now.tv_sec), now.tv_nsec);
    return write(STDOUT_FILENO, line, static_cast<size_t>(bytes)) == bytes ? 0 : 1;
}
