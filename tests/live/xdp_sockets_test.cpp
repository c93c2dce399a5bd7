// SPDX-License-Identifier: GPL-2.0-or-later
// What whydrop says of an AF_XDP socket that is really there, and of the frames it really lost.
#include <gtest/gtest.h>
#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xdp_lab.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;

constexpr uint32_t frames_sent = 13;

// A socket with memory for 64 frames, whose rings have `ring` entries, and which gives the kernel
// `buffers` of them. It takes nothing.
class IdleXdpSocket {
  public:
    static constexpr uint32_t frame_bytes = 2048, frames = 64;

    IdleXdpSocket(uint32_t ifindex, uint32_t ring, uint32_t buffers)
        : socket_(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)),
          memory_(
              ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        xdp_umem_reg memory = {};
        memory.addr = reinterpret_cast<uint64_t>(memory_);
        memory.len = bytes;
        memory.chunk_size = frame_bytes;
        EXPECT_EQ(set(XDP_UMEM_REG, memory), 0);
        const uint32_t all = frames;
        EXPECT_EQ(set(XDP_UMEM_FILL_RING, all), 0);
        EXPECT_EQ(set(XDP_UMEM_COMPLETION_RING, all), 0);
        EXPECT_EQ(set(XDP_RX_RING, ring), 0);
        give(buffers);
        sockaddr_xdp at = {};
        at.sxdp_family = AF_XDP;
        at.sxdp_ifindex = ifindex;
        at.sxdp_flags = XDP_COPY;
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr *>(&at), sizeof at), 0);
    }
    IdleXdpSocket(const IdleXdpSocket &) = delete;
    IdleXdpSocket &operator=(const IdleXdpSocket &) = delete;
    ~IdleXdpSocket() {
        socket_ = Fd();
        ::munmap(memory_, bytes);
    }

    [[nodiscard]] uint32_t fd() const { return static_cast<uint32_t>(socket_.get()); }

  private:
    static constexpr size_t bytes = size_t{frame_bytes} * frames;

    template <typename T>
    int set(int option, const T &value) const {
        return ::setsockopt(socket_.get(), SOL_XDP, option, &value, sizeof value);
    }

    void give(uint32_t buffers) const {
        xdp_mmap_offsets at = {};
        socklen_t size = sizeof at;
        ASSERT_EQ(::getsockopt(socket_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &at, &size), 0);
        const size_t length = at.fr.desc + frames * sizeof(uint64_t);
        void *ring = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, socket_.get(),
                            static_cast<off_t>(XDP_UMEM_PGOFF_FILL_RING));
        ASSERT_NE(ring, MAP_FAILED);
        auto *begin = static_cast<std::byte *>(ring);
        for (uint32_t i = 0; i < buffers; i++)
            reinterpret_cast<uint64_t *>(begin + at.fr.desc)[i] = uint64_t{i} * frame_bytes;
        *reinterpret_cast<uint32_t *>(begin + at.fr.producer) = buffers;
        ::munmap(ring, length);
    }

    Fd socket_;
    void *memory_;
};

struct Row {
    const char *sentence, *name;
    uint32_t ring, buffers;
    uint64_t dropped, ring_full, fill_ring_empty;
};

void PrintTo(const Row &row, std::ostream *out) {
    *out << row.sentence;
}

// Each in a network of its own: a queue is free again some time after its socket has gone.
class XdpSockets : public XdpLab, public testing::WithParamInterface<Row> {
  protected:
    [[nodiscard]] uint32_t ifindex() const { return network_->port(Side::rx).ifindex; }
    [[nodiscard]] std::vector<Json> status() const {
        const Finished done =
            run_process({WHYDROP_BINARY, "xdp", "status", "-f", "json", "-n", netns()});
        EXPECT_EQ(done.status, 0) << done.err;
        return json_lines(done.out);
    }
};

const Json *line_of(const std::vector<Json> &lines, const std::string &type) {
    for (const Json &line : lines)
        if (line["type"] == type)
            return &line;
    return nullptr;
}

TEST_P(XdpSockets, AreListedWithWhatTheyLost) {
    const Row &row = GetParam();
    const auto inside = network_->enter(Side::rx);
    ASSERT_TRUE(inside.ok());
    const IdleXdpSocket socket(ifindex(), row.ring, row.buffers);
    auto subject = XdpSubject::attach("sockets", "to_socket", network_->netns(Side::rx), ifindex());
    ASSERT_TRUE(subject.ok()) << subject.error().what;
    ASSERT_TRUE(subject->set("sockets", 0, socket.fd()).ok());
    send(dropped_port, frames_sent);
    const auto lines = status();
    const Json *found = line_of(lines, "xdp_socket");
    if (!found) {
        // A kernel that cannot describe it counts it.
        const std::string losses = lines.back().dump();
        ASSERT_NE(losses.find("1 AF_XDP socket is there"), std::string::npos) << losses;
        GTEST_SKIP() << "this kernel has no CONFIG_XDP_SOCKETS_DIAG";
    }
    EXPECT_EQ((*found)["dev"], network_->port(Side::rx).name);
    EXPECT_EQ((*found)["queue"], 0);
    EXPECT_EQ((*found)["zero_copy"], false);
    EXPECT_EQ((*found)["rx_ring_entries"], row.ring);
    EXPECT_EQ((*found)["processes"][0], "xdp_sockets_tes " + std::to_string(::getpid()));
    EXPECT_EQ((*found)["rx_dropped_frames"], row.dropped);
    EXPECT_EQ((*found)["rx_ring_full_frames"], row.ring_full);
    EXPECT_EQ((*found)["fill_ring_empty"], row.fill_ring_empty);
    EXPECT_EQ(line_of(lines, "xdp_socket_warning") != nullptr,
              row.ring_full + row.fill_ring_empty > 0);
}

INSTANTIATE_TEST_SUITE_P(
    Live, XdpSockets,
    testing::Values(Row{"there is room for all", "Roomy", 32, 32, 0, 0, 0},
                    Row{"four fit into its ring", "Full", 4, 32, 0, frames_sent - 4, 0},
                    Row{"it never gave a buffer", "NoBuffers", 32, 0, frames_sent, 0, frames_sent}),
    [](const auto &row) { return std::string(row.param.name); });

}  // namespace
}  // namespace whydrop::live
