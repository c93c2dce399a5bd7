// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_error_words.h"

#include <cerrno>
#include <cstring>

#include "source/xdp/verdicts.h"

namespace whydrop {

namespace {

struct Known {
    int32_t code;
    const char *cause, *next;
};

template <size_t count>
const Known *find(const Known (&all)[count], int32_t code) {
    for (const Known &known : all)
        if (known.code == code)
            return &known;
    return nullptr;
}

// By enum xdp_action.
const Known exceptions[] = {
    {0,
     "the program answered XDP_ABORTED, its own way out of an error: headers that are not there, a "
     "helper that failed, or bpf_redirect_map() on an empty entry",
     "whydrop xdp drops --action aborted shows the packets, where the kernel lets it"},
    {1, "the driver reports an exception although the program answered XDP_DROP", ""},
    {2, "the program let the packet pass, and the driver had no memory to make an skb of it", ""},
    {3,
     "XDP_TX failed: the device has no room in its ring to send back, is going down, or has no "
     "queue for it",
     "ethtool -g and -S of the device; a driver may need as many send queues as there are CPUs"},
    {4,
     "XDP_REDIRECT failed in the driver; of the same frame a redirect error beside this one says "
     "why",
     ""},
};

// Of xdp_do_redirect(): before the frame has left for anywhere.
const Known redirects[] = {
    {EINVAL,
     "there is no such target: no device has this index in the namespace of the sender, or an "
     "AF_XDP socket is bound to another queue than the frame came by",
     "whydrop xdp status shows the maps of the program; bpftool map dump id N their entries"},
    {ENETDOWN, "the target is down", "ip link set DEV up"},
    {EMSGSIZE, "the frame is longer than the MTU of the target allows",
     "the same MTU on both devices, or a program that looks at the length (bpf_check_mtu())"},
    {EOPNOTSUPP,
     "the driver of the target takes no redirected frames (no ndo_xdp_xmit), or does not now: many "
     "do only with an XDP program on the target, and a veth with one on its other end",
     "an XDP program that passes everything there, or XDP_PASS and a route, or skb mode (whydrop "
     "xdp load --mode skb)"},
    {EBADRQC,
     "the program answered XDP_REDIRECT and had not called bpf_redirect() or bpf_redirect_map() "
     "before",
     ""},
    {EOVERFLOW, "the frame has no headroom left to keep its description while it travels",
     "a program that grows the head by less (bpf_xdp_adjust_head())"},
    {ENOSPC,
     "no room at the target: its queue is full; of an AF_XDP socket the ring, or the frame is "
     "longer than its chunks",
     "a larger queue or ring; a reader that keeps up"},
    {ENOBUFS,
     "no room at the target: the ring of an AF_XDP socket is full, or nothing is in its "
     "fill ring",
     "a larger ring; a reader that keeps up and gives buffers back"},
    {ENOMEM, "there was no memory for a copy of the frame", ""},
    {ENXIO,
     "the target is not ready: an AF_XDP socket that is not bound, or a device that has no "
     "queue for redirected frames",
     ""},
};

// Of ndo_xdp_xmit: of XDP_TX the device itself, of a redirect the target.
const Known sendings[] = {
    {0, "its ring took only a part of what was sent at once: it is full",
     "a larger ring (ethtool -G), or a receiver that keeps up; of a veth its other end's CPU"},
    {ENXIO,
     "it does not take frames from XDP: a veth whose other end has no XDP program, or a device "
     "whose queues for XDP do not exist or are being rebuilt",
     "whydrop xdp status names such a veth; load a program that passes everything on its other "
     "end, or switch GRO on there (ethtool -K DEV gro on)"},
    {ENETDOWN, "it is down, or going down", "ip link set DEV up"},
    {EINVAL, "the driver refused what it was asked to do", ""},
    {ENOSPC, "it has no room in its ring", "a larger ring (ethtool -G)"},
    {EOPNOTSUPP, "its driver cannot send frames of XDP", "skb mode (whydrop xdp load --mode skb)"},
};

XdpErrorWords exception_words(int32_t action) {
    if (const Known *known = find(exceptions, action)) {
        static const char *const names[] = {"ABORTED", "DROP failed", "PASS failed", "TX failed",
                                            "REDIRECT failed"};
        return {names[action], known->cause, known->next};
    }
    const std::string number = std::to_string(action);
    XdpErrorWords words{"answer " + number,
                        number +
                            " is no action; the kernel takes it for XDP_ABORTED, and warns of "
                            "it in its log once",
                        "a path of the program that returns something else than its verdict"};
    constexpr int32_t last_errno = 4095;
    if (action < 0 && action >= -last_errno)
        words.cause +=
            ". As a number it is -" + errno_name(-action) + ": what a helper that failed returns";
    return words;
}

XdpErrorWords found_or(const Known *known, const std::string &name, const std::string &subject,
                       int32_t code) {
    if (!known)
        return {name, subject + " said " + errno_name(code) + " (" + strerror(code) + ")", ""};
    return {name, known->cause, known->next};
}

XdpErrorWords sending_words(const std::string &what, const std::string &who, int32_t code) {
    XdpErrorWords words = found_or(find(sendings, code),
                                   what + (code ? ": " + errno_name(code) : ": full"), who, code);
    if (find(sendings, code))
        words.cause = who + " did not take the frame: " + words.cause;
    return words;
}

}  // namespace

const char *xdp_action_name(int32_t action) {
    const bool is_one = action >= 0 && action < static_cast<int32_t>(XdpAnswer::invalid);
    return name_of(is_one ? static_cast<XdpAnswer>(action) : XdpAnswer::invalid);
}

std::string errno_name(int32_t code) {
    const char *name = strerrorname_np(code);
    return name ? name : std::to_string(code);
}

XdpErrorWords words_of(XdpErrorKind kind, int32_t code) {
    switch (kind) {
        case XdpErrorKind::exception:
            return exception_words(code);
        case XdpErrorKind::redirect:
            return found_or(find(redirects, code), "redirect: " + errno_name(code),
                            "the kernel could not redirect the frame and", code);
        case XdpErrorKind::devmap:
            return sending_words("sent on", "the target of the redirect", code);
        case XdpErrorKind::bulk_tx:
            return sending_words("sent back", "the device", code);
        case XdpErrorKind::cpumap_enqueue:
            return {"cpumap: full",
                    "the queue to the CPU is full: it does not take frames as fast as they come",
                    "a longer queue (the value of the entry in the cpumap), or more CPUs"};
        case XdpErrorKind::cpumap_kthread:
            return {"cpumap: no memory", "the CPU had no memory to make an skb of the frame", ""};
    }
    return {};
}

}  // namespace whydrop
