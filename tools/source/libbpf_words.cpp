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

void keep_libbpf_words() {
    libbpf_set_print(keep);
    words.clear();
}

const std::string &libbpf_words() {
    return words;
}

std::string last_libbpf_words() {
    const size_t end = words.find_last_not_of('\n');
    if (end == std::string::npos)
        return {};
    const size_t before = words.rfind('\n', end);
    const size_t begin = before == std::string::npos ? 0 : before + 1;
    return words.substr(begin, end - begin + 1);
}

}  // namespace whydrop
