// SPDX-License-Identifier: GPL-2.0-or-later
// Which processes hold a socket, by the inode that sock_diag(7) and /proc/net tell of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace whydrop {

struct SocketOwner {
    pid_t pid = 0;
    std::string comm;
};

// Looks through the files of every process; those of others need CAP_SYS_PTRACE and are left out
// without. A socket that nobody holds (the kernel's own) is not among them.
std::map<uint64_t, std::vector<SocketOwner>> socket_owners(const std::set<uint64_t> &inodes);

}  // namespace whydrop
