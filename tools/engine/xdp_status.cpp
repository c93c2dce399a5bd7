// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_status.h"

#include <ctime>

namespace whydrop {

namespace {

using Row = std::vector<Value>;

// BPF tells when a program was loaded since the boot, suspended time included; tables show dates.
Value wall_seconds(uint64_t since_boot_ns) {
    timespec wall = {}, boot = {};
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    constexpr int64_t second_ns = 1'000'000'000;
    const int64_t booted_ns = (wall.tv_sec - boot.tv_sec) * second_ns + wall.tv_nsec - boot.tv_nsec;
    return static_cast<uint64_t>((booted_ns + static_cast<int64_t>(since_boot_ns)) / second_ns);
}

std::string full_name(const BpfProgramInfo &program) {
    return program.function.empty() ? program.name : program.function;
}

class Rows {
  public:
    explicit Rows(const BpfPins &pins) : pins_(pins) {}

    void add(const XdpAttachment &at, const BpfProgramInfo &program, const std::string &part) {
        std::vector<std::string> maps;
        for (const uint32_t id : program.maps)
            maps.push_back(map_name(id));
        const auto pinned = pins_.programs.find(program.id);
        const bool is_member = !part.empty();
        rows_.push_back({at.link.name, name_of(at.netns), uint64_t{at.netns.inode},
                         name_of(at.mode), uint64_t{program.id},
                         (is_member ? part + " " : "") + full_name(program), full_name(program),
                         is_member ? Value(part) : Value(),
                         is_member ? Value(uint64_t{at.program.id}) : Value(), program.tag,
                         wall_seconds(program.loaded_ns), program.btf != 0,
                         maps.empty() ? Value() : Value(maps),
                         pinned == pins_.programs.end() ? Value() : Value(pinned->second)});
    }

    [[nodiscard]] Section section() const {
        Section section;
        section.type = "xdp_program";
        section.columns = {{"dev", "DEV"},
                           {"netns", "NETNS"},
                           {"netns_inode", ""},
                           {"mode", "MODE"},
                           {"id", "ID"},
                           {"title", "PROGRAM"},
                           {"program", ""},
                           {"part", ""},
                           {"dispatcher_id", ""},
                           {"tag", "TAG"},
                           {"loaded_s", "LOADED", ValueForm::time},
                           {"btf", ""},
                           {"maps", "MAPS"},
                           {"pinned", "PINNED"}};
        section.rows = rows_;
        section.if_empty = "no device has an XDP program";
        return section;
    }

  private:
    // A map's name beside its id: names are not unique, and 15 characters long.
    std::string map_name(uint32_t id) {
        const auto known = map_names_.find(id);
        if (known != map_names_.end())
            return known->second;
        const auto map = open_map(id);
        const auto info = map ? map_info(*map) : Result<BpfMapInfo>(map.error());
        return map_names_[id] = info ? info->name + " " + std::to_string(id) : std::to_string(id);
    }

