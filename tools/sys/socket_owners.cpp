// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/socket_owners.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "sys/number.h"

namespace whydrop {

namespace {

namespace fs = std::filesystem;

// "socket:[4711]", as proc_pid_fd(5) shows it.
std::optional<uint64_t> socket_inode(const std::string &target) {
    constexpr std::string_view before = "socket:[";
    if (!target.starts_with(before) || !target.ends_with(']'))
        return {};
    return whole_number<uint64_t>(target.substr(before.size(), target.size() - before.size() - 1));
}

// The sockets among the files of a process that are asked for.
std::set<uint64_t> held_by(const fs::path &process, const std::set<uint64_t> &inodes) {
    std::set<uint64_t> held;
    std::error_code error;
    for (fs::directory_iterator files(process / "fd", error), end; !error && files != end;
         files.increment(error)) {
        std::error_code gone;
        const auto inode = socket_inode(fs::read_symlink(files->path(), gone).string());
        if (!gone && inode && inodes.count(*inode))
            held.insert(*inode);
    }
    return held;
}

}  // namespace

std::map<uint64_t, std::vector<SocketOwner>> socket_owners(const std::set<uint64_t> &inodes) {
    std::map<uint64_t, std::vector<SocketOwner>> owners;
    std::error_code error;
    for (fs::directory_iterator processes("/proc", error), end;
         !inodes.empty() && !error && processes != end; processes.increment(error)) {
        const fs::path &process = processes->path();
        const auto pid = whole_number<pid_t>(process.filename().string());
        if (!pid)
            continue;
        SocketOwner owner{*pid, ""};
        std::ifstream comm(process / "comm");
        std::getline(comm, owner.comm);
        for (const uint64_t inode : held_by(process, inodes))
            owners[inode].push_back(owner);
    }
    for (auto &[inode, all] : owners)
        std::ranges::sort(all, {}, &SocketOwner::pid);
    return owners;
}

}  // namespace whydrop
