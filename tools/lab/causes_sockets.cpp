// SPDX-License-Identifier: GPL-2.0-or-later
// Drops that sockets bring about: their buffers, their filters, and what they send.
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lab/causes.h"
#include "lab/frames.h"

namespace whydrop::causes {
namespace {

constexpr uint16_t kOpenPort = 40009, kClosedPort = 9;
// The flows are as distinct as those of causes_frames.cpp, and one for each scenario.
constexpr uint16_t kBufferFrom = 40201, kFilterFrom = 40202, kTcpFrom = 40203, kQueueFrom = 40204,
                   kNeighbourFrom = 40205;
constexpr unsigned kMostToFill = 256;     // frames: the smallest receive buffer holds less
constexpr unsigned kNeighbourQueue = 32;  // far below what waits for a neighbour (unres_qlen_bytes)
constexpr int kPatienceMs = 10000;

sockaddr_in socket_address(const IpAddress &address, uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    std::memcpy(&out.sin_addr, address.bytes.data(), sizeof out.sin_addr);
    return out;
}

Result<Fd> open_socket(const LabNetwork &network, Side side, int type, uint16_t port) {
    Result<NetnsScope> scope = network.enter(side);
    if (!scope)
        return std::move(scope).error();
    Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("cannot open a socket", errno);
    const timeval patience{kPatienceMs / 1000, 0};  // bounds connect(), too
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        return errno_error("cannot set the timeout of a socket", errno);
    const sockaddr_in own = socket_address(network.port(side).ipv4, port);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr *>(&own), sizeof own) != 0)
        return errno_error("cannot bind a socket to port " + std::to_string(port), errno);
    return socket;
}

Status connect_to(const Fd &socket, const IpAddress &address, uint16_t port) {
    const sockaddr_in peer = socket_address(address, port);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr *>(&peer), sizeof peer) != 0)
        return errno_error("cannot connect a socket", errno);
    return success();
}

Result<unsigned> drops_of(const Fd &socket) {
    std::array<uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0)
        return errno_error("cannot read what a socket lost", errno);
    return info[SK_MEMINFO_DROPS];
}

// A datagram that is still queued when its socket closes would be a drop of its own.
void read_all(const Fd &socket) {
    char buffer[2048];
    while (::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT) >= 0) {
    }
}

Status expect_drops(const Fd &socket, unsigned times) {
    const Result<unsigned> drops = drops_of(socket);
    if (!drops)
        return drops.error();
    if (*drops != times)
        return Error{Errc::failed,
                     "the socket lost " + std::to_string(*drops) + " datagrams, not " +
                         std::to_string(times),
                     {}};
    return success();
}

Status fill_and_overflow(const Fd &receiver, FrameSender &sender, const std::vector<uint8_t> &frame,
                         unsigned times) {
    for (unsigned sent = 0; sent < kMostToFill; sent++) {
        if (Status done = sender.send(frame, 1); !done)
            return done;
        const Result<unsigned> drops = drops_of(receiver);
        if (!drops)
            return drops.error();
        // That one was the first of those that were ordered.
        if (*drops == 1)
            return sender.send(frame, times - 1);
    }
    return Error{Errc::failed, "a socket's receive buffer did not fill", {}};
}

Status send_datagrams(const Fd &socket, unsigned times) {
    const std::array<char, 32> payload{};
    for (unsigned i = 0; i < times; i++)
        if (::send(socket.get(), payload.data(), payload.size(), 0) < 0)
            return errno_error("cannot send a datagram", errno);
    return success();
}

// Until the kernel has let go of every datagram that the socket sent.
Status wait_until_sent(const Fd &socket) {
    for (int waited_ms = 0; waited_ms < kPatienceMs; waited_ms++) {
        int unsent = 0;
        if (::ioctl(socket.get(), SIOCOUTQ, &unsent) != 0)
            return errno_error("cannot read what a socket has not sent yet", errno);
        if (unsent == 0)
            return success();
        ::poll(nullptr, 0, 1);
    }
    return Error{Errc::failed, "the kernel still holds what a socket sent", {}};
}

}  // namespace

