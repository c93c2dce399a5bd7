// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/libbpf_words.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace whydrop {

namespace {

thread_local std::string words;

int keep(libbpf_print_level level, const char *format, va_list args) {
    if (level != LIBBPF_WARN)
        return 0;
    char *line = nullptr;
    if (vasprintf(&line, format, args) < 0)
        return 0;
    words += line;
    std::free(line);
    constexpr size_t kept = 4096;
    words.erase(0, words.size() - std::min(words.size(), kept));
    return 0;
}

}  // namespace

LibbpfWords::LibbpfWords() {
    words.clear();
    libbpf_set_print(keep);
}

const std::string &LibbpfWords::said() const {
    return words;
}

std::string LibbpfWords::last_line() const {
    const size_t end = words.find_last_not_of('\n');
    if (end == std::string::npos)
        return {};
    const size_t begin = words.rfind('\n', end);
    return words.substr(begin == std::string::npos ? 0 : begin + 1,
                        end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

}  // namespace whydrop