    const BpfPins &pins_;
    std::vector<Row> rows_;
    std::map<uint32_t, std::string> map_names_;
};

Section deaf_peers(const XdpAttachments &attachments) {
    Section section;
    section.type = "xdp_warning";
    section.shape = SectionShape::lines;
    section.columns = {{"dev", ""}, {"netns", ""}, {"warning", ""}};
    for (const XdpAttachment &at : attachments.all)
        if (!at.deaf_peer.empty())
            section.rows.push_back(
                {at.link.name, name_of(at.netns),
                 "warning: frames that " + at.link.name + " sends by XDP_TX or XDP_REDIRECT are " +
                     "lost: " + at.deaf_peer + ", its other end, has no XDP program. Load one " +
                     "there that passes everything, or switch its GRO on (ethtool -K " +
                     at.deaf_peer + " gro on)"});
    return section;
}

Value counter(const XdpSocketUse &use, uint64_t XdpSocketCounters::*which) {
    const auto &counters = use.socket.counters;
    return counters ? Value(*counters.*which) : Value();
}

template <typename T>
Value or_nothing(const std::optional<T> &known) {
    return known ? Value(uint64_t{*known}) : Value();
}

Section sockets_of(const XdpAttachments &attachments) {
    Section section;
    section.type = "xdp_socket";
    section.title = "AF_XDP SOCKETS";
    section.columns = {{"dev", "DEV"},
                       {"netns", "NETNS"},
                       {"netns_inode", ""},
                       {"queue", "QUEUE"},
                       {"processes", "PROCESS"},
                       {"uid", ""},
                       {"zero_copy", "ZEROCOPY"},
                       {"rx_ring_entries", "RX RING"},
                       {"tx_ring_entries", "TX RING"},
                       {"rx_dropped_frames", "RX DROPPED"},
                       {"rx_ring_full_frames", "RING FULL"},
                       {"fill_ring_empty", "FILL EMPTY"},
                       {"rx_invalid", ""},
                       {"tx_invalid", ""},
                       {"tx_ring_empty", ""}};
    for (const XdpSocketUse &use : attachments.sockets) {
        std::vector<std::string> processes;
        for (const SocketOwner &owner : use.owners)
            processes.push_back(owner.comm + " " + std::to_string(owner.pid));
        const XdpSocket &socket = use.socket;
        section.rows.push_back(
            {use.dev.empty() ? Value() : Value(use.dev), name_of(use.netns),
             uint64_t{use.netns.inode}, uint64_t{socket.queue},
             processes.empty() ? Value() : Value(processes), or_nothing(socket.uid),
             socket.zero_copy ? Value(*socket.zero_copy) : Value(), or_nothing(socket.rx_ring),
             or_nothing(socket.tx_ring), counter(use, &XdpSocketCounters::rx_dropped),
             counter(use, &XdpSocketCounters::rx_ring_full),
             counter(use, &XdpSocketCounters::fill_ring_empty),
             counter(use, &XdpSocketCounters::rx_invalid),
             counter(use, &XdpSocketCounters::tx_invalid),
             counter(use, &XdpSocketCounters::tx_ring_empty)});
    }
    return section;
}

// What a socket lost, and whose fault it is.
Section socket_losses(const XdpAttachments &attachments) {
    struct Cause {
        uint64_t XdpSocketCounters::*counter;
        const char *why;
    };
    constexpr Cause causes[] = {
        {&XdpSocketCounters::rx_ring_full,
         " frames found the receive ring full: the program takes them too slowly, or its ring is "
         "too small"},
        {&XdpSocketCounters::fill_ring_empty,
         " times the fill ring was empty: the program gives buffers back too slowly, or never gave "
         "any"},
        {&XdpSocketCounters::rx_invalid,
         " buffers in the fill ring lie outside the memory that was registered"},
        {&XdpSocketCounters::tx_invalid,
         " frames to send lie outside the memory that was registered"}};
    Section section;
    section.type = "xdp_socket_warning";
    section.shape = SectionShape::lines;
    section.columns = {{"dev", ""}, {"netns", ""}, {"queue", ""}, {"warning", ""}};
    for (const XdpSocketUse &use : attachments.sockets)
        for (const Cause &cause : causes) {
            const auto &counters = use.socket.counters;
            if (!counters || *counters.*cause.counter == 0)
                continue;
            const std::string where = use.dev + " queue " + std::to_string(use.socket.queue);
            section.rows.push_back({use.dev, name_of(use.netns), uint64_t{use.socket.queue},
                                    "warning: " + where + ": " +
                                        std::to_string(*counters.*cause.counter) + cause.why});
        }
    return section;
}

}  // namespace

Document xdp_status(const XdpAttachments &attachments, const BpfPins &pins) {
    Rows rows(pins);
    for (const XdpAttachment &at : attachments.all) {
        rows.add(at, at.program, "");
        for (const XdpMember &member : at.members)
            rows.add(at, member.program, member.part);
    }
    Document document;
    document.sections = {rows.section()};
    for (Section more :
         {deaf_peers(attachments), sockets_of(attachments), socket_losses(attachments)})
        if (!more.rows.empty())
            document.sections.push_back(std::move(more));
    for (const std::string &unseen : attachments.unseen)
        document.losses.push_back({"unseen", 1, "places", unseen});
    if (pins.cut)
        document.losses.push_back(
            {"pins", 1, "lists", "there are more files in bpffs than are looked at"});
    return document;
}

}  // namespace whydrop
