// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/network.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace whydrop {
namespace {

constexpr std::chrono::milliseconds kPatience{10000};

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0)
        return errno_error("cannot make a pipe", errno);
    return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// The placeholder. Only system calls: the parent may have had more threads than this one. It keeps
// nothing of the parent's open, so that nobody waits for the end of a pipe because of it.
[[noreturn]] void hold_namespace(int life, int report) {
    life = ::fcntl(life, F_DUPFD, STDERR_FILENO + 1);  // not one of the two numbers they go to
    report = ::fcntl(report, F_DUPFD, STDERR_FILENO + 1);
    if (::dup2(life, STDIN_FILENO) < 0 || ::dup2(report, STDOUT_FILENO) < 0)
        ::_exit(1);
    ::close_range(STDERR_FILENO, ~0u, 0);
    ::prctl(PR_SET_NAME, "whydrop-lab");
    // Ctrl-C is for the parent, which still has to look at the namespace.
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGQUIT, SIG_IGN);
    const int err = ::unshare(CLONE_NEWNET) == 0 ? 0 : errno;
    if (::write(STDOUT_FILENO, &err, sizeof err) != sizeof err || err != 0)
        ::_exit(1);
    ::close(STDOUT_FILENO);
    // A parent's death signal would come when the thread ends that forked us, not the process.
    char byte;
    while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
}

Status write_file(const std::string &path, const std::string &text) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file)
        return errno_error("cannot open " + path, errno);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return errno_error("cannot write '" + text + "' to " + path, errno);
    return success();
}

Result<std::string> read_file(const std::string &path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return errno_error("cannot open " + path, errno);
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno != EINTR)
            return errno_error("cannot read " + path, errno);
        if (got == 0)
            return text;
        if (got > 0)
            text.append(buffer, static_cast<size_t>(got));
    }
}

LabPort describe_port(Side side, unsigned link) {
    const auto host = static_cast<uint8_t>(side == Side::tx ? 1 : 2);
    const auto net = static_cast<uint8_t>(link);
    LabPort port;
    port.name = "lab" + std::to_string(2 * link + (side == Side::tx ? 0 : 1));
    port.mac = {0x02, 0x77, 0x00, 0x00, net, host};  // locally administered
    port.ipv4 = ipv4_address(10, 77, net, host);
    port.ipv6.family = 6;
    port.ipv6.bytes = {0xfd, 0x77, 0, 0, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, host};
    return port;
}

}  // namespace

IpAddress ipv4_address(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return IpAddress{4, {a, b, c, d}};
}

Result<NetnsHolder> NetnsHolder::start() {
    Result<Pipe> life = make_pipe(), report = make_pipe();
    if (!life || !report)
        return life ? report.error() : life.error();
    const pid_t pid = ::fork();
    if (pid < 0)
        return errno_error("cannot start a placeholder process", errno);
    if (pid == 0)
        hold_namespace(life->read.get(), report->write.get());
    NetnsHolder holder(pid, std::move(life->write));
    report->write.reset();
    int err = EIO;
    ssize_t got = 0;
    do
        got = ::read(report->read.get(), &err, sizeof err);
    while (got < 0 && errno == EINTR);
    if (got != sizeof err)
        err = EIO;
    if (err != 0)
        return errno_error("cannot create a network namespace", err,
                           "this needs CAP_SYS_ADMIN (root) and CONFIG_NET_NS");
    return holder;
}

NetnsHolder::NetnsHolder(NetnsHolder &&other) noexcept
    : pid_(std::exchange(other.pid_, 0)), life_(std::move(other.life_)) {}

NetnsHolder &NetnsHolder::operator=(NetnsHolder &&other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(life_, other.life_);
    return *this;
}

