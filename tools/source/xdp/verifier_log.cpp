// SPDX-License-Identifier: GPL-2.0-or-later
#include <string_view>

#include "source/xdp/loader.h"

namespace whydrop {

namespace {

struct Meaning {
    std::string_view said, means;
};

// What the verifier's words (kernel/bpf/verifier.c) ask of the one who wrote the program.
constexpr Meaning meanings[] = {
    {"invalid access to packet",
     "bytes of the packet are read that were not compared with data_end first, or not enough of "
     "them"},
    {"invalid mem access 'scalar'",
     "a number is used as a pointer: after bpf_xdp_adjust_head or adjust_tail, data and data_end "
     "have to be read anew"},
    {"invalid mem access 'inv'",
     "a number is used as a pointer: after bpf_xdp_adjust_head or adjust_tail, data and data_end "
     "have to be read anew"},
    {"invalid mem access 'map_value_or_null'",
     "the answer of bpf_map_lookup_elem is used without a look at whether it is NULL"},
    {"back-edge", "this kernel takes no loops (before 5.3): unroll it"},
    {"infinite loop", "a loop has no end that the verifier can see: bound it by a constant"},
    {"BPF program is too large",
     "more than a million steps have to be followed: bound loops, or split the program"},
    {"processed 1000001 insns",
     "more than a million steps have to be followed: bound loops, or split the program"},
    {"unknown func", "this kernel, or this type of program, has no such helper"},
    {"kernel subsystem misconfigured func",
     "this helper is not for programs of this type, or this user may not call it"},
    {"cannot call GPL", "a helper for GPL programs is called: set the license of the program"},
    {"unreachable insn", "a part of the program cannot be reached: was it compiled without -O2?"},
    {"invalid indirect read from stack",
     "a helper is given memory of the stack that was not written in full: padding counts too"},
    {"R0 !read_ok", "a path ends without an answer"},
    {"At program exit the register R0",
     "the answer is no XDP action on every path, which this kernel asks for"},
};

}  // namespace

std::string end_of_verifier_log(const std::string &words) {
    constexpr std::string_view begin = "-- BEGIN PROG LOAD LOG --\n";
    constexpr size_t lines_shown = 20;
    const size_t end = words.rfind("-- END PROG LOAD LOG --");
    if (end == std::string::npos)
        return {};
    // The begin of a long one is not kept.
    const size_t said = words.rfind(begin, end);
    const size_t from = said == std::string::npos ? 0 : said + begin.size();
    std::string log = words.substr(from, end - from);
    log.erase(log.find_last_not_of('\n') + 1);
    size_t at = log.size();
    for (size_t lines = 0; lines < lines_shown && at != std::string::npos && at > 0; lines++)
        at = log.rfind('\n', at - 1);
    return at == std::string::npos || at == 0 ? log : "..." + log.substr(at);
}

std::string meaning_of_verifier_log(const std::string &log) {
    size_t last = 0;
    std::string_view found;
    for (const auto &[said, means] : meanings) {
        const size_t at = log.rfind(said);
        if (at != std::string::npos && at >= last) {
            last = at;
            found = means;
        }
    }
    return std::string(found);
}

}  // namespace whydrop
