// SPDX-License-Identifier: GPL-2.0-or-later
// What an error of XDP is called, why it happens and what to do about it.
#pragma once

#include <string>

#include "source/xdp/errors.h"

namespace whydrop {

struct XdpErrorWords {
    std::string name;   // "ABORTED", "answer 4242", "redirect: EINVAL"
    std::string cause;  // a sentence without its full stop
    std::string next;   // what to look at or to do; may be empty
};

// By the tracepoint and its code alone. Where the codes come from: xdp_do_redirect() and
// xdp_ok_fwd_dev() of net/core/filter.c and include/linux/filter.h, ndo_xdp_xmit of drivers,
// kernel/bpf/cpumap.c, xsk_rcv() of net/xdp/xsk.c.
XdpErrorWords words_of(XdpErrorKind kind, int32_t code);

// Of enum xdp_action: "aborted", "drop", "pass", "tx", "redirect", else "invalid".
const char *xdp_action_name(int32_t action);

// "EINVAL"; the number where it has no name.
std::string errno_name(int32_t code);

}  // namespace whydrop
