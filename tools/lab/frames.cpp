// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/frames.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace whydrop {
namespace {

constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
constexpr uint16_t kBarrier = 0x88b6;  // IEEE 802 local experimental ethertype 2
constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58;
constexpr size_t kEthernetBytes = 14;
constexpr unsigned kBatch = 64;
// Below netdev_max_backlog (1000), which is what holds frames when softirqs are late.
constexpr uint64_t kInFlight = 256;
constexpr int kPatienceMs = 10000;

using Bytes = std::vector<uint8_t>;

void put16(Bytes &out, uint16_t value) {
    out.push_back(static_cast<uint8_t>(value >> 8));
    out.push_back(static_cast<uint8_t>(value));
}

void set16(Bytes &out, size_t at, uint16_t value) {
    out[at] = static_cast<uint8_t>(value >> 8);
    out[at + 1] = static_cast<uint8_t>(value);
}

// RFC 1071, not yet folded, so that parts can be added up.
uint32_t sum16(std::span<const uint8_t> bytes, uint32_t sum = 0) {
    for (size_t i = 0; i < bytes.size(); i += 2)
        sum += static_cast<uint32_t>(bytes[i] << 8) | (i + 1 < bytes.size() ? bytes[i + 1] : 0u);
    return sum;
}

uint16_t checksum(uint32_t sum) {
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

size_t address_bytes(const IpAddress &address) {
    return address.family == 6 ? 16 : 4;
}

uint32_t pseudo_header_sum(const FrameSpec &spec, size_t length) {
    uint32_t sum = static_cast<uint32_t>(length) + spec.protocol;
    sum = sum16({spec.src.bytes.data(), address_bytes(spec.src)}, sum);
    return sum16({spec.dst.bytes.data(), address_bytes(spec.dst)}, sum);
}

// Transport header and payload. `check_at` is where the checksum goes; 0: there is none.
Bytes transport_header(const FrameSpec &spec, size_t &check_at) {
    Bytes out;
    check_at = 0;
    if (spec.protocol == kUdp) {
        const int length = 8 + spec.payload_bytes + spec.udp_length_error;
        for (const int field : {int{spec.sport}, int{spec.dport}, length, 0})
            put16(out, static_cast<uint16_t>(field));
        check_at = 6;
    } else if (spec.protocol == kTcp) {
        const uint16_t flags = static_cast<uint16_t>(5 << 12 | spec.tcp_flags);
        for (const int field :
             {int{spec.sport}, int{spec.dport}, 0, 7, 0, 0, int{flags}, 64240, 0, 0})
            put16(out, static_cast<uint16_t>(field));
        check_at = 16;
    } else if (spec.protocol == kIcmp || spec.protocol == kIcmpv6) {
        out = {static_cast<uint8_t>(spec.protocol == kIcmp ? 8 : 128), 0, 0, 0, 0, 7, 0, 1};
        check_at = 2;  // an echo request
    }
    return out;
}

Bytes transport(const FrameSpec &spec) {
    size_t check_at = 0;
    Bytes out = transport_header(spec, check_at);
    for (unsigned i = 0; i < spec.payload_bytes; i++)
        out.push_back(static_cast<uint8_t>('a' + i % 26));
    if (check_at == 0)
        return out;
    const uint32_t pseudo = spec.protocol == kIcmp ? 0 : pseudo_header_sum(spec, out.size());
    uint16_t check = checksum(sum16(out, pseudo));
    if (spec.protocol == kUdp && check == 0)
        check = 0xffff;  // RFC 768: 0 says that there is none
    set16(out, check_at, check ^ spec.transport_checksum_error);
    return out;
}

Bytes ipv4_header(const FrameSpec &spec, size_t payload) {
    Bytes out = {static_cast<uint8_t>(4 << 4 | (spec.header_words & 15)), 0};
    put16(out, static_cast<uint16_t>(20 + payload + static_cast<size_t>(spec.length_error)));
    put16(out, 7);
    put16(out, spec.dont_fragment ? 0x4000 : 0);
    out.push_back(spec.ttl);
    out.push_back(spec.protocol);
    put16(out, 0);
    out.insert(out.end(), spec.src.bytes.begin(), spec.src.bytes.begin() + 4);
    out.insert(out.end(), spec.dst.bytes.begin(), spec.dst.bytes.begin() + 4);
    set16(out, 10, checksum(sum16(out)) ^ spec.checksum_error);
    return out;
}

Bytes ipv6_header(const FrameSpec &spec, size_t payload) {
    Bytes out = {6 << 4, 0, 0, 0};
    put16(out, static_cast<uint16_t>(payload + static_cast<size_t>(spec.length_error)));
    out.push_back(spec.protocol);
    out.push_back(spec.ttl);
    out.insert(out.end(), spec.src.bytes.begin(), spec.src.bytes.end());
    out.insert(out.end(), spec.dst.bytes.begin(), spec.dst.bytes.end());
    return out;
}

// Frames of one sender stay in order only while they are sent from one CPU: each has a backlog.
class CpuPin {
  public:
    CpuPin() {
        changed_ = ::sched_getaffinity(0, sizeof before_, &before_) == 0;
        cpu_set_t one;
        CPU_ZERO(&one);
        const int cpu = ::sched_getcpu();
        if (!changed_ || cpu < 0 || cpu >= CPU_SETSIZE)
            return;
        CPU_SET(cpu, &one);
        (void)::sched_setaffinity(0, sizeof one, &one);
    }
    ~CpuPin() {
        if (changed_)
            (void)::sched_setaffinity(0, sizeof before_, &before_);
    }
    CpuPin(const CpuPin &) = delete;
    CpuPin &operator=(const CpuPin &) = delete;

  private:
    cpu_set_t before_{};
    bool changed_ = false;
};

// A packet socket on a device. Protocol 0 hears nothing: a socket that hears everything would be a
// handler for the very frames that are to be dropped because there is none.
Result<Fd> packet_socket(const LabNetwork &network, Side side, unsigned link, uint16_t protocol) {
    Result<NetnsScope> scope = network.enter(side);
    if (!scope)
        return std::move(scope).error();
    Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("cannot open a packet socket", errno, "this needs CAP_NET_RAW");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(protocol);
    address.sll_ifindex = static_cast<int>(network.port(side, link).ifindex);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return errno_error("cannot bind a packet socket to " + network.port(side, link).name,
                           errno);
    const timeval patience{kPatienceMs / 1000, 0};
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        return errno_error("cannot set the timeout of a packet socket", errno);
    return socket;
}

}  // namespace

Bytes build_frame(const FrameSpec &spec) {
    const bool v6 = spec.dst.family == 6;
    Bytes frame(spec.dst_mac.begin(), spec.dst_mac.end());
    frame.insert(frame.end(), spec.src_mac.begin(), spec.src_mac.end());
    put16(frame, spec.ethertype != 0 ? spec.ethertype : v6 ? kIpv6 : kIpv4);
    const Bytes payload = transport(spec);
    if (spec.ethertype == 0) {
        const Bytes header =
            v6 ? ipv6_header(spec, payload.size()) : ipv4_header(spec, payload.size());
        frame.insert(frame.end(), header.begin(), header.end());
    }
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

FrameSpec frame_between(const LabNetwork &network, Side from, unsigned link) {
    const LabPort &near = network.port(from, link), &far = network.port(other(from), link);
    FrameSpec spec;
    spec.dst_mac = far.mac;
    spec.src_mac = near.mac;
    spec.src = near.ipv4;
    spec.dst = far.ipv4;
    return spec;
}

Result<FrameSender> FrameSender::open(const LabNetwork &network, Side from, unsigned link) {
    Result<Fd> socket = packet_socket(network, from, link, 0);
    Result<Fd> barrier = packet_socket(network, other(from), link, kBarrier);
    if (!socket || !barrier)
        return socket ? barrier.error() : socket.error();
    FrameSpec spec = frame_between(network, from, link);
    spec.ethertype = kBarrier;
    spec.protocol = 0;
    FrameSender sender;
    sender.socket_ = std::move(*socket);
    sender.barrier_ = std::move(*barrier);
    sender.barrier_frame_ = build_frame(spec);
    return sender;
}

Status FrameSender::send_some(std::span<const uint8_t> frame, unsigned times) {
    iovec bytes{const_cast<uint8_t *>(frame.data()), frame.size()};
    std::array<mmsghdr, kBatch> messages{};
    for (mmsghdr &message : messages) {
        message.msg_hdr.msg_iov = &bytes;
        message.msg_hdr.msg_iovlen = 1;
    }
    while (times > 0) {
        const int sent = ::sendmmsg(socket_.get(), messages.data(), std::min(times, kBatch), 0);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return errno_error("cannot send " + std::to_string(times) + " more frames", errno);
        times -= static_cast<unsigned>(sent);
    }
    return success();
}

Status FrameSender::settle() {
    const uint64_t number = ++barrier_number_;
    std::memcpy(barrier_frame_.data() + kEthernetBytes, &number, sizeof number);
    if (Status sent = send_some(barrier_frame_, 1); !sent)
        return sent;
    for (;;) {
        pollfd ready{barrier_.get(), POLLIN, 0};
        const int count = ::poll(&ready, 1, kPatienceMs);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return Error{Errc::failed, "the frames sent did not reach the other side in time", {}};
        std::array<uint8_t, 2048> bytes;
        const ssize_t got = ::recv(barrier_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got == static_cast<ssize_t>(barrier_frame_.size()) &&
            std::memcmp(bytes.data(), barrier_frame_.data(), barrier_frame_.size()) == 0)
            return success();
    }
}

Status FrameSender::send(std::span<const uint8_t> frame, uint64_t times) {
    const CpuPin pin;
    while (times > 0) {
        const auto some = static_cast<unsigned>(std::min(times, kInFlight));
        if (Status sent = send_some(frame, some); !sent)
            return sent;
        if (Status settled = settle(); !settled)
            return settled;
        times -= some;
    }
    return success();
}

}  // namespace whydrop
