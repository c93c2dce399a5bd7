// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "sys/handle.h"

namespace whydrop {

std::optional<std::string> read_proc_file(const std::string &path) {
    constexpr size_t part = 65536, most = size_t{4} << 20;  // a line for each of 8192 CPUs is 1 MB
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return {};
    std::string text;
    while (text.size() < most) {
        const size_t before = text.size();
        text.resize(before + part);
        const ssize_t got = read(file.get(), text.data() + before, part);
        text.resize(before + static_cast<size_t>(got > 0 ? got : 0));
        if (got < 0)
            return {};
        if (got == 0)
            return text;
    }
    return {};
}

}  // namespace whydrop
