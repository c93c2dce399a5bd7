// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <optional>

#include "sys/number.h"

namespace whydrop {
namespace {

namespace fs = std::filesystem;

constexpr const char *kNames = "/run/netns";
constexpr uint64_t kMaxPid = 4194304;  // PID_MAX_LIMIT, include/linux/threads.h

// Names of the entries of a directory; empty when it cannot be read.
std::vector<std::string> entries(const fs::path &dir) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
        names.push_back(it->path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> numeric_entries(const fs::path &dir) {
    std::vector<std::string> names = entries(dir);
    std::erase_if(names, [](const std::string &name) { return !whole_number<pid_t>(name); });
    return names;
}

std::optional<uint32_t> inode_of(const fs::path &path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        return {};
    return static_cast<uint32_t>(info.st_ino);
}

Error open_error(const std::string &path, int err) {
    const std::string what = "cannot open network namespace " + path;
    if (err == ENOENT || err == ESRCH)
        return Error{Errc::usage, what + ": there is none", "`lsns -t net` lists them"};
    return errno_error(what, err, "root may (CAP_SYS_PTRACE for another user's process)");
}

Result<Fd> open_path(const std::string &path) {
    Fd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!netns)
        return open_error(path, errno);
    // A file that is left over under /run/netns opens as well, but is no namespace.
    if (::ioctl(netns.get(), NS_GET_NSTYPE) != CLONE_NEWNET)
        return Error{Errc::usage, path + " is not a network namespace",
                     "a name under /run/netns whose namespace is gone: `ip netns del` removes it"};
    return netns;
}

// Calls visit(path, pid) for the namespace file of every process, or of every other thread, until
// it returns true.
using Visit = std::function<bool(const fs::path &, pid_t)>;

bool visit_processes(const Visit &visit) {
    for (const std::string &pid : numeric_entries("/proc"))
        if (visit(fs::path("/proc") / pid / "ns/net", *whole_number<pid_t>(pid)))
            return true;
    return false;
}

bool visit_threads(const Visit &visit) {
    for (const std::string &pid : numeric_entries("/proc")) {
        const fs::path tasks = fs::path("/proc") / pid / "task";
        for (const std::string &tid : numeric_entries(tasks))
            if (tid != pid && visit(tasks / tid / "ns/net", *whole_number<pid_t>(tid)))
                return true;
    }
    return false;
}

Result<Fd> open_number(uint64_t number) {
    if (number <= kMaxPid)
        return open_path("/proc/" + std::to_string(number) + "/ns/net");
    if (number > UINT32_MAX)
        return Error{Errc::usage,
                     std::to_string(number) + " is neither a pid nor the inode of a namespace",
                     {}};
    return open_netns_by_inode(static_cast<uint32_t>(number));
}

}  // namespace

std::string name_of(const NetnsEntry &netns) {
    return netns.name.empty() ? std::to_string(netns.inode) : netns.name;
}

Result<Fd> open_netns(const std::string &which) {
    if (which.find('/') != std::string::npos)
        return open_path(which);
    const std::string named = std::string(kNames) + "/" + which;
    const auto number = whole_number<uint64_t>(which);
    if (number && !inode_of(named))
        return open_number(*number);
    if (which.empty() || which == "." || which == "..")
        return Error{Errc::usage, "'" + which + "' is not the name of a network namespace", {}};
    return open_path(named);
}

Result<Fd> open_netns(const NetnsEntry &entry) {
    auto netns = open_path(entry.name.empty() ? "/proc/" + std::to_string(entry.pid) + "/ns/net"
                                              : std::string(kNames) + "/" + entry.name);
    if (!netns && netns.error().code == Errc::unsupported)
        return netns;
    const auto inode = netns ? netns_inode(*netns) : Result<uint32_t>(netns.error());
    // The process may have ended or gone elsewhere since, and left others there.
    return inode && *inode == entry.inode ? std::move(netns) : open_netns_by_inode(entry.inode);
}

Result<Fd> open_netns_by_inode(uint32_t inode) {
    Fd found;
    const Visit try_path = [&](const fs::path &path, pid_t) {
        if (inode_of(path) != inode)
            return false;
        Result<Fd> netns = open_path(path);
        if (!netns)
            return false;
        // The process may have ended, and its number gone to another, between the two calls.
        Result<uint32_t> opened = netns_inode(*netns);
        if (!opened || *opened != inode)
            return false;
        found = std::move(*netns);
        return true;
    };
    for (const std::string &name : entries(kNames))
        if (try_path(fs::path(kNames) / name, 0))
            return found;
    if (try_path("/proc/thread-self/ns/net", 0) || visit_processes(try_path) ||
        visit_threads(try_path))
        return found;
    return Error{Errc::usage,
                 "no network namespace with inode " + std::to_string(inode) +
                     " has a name or a process that this user may see",
                 "`lsns -t net` as root lists them"};
}

Result<Fd> open_own_netns() {
    return open_path("/proc/thread-self/ns/net");
}

Result<uint32_t> netns_inode(const Fd &netns) {
    struct stat info {};
    if (::fstat(netns.get(), &info) != 0)
        return errno_error("cannot look at a network namespace", errno);
    return static_cast<uint32_t>(info.st_ino);
}

std::vector<NetnsEntry> list_netns() {
    std::vector<NetnsEntry> found;
    const auto add = [&](const fs::path &path, const std::string &name, pid_t pid) {
        const auto inode = inode_of(path);
        if (!inode)
            return;
        auto entry = std::find_if(found.begin(), found.end(),
                                  [&](const NetnsEntry &known) { return known.inode == *inode; });
        if (entry == found.end())
            entry = found.insert(found.end(), NetnsEntry{*inode, {}, 0});
        if (entry->name.empty())
            entry->name = name;
        if (entry->pid == 0)
            entry->pid = pid;
    };
    add("/proc/thread-self/ns/net", {}, ::getpid());
    for (const std::string &name : entries(kNames)) {
        const fs::path path = fs::path(kNames) / name;
        if (Result<Fd> netns = open_path(path); netns)
            add(path, name, 0);
    }
    const Visit visit = [&](const fs::path &path, pid_t pid) {
        add(path, {}, pid);
        return false;
    };
    visit_processes(visit);
    visit_threads(visit);
    return found;
}

Result<NetnsScope> NetnsScope::enter(const Fd &netns) {
    Result<Fd> home = open_own_netns();
    if (!home)
        return std::move(home).error();
    if (::setns(netns.get(), CLONE_NEWNET) != 0)
        return errno_error("cannot enter a network namespace", errno, "this needs CAP_SYS_ADMIN");
    return NetnsScope(std::move(*home));
}

Result<NetnsScope> NetnsScope::enter(const std::string &which) {
    if (which.empty())
        return NetnsScope(Fd());
    const auto netns = open_netns(which);
    return netns ? enter(*netns) : netns.error();
}

Result<NetnsScope> NetnsScope::enter(const NetnsEntry &entry) {
    const auto netns = open_netns(entry);
    return netns ? enter(*netns) : netns.error();
}

NetnsScope::~NetnsScope() {
    // Fails only when the privilege to come was given up in between; there is nobody to tell.
    if (home_)
        (void)::setns(home_.get(), CLONE_NEWNET);
}

}  // namespace whydrop
