// SPDX-License-Identifier: GPL-2.0-or-later
// bench_observe MODE -- COMMAND: what whydrop is compared with.
//   empty, flow, ring    that program of floor.bpf.c on tp_btf/kfree_skb while the command runs
//   empty_receive        the same on tp_btf/netif_receive_skb
//   ftrace               the event skb:kfree_skb into the ring of a tracefs instance of our own
//   tracefs              nothing, but tracefs and debugfs are mounted, for this command alone
#include <bpf/libbpf.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "floor.skel.h"
#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop::bench {

namespace {

namespace fs = std::filesystem;

using Link = Handle<bpf_link, &bpf_link__destroy>;
using Skeleton = Handle<floor_bpf, &floor_bpf__destroy>;

const fs::path tracefs = "/sys/kernel/tracing", debugfs = "/sys/kernel/debug";
constexpr const char *instance_prefix = "whydrop_bench_";

Status mount_if_missing(const char *type, const fs::path &where, const char *marker) {
    if (fs::exists(where / marker))
        return success();
    if (::mount(type, where.c_str(), type, 0, nullptr) != 0)
        return errno_error("cannot mount " + std::string(type), errno);
    return success();
}

// In a mount namespace of our own: nobody else sees it, and it goes with us.
Status mount_privately() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return errno_error("cannot make a mount namespace", errno, "run as root");
    if (auto mounted = mount_if_missing("tracefs", tracefs, "events"); !mounted)
        return mounted;
    return mount_if_missing("debugfs", debugfs, "tracing");
}

int run(char *const *command) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::signal(SIGINT, SIG_DFL);
        ::execvp(command[0], command);
        std::perror(command[0]);
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<int> observe_with_floor(const std::string &name, char *const *command) {
    Skeleton skeleton(floor_bpf__open());
    if (!skeleton)
        return errno_error("cannot open the floor's programs", errno);
    bpf_program *program = bpf_object__find_program_by_name(skeleton->obj, name.c_str());
    bpf_program__set_autoload(program, true);
    bpf_map__set_autocreate(skeleton->maps.flows, name == "flow");
    bpf_map__set_autocreate(skeleton->maps.records, name == "ring");
    if (floor_bpf__load(skeleton.get()) != 0)
        return errno_error("cannot load the program " + name, errno, "run as root");
    const Link link(bpf_program__attach(program));
    if (!link)
        return errno_error("cannot attach the program " + name, errno);
    return run(command);
}

bool write_text(const fs::path &path, const std::string &text) {
    std::ofstream file(path);
    file << text;
    return static_cast<bool>(file.flush());
}

// Instances outlive a process that is killed: those of processes that are gone are removed.
void remove_leftovers() {
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(tracefs / "instances", error)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(instance_prefix))
            continue;
        const pid_t owner =
            std::atoi(name.c_str() + std::char_traits<char>::length(instance_prefix));
        if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH)
            ::rmdir(entry.path().c_str());
    }
}

Result<int> observe_with_ring(char *const *command) {
    if (auto mounted = mount_privately(); !mounted)
        return mounted.error();
    remove_leftovers();
    const fs::path instance =
        tracefs / "instances" / (instance_prefix + std::to_string(::getpid()));
    if (::mkdir(instance.c_str(), 0700) != 0)
        return errno_error("cannot make a tracefs instance", errno);
    Result<int> status = errno_error("cannot enable skb:kfree_skb", EIO);
    if (write_text(instance / "buffer_size_kb", "8192") &&
        write_text(instance / "events/skb/kfree_skb/enable", "1"))
        status = run(command);
    write_text(instance / "events/skb/kfree_skb/enable", "0");
    if (::rmdir(instance.c_str()) != 0)
        return errno_error("cannot remove the tracefs instance " + instance.string(), errno);
    return status;
}

Result<int> observe(const std::string &mode, char *const *command) {
    if (mode == "empty" || mode == "empty_receive" || mode == "flow" || mode == "ring")
        return observe_with_floor(mode, command);
    if (mode == "ftrace")
        return observe_with_ring(command);
    if (mode != "tracefs")
        return Error{
            Errc::usage,
            "'" + mode + "' is none of empty, empty_receive, flow, ring, ftrace and tracefs",
            {}};
    if (auto mounted = mount_privately(); !mounted)
        return mounted.error();
    ::signal(SIGINT, SIG_DFL);
    ::execvp(command[0], command);
    return errno_error(std::string("cannot run ") + command[0], errno);
}

}  // namespace

}  // namespace whydrop::bench

int main(int argc, char **argv) {
    if (argc < 4 || std::string(argv[2]) != "--") {
        std::fprintf(
            stderr,
            "usage: bench_observe empty|empty_receive|flow|ring|ftrace|tracefs -- COMMAND...\n");
        return 2;
    }
    // Ctrl-C is for the command; we stay to clean up.
    ::signal(SIGINT, SIG_IGN);
    auto status = whydrop::bench::observe(argv[1], argv + 3);
    if (status)
        return *status;
    std::fprintf(stderr, "bench_observe: %s\n", status.error().what.c_str());
    return static_cast<int>(status.error().code);
}
