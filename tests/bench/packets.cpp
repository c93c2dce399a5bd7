// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <vector>

#include "generator.h"
#include "sys/handle.h"

namespace whydrop::bench {

namespace {

constexpr size_t batch = 64;

class Sender {
  public:
    explicit Sender(const Load &load) : load_(load), frames_(batch, make_frame()) {
        for (size_t i = 0; i < batch; i++) {
            parts_[i] = {frames_[i].data(), FRAME_BYTES};
            messages_[i].msg_hdr.msg_iov = &parts_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
        }
    }

    Status open() {
        socket_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        sockaddr_ll to{};
        to.sll_family = AF_PACKET;
        to.sll_protocol = htons(ETH_P_IP);
        to.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
        if (!socket_ || ::bind(socket_.get(), reinterpret_cast<sockaddr *>(&to), sizeof to) != 0)
            return errno_error("cannot open a packet socket on lo", errno);
        return success();
    }

    Status send(uint64_t frames) {
        const uint64_t start = clock_ns(CLOCK_MONOTONIC);
        for (uint64_t done = 0; done < frames;) {
            const size_t now = std::min<uint64_t>(batch, frames - done);
            for (size_t i = 0; i < now; i++)
                frame_set_flow(frames_[i].data(), (next_ + i) % load_.flows);
            const int sent = ::sendmmsg(socket_.get(), messages_, now, 0);
            if (sent < 0 && errno != ENOBUFS && errno != EINTR)
                return errno_error("cannot send on lo", errno);
            done += static_cast<uint64_t>(std::max(sent, 0));
            next_ = (next_ + static_cast<uint64_t>(std::max(sent, 0))) % load_.flows;
            if (load_.rate)
                wait_until(start + done * 1'000'000'000 / load_.rate);
        }
        return success();
    }

  private:
    static void wait_until(uint64_t due) {
        const timespec at{static_cast<time_t>(due / 1'000'000'000),
                          static_cast<long>(due % 1'000'000'000)};
        ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    }

    const Load &load_;
    std::vector<Frame> frames_;
    iovec parts_[batch] = {};
    mmsghdr messages_[batch] = {};
    Fd socket_;
    uint64_t next_ = 0;
};

}  // namespace

Result<Sent> send_packets(const Load &load, Watch &watch) {
    Sender sender(load);
    if (auto opened = sender.open(); !opened)
        return opened.error();
    if (auto warm = sender.send(load.warm_up); !warm)
        return warm.error();
    watch.begin();
    const uint64_t wall = clock_ns(CLOCK_MONOTONIC);
    if (auto sent = sender.send(load.frames); !sent)
        return sent.error();
    const uint64_t took = clock_ns(CLOCK_MONOTONIC) - wall;
    watch.end();
    return Sent{load.warm_up + load.frames, load.frames, took, took};
}

}  // namespace whydrop::bench
