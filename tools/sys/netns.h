// SPDX-License-Identifier: GPL-2.0-or-later
// Network namespaces: finding them, entering one for a while. A namespace is known by the inode of
// its nsfs file (netns(7), ioctl_ns(2)): the number that BPF reads from net->ns.inum.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

// A way into a namespace: a name under /run/netns, a process, or both.
struct NetnsEntry {
    uint32_t inode = 0;
    std::string name;  // empty: has none
    pid_t pid = 0;     // process or thread that lives there; 0: none was looked for or found
};

// Its name, or else its inode.
std::string name_of(const NetnsEntry &netns);

// By name (/run/netns/NAME), path, pid or inode. A number is a name first when there is one of that
// name, then a pid, and above the largest possible pid an inode. Errors: usage when there is no
// such thing, unsupported when this user may not.
Result<Fd> open_netns(const std::string &which);

// As an entry leads there, or whatever else does now. Errors: usage when it is gone, unsupported
// when this user may not.
Result<Fd> open_netns(const NetnsEntry &entry);

// Looks under /run/netns, then at every process, and at every thread last.
Result<Fd> open_netns_by_inode(uint32_t inode);

// The namespace of the calling thread.
Result<Fd> open_own_netns();

Result<uint32_t> netns_inode(const Fd &netns);

// Every namespace that a name or a process leads to, the calling thread's first. What this user may
// not look at is left out.
std::vector<NetnsEntry> list_netns();

// The calling thread is in another namespace until the end of the scope. To be destroyed by the
// thread that made it.
class NetnsScope {
  public:
    static Result<NetnsScope> enter(const Fd &netns);
    // As open_netns() takes it; empty: the thread stays where it is.
    static Result<NetnsScope> enter(const std::string &which);
    static Result<NetnsScope> enter(const NetnsEntry &entry);

    NetnsScope(NetnsScope &&) noexcept = default;
    NetnsScope &operator=(NetnsScope &&) = delete;
    ~NetnsScope();

  private:
    explicit NetnsScope(Fd home) : home_(std::move(home)) {}
    Fd home_;  // empty: moved from, or it never left
};

}  // namespace whydrop
