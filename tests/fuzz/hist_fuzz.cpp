// SPDX-License-Identifier: GPL-2.0-or-later
// What tracefs says: a `hist` file, a `format` file, error_log, and a condition as somebody types
// it. The input's first byte chooses which.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_text.h"
#include "source/tracefs/hist_trigger.h"
#include "sys/tracefs.h"

using namespace whydrop;

namespace {

const EventFormat &sample_format() {
    static const auto format = parse_event_format(
        "name: kfree_skb\n"
        "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
        "\tfield:int reason;\toffset:28;\tsize:4;\tsigned:0;\n"
        "\tfield:__data_loc char[] dev;\toffset:32;\tsize:4;\tsigned:0;\n"
        "print fmt: \"\", __print_symbolic(REC->reason, { 3, \"NO_SOCKET\" })\n");
    return *format;
}

// Each entry has a value for each key, and names change none of that.
size_t read_hist(const std::string &text) {
    auto histograms = parse_hist(text);
    if (!histograms)
        return histograms.error().what.size();
    for (Histogram &histogram : *histograms) {
        name_values(histogram, sample_format());
        for (const HistEntry &entry : histogram.entries)
            if (entry.keys.size() != histogram.keys.size() ||
                entry.values.size() != histogram.values.size())
                std::abort();
    }
    return histograms->size();
}

// What was rewritten once is in the kernel's words: once more changes nothing.
size_t rewrite(const std::string &text) {
    const auto once = hist_condition(text, sample_format());
    if (!once)
        return once.error().what.size();
    const auto twice = hist_condition(*once, sample_format());
    if (!twice || *twice != *once)
        std::abort();
    return once->size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char *>(data) + 1, size - 1);
    volatile size_t seen = 0;
    switch (data[0] % 4) {
        case 0:
            seen = read_hist(text);
            break;
        case 1: {
            const auto format = parse_event_format(text);
            seen = format ? field_names(*format).size() : 0;
            break;
        }
        case 2:
            seen = parse_error_log(text).size();
            break;
        default:
            seen = rewrite(text);
    }
    (void)seen;
    return 0;
}
