// SPDX-License-Identifier: GPL-2.0-or-later
// XDP programs put on a device and taken off, by libxdp: where the kernel can replace functions of
// programs (5.10), several live together behind its dispatcher.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/links.h"
#include "sys/result.h"

namespace whydrop {

struct XdpLoad {
    std::string dev, file;
    std::string section, program;  // which one of the file's; both empty: the only one
    XdpMode mode = XdpMode::native;
    std::string pin;          // a directory in a bpffs for its maps; empty: they end with it
    bool reuse_maps = false;  // those that are pinned there already
    bool force = false;       // in place of what others have put there
};

struct XdpLoaded {
    uint32_t program = 0;  // id
    std::string name;
    bool is_dispatched = false;       // others can be put beside it
    uint32_t replaced = 0;            // the id of what was there; 0: nothing was
    std::vector<std::string> pinned;  // maps, by path
};

// Both act in the calling thread's network namespace. Errors: usage when the device, the file, the
// program in it, or the mode is not what it should be; unsupported when this user may not; failed
// with the end of the verifier's log when that refuses the program. What was done by then is
// undone.
Result<XdpLoaded> load_xdp(const XdpLoad &load);

struct XdpUnload {
    std::string dev;
    uint32_t program = 0;  // id; 0: the only one
    bool all = false;
    bool force = false;  // also what others have put there
};

// The programs behind libxdp's dispatcher on a device, in its order, as libxdp keeps them in bpffs.
// Empty: there is none, or it cannot be reached.
std::vector<uint32_t> dispatched_on(const std::string &dev);

// Gives the ids of what is gone.
Result<std::vector<uint32_t>> unload_xdp(const XdpUnload &unload);

// The directory of a bpffs as this process can reach it. `ip netns exec` gives a process a /sys of
// its own in which there is none; that of process 1 is used then. Errors: failed, with the way to
// mount one.
Result<std::string> reachable_bpffs(const std::string &directory);

// The last lines of the verifier's log of the last program among libbpf's words; empty: there is
// none.
std::string end_of_verifier_log(const std::string &words);

// What the end of a verifier's log means, for those who know it; empty: nothing that is known here.
std::string meaning_of_verifier_log(const std::string &log);

}  // namespace whydrop
