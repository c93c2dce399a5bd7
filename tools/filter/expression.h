// SPDX-License-Identifier: GPL-2.0-or-later
// A pcap-filter(7) expression -> classic BPF, by libpcap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop {

// One instruction of the classic BPF, as libpcap's bpf_insn and the kernel's sock_filter have it.
struct ClassicInsn {
    uint16_t code = 0;
    uint8_t jt = 0, jf = 0;
    uint32_t k = 0;
};
using ClassicProgram = std::vector<ClassicInsn>;

// With what a packet begins.
enum class FilterLink { ethernet, ip };

// Errors: usage, with libpcap's words and a mark under the place in the expression; also for one
// that no frame can match. One that only no packet without a link header can match ("arp") is a
// program that says so.
Result<ClassicProgram> compile_expression(const std::string &expression, FilterLink link);

}  // namespace whydrop