Status closed_tcp_port(LabNetwork &network, unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        const Result<Fd> client = open_socket(network, Side::tx, SOCK_STREAM, kTcpFrom);
        if (!client)
            return client.error();
        const sockaddr_in server = socket_address(network.port(Side::rx).ipv4, kClosedPort);
        const int done =
            ::connect(client->get(), reinterpret_cast<const sockaddr *>(&server), sizeof server);
        if (done == 0 || errno != ECONNREFUSED)
            return errno_error("a connection was not refused", done == 0 ? EISCONN : errno);
    }
    return success();
}

Status full_receive_buffer(LabNetwork &network, unsigned times) {
    if (times == 0)
        return success();
    Result<Fd> receiver = open_socket(network, Side::rx, SOCK_DGRAM, kOpenPort);
    Result<FrameSender> sender = FrameSender::open(network, Side::tx);
    if (!receiver || !sender)
        return receiver ? sender.error() : receiver.error();
    const int smallest = 0;  // the kernel makes SOCK_MIN_RCVBUF of it
    if (::setsockopt(receiver->get(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest) != 0)
        return errno_error("cannot set the size of a receive buffer", errno);
    FrameSpec spec = frame_between(network, Side::tx);
    spec.sport = kBufferFrom;
    spec.dport = kOpenPort;
    Status done = fill_and_overflow(*receiver, *sender, build_frame(spec), times);
    if (done)
        done = expect_drops(*receiver, times);
    read_all(*receiver);
    return done;
}

Status socket_filter(LabNetwork &network, unsigned times) {
    Result<Fd> receiver = open_socket(network, Side::rx, SOCK_DGRAM, kOpenPort);
    Result<FrameSender> sender = FrameSender::open(network, Side::tx);
    if (!receiver || !sender)
        return receiver ? sender.error() : receiver.error();
    sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog program{1, &nothing};
    if (::setsockopt(receiver->get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        return errno_error("cannot attach a filter to a socket", errno);
    FrameSpec spec = frame_between(network, Side::tx);
    spec.sport = kFilterFrom;
    spec.dport = kOpenPort;
    if (Status sent = sender->send(build_frame(spec), times); !sent)
        return sent;
    return expect_drops(*receiver, times);
}

Status full_queue(LabNetwork &network, unsigned times) {
    const uint32_t ifindex = network.port(Side::rx).ifindex;
    Result<Rtnl> rtnl = Rtnl::open(network.netns(Side::rx));
    const Result<Fd> socket = open_socket(network, Side::rx, SOCK_DGRAM, kQueueFrom);
    if (!rtnl || !socket)
        return rtnl ? socket.error() : rtnl.error();
    if (Status connected = connect_to(*socket, network.port(Side::tx).ipv4, kClosedPort);
        !connected)
        return connected;
    if (Status added = rtnl->add_full_queue(ifindex); !added)
        return added;
    const Status sent = send_datagrams(*socket, times);
    const Status deleted = rtnl->delete_root_queue(ifindex);
    return sent ? deleted : sent;
}

Status dead_neighbour(LabNetwork &network, unsigned times) {
    // Give up after one question and 20 ms.
    for (const auto &[name, value] :
         {std::pair("mcast_solicit", "1"), std::pair("retrans_time_ms", "20")})
        if (Status set =
                network.set_sysctl(Side::rx, std::string("ipv4/neigh/lab1/") + name, value);
            !set)
            return set;
    while (times > 0) {
        const unsigned some = std::min(times, kNeighbourQueue);
        const Result<Fd> socket = open_socket(network, Side::rx, SOCK_DGRAM, kNeighbourFrom);
        if (!socket)
            return socket.error();
        if (Status connected = connect_to(*socket, ipv4_address(10, 77, 0, 77), kClosedPort);
            !connected)
            return connected;
        if (Status sent = send_datagrams(*socket, some); !sent)
            return sent;
        if (Status gone = wait_until_sent(*socket); !gone)
            return gone;
        times -= some;
    }
    return success();
}

}  // namespace whydrop::causes
