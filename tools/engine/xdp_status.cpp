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

Value netns_name(const NetnsEntry &netns) {
    return netns.name.empty() ? std::to_string(netns.inode) : netns.name;
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
        rows_.push_back({at.link.name, netns_name(at.netns), uint64_t{at.netns.inode},
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
                {at.link.name, netns_name(at.netns),
                 "warning: frames that " + at.link.name + " sends by XDP_TX or XDP_REDIRECT are " +
                     "lost: " + at.deaf_peer + ", its other end, has no XDP program. Load one " +
                     "there that passes everything, or switch its GRO on (ethtool -K " +
                     at.deaf_peer + " gro on)"});
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
    if (Section warnings = deaf_peers(attachments); !warnings.rows.empty())
        document.sections.push_back(std::move(warnings));
    for (const std::string &unseen : attachments.unseen)
        document.losses.push_back({"unseen", 1, "places", unseen});
    if (pins.cut)
        document.losses.push_back(
            {"pins", 1, "lists", "there are more files in bpffs than are looked at"});
    return document;
}

}  // namespace whydrop