NetnsHolder::~NetnsHolder() {
    if (pid_ == 0)
        return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Status LabNetwork::set_sysctl(Side side, const std::string &name, const std::string &value) const {
    // /proc/sys/net shows the namespace of the thread that opens the file.
    Result<NetnsScope> scope = enter(side);
    if (!scope)
        return std::move(scope).error();
    return write_file("/proc/sys/net/" + name, value);
}

Result<std::string> LabNetwork::sysctl(Side side, const std::string &name) const {
    Result<NetnsScope> scope = enter(side);
    if (!scope)
        return std::move(scope).error();
    Result<std::string> text = read_file("/proc/sys/net/" + name);
    if (text && !text->empty() && text->back() == '\n')
        text->pop_back();
    return text;
}

Result<std::string> LabNetwork::proc_net(Side side, const std::string &name) const {
    Result<NetnsScope> scope = enter(side);
    if (!scope)
        return std::move(scope).error();
    // /proc/net is that of the process's first thread.
    return read_file("/proc/thread-self/net/" + name);
}

// A new namespace has the settings of the machine's first one in part (devconf_inherit_init_net):
// whatever a scenario depends on is set here. Before there are devices, so that they are born
// quiet.
Status LabNetwork::quiet(const LabOptions &options) const {
    constexpr std::pair<const char *, const char *> kSettings[] = {
        {"ipv4/ip_forward", "0"},
        {"ipv4/conf/all/rp_filter", "0"},
        {"ipv4/conf/default/rp_filter", "0"},
        {"ipv4/conf/all/accept_local", "0"},
        {"ipv4/conf/default/accept_local", "0"},
        {"ipv4/conf/all/route_localnet", "0"},
        {"ipv4/conf/default/route_localnet", "0"},
        {"ipv4/conf/all/log_martians", "0"},
        {"ipv4/conf/default/log_martians", "0"},
    };
    const char *disable_ipv6 = options.ipv6 ? "0" : "1";
    for (const Side side : {Side::tx, Side::rx}) {
        for (const auto &[name, value] : kSettings)
            if (Status set = set_sysctl(side, name, value); !set)
                return set;
        for (const char *name : {"ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"}) {
            // A kernel without IPv6 is as quiet as can be.
            if (!options.ipv6 && !sysctl(side, name))
                continue;
            if (Status set = set_sysctl(side, name, disable_ipv6); !set)
                return set;
        }
        if (!options.ipv6)
            continue;
        // Neither link-local addresses nor router solicitations.
        for (const auto &[name, value] : {std::pair("ipv6/conf/default/addr_gen_mode", "1"),
                                          std::pair("ipv6/conf/default/router_solicitations", "0"),
                                          std::pair("ipv6/conf/default/accept_ra", "0")})
            if (Status set = set_sysctl(side, name, value); !set)
                return set;
    }
    return success();
}

Status LabNetwork::connect() {
    Result<Rtnl> tx = Rtnl::open(netns(Side::tx));
    if (!tx)
        return tx.error();
    for (unsigned link = 0; link < kLinks; link++) {
        const LabPort near = describe_port(Side::tx, link), far = describe_port(Side::rx, link);
        if (Status made = tx->add_veth({near.name, near.mac}, {far.name, far.mac}, netns(Side::rx));
            !made)
            return made;
    }
    return find_ports();
}

Status LabNetwork::find_ports() {
    for (const Side side : {Side::tx, Side::rx}) {
        Result<Rtnl> rtnl = Rtnl::open(netns(side));
        if (!rtnl)
            return rtnl.error();
        for (unsigned link = 0; link < kLinks; link++) {
            LabPort &own = ports_[index(side)][link] = describe_port(side, link);
            const Result<uint32_t> ifindex = rtnl->ifindex(own.name);
            if (!ifindex)
                return ifindex.error();
            own.ifindex = *ifindex;
        }
    }
    return success();
}

Status LabNetwork::address(const LabOptions &options) const {
    for (const Side side : {Side::tx, Side::rx}) {
        Result<Rtnl> rtnl = Rtnl::open(netns(side));
        if (!rtnl)
            return rtnl.error();
        Result<uint32_t> loopback = rtnl->ifindex("lo");
        if (!loopback)
            return loopback.error();
        if (Status up = rtnl->set_up(*loopback); !up)
            return up;
        for (unsigned link = 0; link < kLinks; link++) {
            const LabPort &own = port(side, link);
            const LabPort &peer = port(other(side), link);
            if (Status up = rtnl->set_up(own.ifindex); !up)
                return up;
            if (Status set = rtnl->add_address(own.ifindex, own.ipv4, 24); !set)
                return set;
            if (Status set = rtnl->add_neighbour(own.ifindex, peer.ipv4, peer.mac); !set)
                return set;
            if (!options.ipv6)
                continue;
            if (Status set = rtnl->add_address(own.ifindex, own.ipv6, 64); !set)
                return set;
            if (Status set = rtnl->add_neighbour(own.ifindex, peer.ipv6, peer.mac); !set)
                return set;
        }
    }
    return success();
}

Result<LabNetwork> LabNetwork::create(const LabOptions &options) {
    LabNetwork network;
    for (const Side side : {Side::tx, Side::rx}) {
        Result<NetnsHolder> holder = NetnsHolder::start();
        if (!holder)
            return std::move(holder).error();
        Result<Fd> netns = open_netns("/proc/" + std::to_string(holder->pid()) + "/ns/net");
        if (!netns)
            return std::move(netns).error();
        network.holders_.push_back(std::move(*holder));
        if (Status adopted = network.adopt(side, std::move(*netns)); !adopted)
            return adopted.error();
    }
    if (Status done = network.quiet(options); !done)
        return done.error();
    if (Status done = network.connect(); !done)
        return done.error();
    if (Status done = network.address(options); !done)
        return done.error();
    for (const Side side : {Side::tx, Side::rx})
        for (unsigned link = 0; link < kLinks; link++)
            if (Status up =
                    wait_until_up(network.netns(side), network.port(side, link).name, kPatience);
                !up)
                return up.error();
    return network;
}

Status LabNetwork::adopt(Side side, Fd netns) {
    const Result<uint32_t> inode = netns_inode(netns);
    if (!inode)
        return inode.error();
    inodes_[index(side)] = *inode;
    netns_[index(side)] = std::move(netns);
    return success();
}

Result<LabNetwork> LabNetwork::join(const std::string &tx, const std::string &rx) {
    LabNetwork network;
    for (const auto &[side, which] : {std::pair(Side::tx, tx), std::pair(Side::rx, rx)}) {
        Result<Fd> netns = open_netns(which);
        if (!netns)
            return std::move(netns).error();
        if (Status adopted = network.adopt(side, std::move(*netns)); !adopted)
            return adopted.error();
    }
    if (Status found = network.find_ports(); !found)
        return found.error();
    return network;
}

}  // namespace whydrop
