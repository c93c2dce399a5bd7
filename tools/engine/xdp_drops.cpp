// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_drops.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "engine/xdp_error_words.h"
#include "model/text.h"
#include "render/document.h"
#include "render/drop_text.h"
#include "render/words.h"

namespace whydrop {

namespace {

constexpr size_t below_title = kTextColumns - 2;  // of a block, whose lines are indented

double rate_of(uint64_t packets, double seconds) {
    return seconds > 0 ? static_cast<double>(packets) / seconds : 0;
}

std::string upper(std::string text) {
    for (char &c : text)
        c = static_cast<char>(std::toupper(c));
    return text;
}

// "DROP", "answer 4242"
std::string answer_words(const XdpChange &change) {
    const XdpAnswer answer = answer_of(change);
    return answer == XdpAnswer::invalid ? "answer " + std::to_string(change.answer)
                                        : upper(name_of(answer));
}

std::string signed_words(int32_t bytes) {
    return (bytes > 0 ? "+" : "") + std::to_string(bytes);
}

// "head +20", "end -4", both, or nothing.
std::string moved_words(const XdpChange &change) {
    std::string text;
    if (change.head)
        text = "head " + signed_words(change.head);
    if (change.tail)
        text += (text.empty() ? "" : ", ") + ("end " + signed_words(change.tail));
    return text;
}

Section total_section(const XdpDropReport &report) {
    const auto [packets, bytes] = all_of(report.totals);
    const double rate = rate_of(packets, report.seconds);
    Section section;
    section.type = "xdp_drop_total";
    section.shape = SectionShape::lines;
    section.columns = {
        {"packets", ""}, {"bytes", ""}, {"seconds", ""}, {"packets_per_second", ""}, {"text", ""}};
    section.rows = {{packets, bytes, report.seconds, rate,
                     std::to_string(packets) + (packets == 1 ? " packet, " : " packets, ") +
                         std::to_string(bytes) + " bytes in " +
                         value_text(report.seconds, ValueForm::plain) + " s (" +
                         value_text(rate, ValueForm::plain) + "/s)"}};
    return section;
}

Section table_of(const XdpDropReport &report, XdpNames &names) {
    Section section;
    section.type = "xdp_drop";
    section.if_empty = "no program gave such an answer";
    section.columns = {{"packets", "PACKETS"},
                       {"bytes", "BYTES"},
                       {"packets_per_second", "PER S"},
                       {"answer_title", "ANSWER"},
                       {"action", ""},
                       {"answer", ""},
                       {"moved", "MOVED"},
                       {"head_bytes", ""},
                       {"end_bytes", ""},
                       {"program_title", "PROGRAM"},
                       {"program", ""},
                       {"program_id", ""},
                       {"dev", "DEV"},
                       {"netns", "NETNS"},
                       {"netns_inode", ""}};
    for (const auto &[change, count] : report.totals.counts) {
        const auto before = report.before.find(change);
        const uint64_t since = count.packets - (before == report.before.end() ? 0 : before->second);
        const std::string moved = moved_words(change), name = names.program(change.program);
        section.rows.push_back(
            {count.packets, count.bytes, rate_of(since, report.period_seconds),
             answer_words(change), std::string(name_of(answer_of(change))), int64_t{change.answer},
             moved.empty() ? Value() : Value(moved), int64_t{change.head}, int64_t{change.tail},
             program_words(names, change.program), name.empty() ? Value() : Value(name),
             uint64_t{change.program}, device_words(names, change.netns, change.ifindex),
             netns_words(names, change.netns), uint64_t{change.netns}});
    }
    return section;
}

Section observations_of(const XdpDropReport &report, XdpNames &names) {
    Section section;
    section.type = "xdp_observation";
    section.shape = SectionShape::blocks;
    section.columns = {{"program_id", "", ValueForm::json},
                       {"observation", "", ValueForm::json},
                       {"title", ""},
                       {"text", ""}};
    for (const auto &[change, count] : report.totals.counts) {
        const std::string said = observation_of(change, report.seen.of(change));
        if (!said.empty())
            section.rows.push_back(
                {uint64_t{change.program}, said,
                 program_words(names, change.program) + " answers " + answer_words(change),
                 wrapped_lines(said, below_title)});
    }
    return section;
}

// 12:34:56.123456
std::string clock_text(uint64_t unix_ns) {
    constexpr uint64_t second = 1'000'000'000, microsecond = 1000;
    const auto time = static_cast<std::time_t>(unix_ns / second);
    std::tm local{};
    char text[32] = "", fraction[16] = "";
    if (!::localtime_r(&time, &local) || !std::strftime(text, sizeof text, "%T", &local))
        return std::to_string(unix_ns);
    std::snprintf(fraction, sizeof fraction, ".%06u",
                  static_cast<unsigned>(unix_ns % second / microsecond));
    return std::string(text) + fraction;
}

std::string packet_line(const XdpPacket &packet, uint64_t unix_ns, XdpNames &names) {
    const XdpChange &change = packet.change;
    std::string line = clock_text(unix_ns) + "  " + answer_words(change) + "  " +
                       program_words(names, change.program) + "  " +
                       device_words(names, change.netns, change.ifindex) + "  " +
                       std::to_string(packet.entry_bytes) + " bytes";
    if (const std::string moved = moved_words(change); !moved.empty())
        line += ", then " + std::to_string(packet.exit_bytes) + " (" + moved + ")";
    Packet shown = packet.packet;
    if (packet.flow)  // then it is not the MAC addresses that tell it from others
        shown.levels.front().ethernet.reset();
    return line + "  " + to_text(shown);
}

std::string hex_of(const std::vector<uint8_t> &bytes) {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

}  // namespace

void XdpFirstPackets::add(const XdpPacket &packet) {
    constexpr size_t most = 3;
    auto &seen = packets_[packet.change];
    if (seen.size() < most)
        seen.push_back(packet);
}

std::vector<XdpPacket> XdpFirstPackets::of(const XdpChange &change) const {
    const auto seen = packets_.find(change);
    return seen == packets_.end() ? std::vector<XdpPacket>() : seen->second;
}

std::vector<XdpPacket> XdpFirstPackets::all() const {
    std::vector<XdpPacket> packets;
    for (const auto &[change, seen] : packets_)
        packets.insert(packets.end(), seen.begin(), seen.end());
    return packets;
}

Section first_packets_section(const XdpFirstPackets &packets, const Session &session,
                              XdpNames &names) {
    Section section = packet_section(packets.all(), session, names);
    section.title = "the first packets of each";
    return section;
}

std::vector<Section> drop_sections(const XdpDropReport &report, XdpNames &names) {
    std::vector<Section> sections = {total_section(report), table_of(report, names)};
    if (Section said = observations_of(report, names); !said.rows.empty())
        sections.push_back(std::move(said));
    return sections;
}

Section packet_section(const std::vector<XdpPacket> &packets, const Session &session,
                       XdpNames &names) {
    Section section;
    section.type = "xdp_packet";
    section.shape = SectionShape::lines;
    section.columns = {{"time_ns", ""},     {"cpu", ""},        {"queue", ""},
                       {"action", ""},      {"answer", ""},     {"program", ""},
                       {"program_id", ""},  {"dev", ""},        {"netns_inode", ""},
                       {"entry_bytes", ""}, {"exit_bytes", ""}, {"head_bytes", ""},
                       {"end_bytes", ""},   {"packet", ""},     {"flow", ""},
                       {"bytes_hex", ""},   {"text", ""}};
    for (const XdpPacket &packet : packets) {
        const XdpChange &change = packet.change;
        const std::string name = names.program(change.program);
        section.rows.push_back(
            {packet.time_ns, uint64_t{packet.cpu}, uint64_t{packet.queue},
             std::string(name_of(answer_of(change))), int64_t{change.answer},
             name.empty() ? Value() : Value(name), uint64_t{change.program}, packet.ifname,
             uint64_t{change.netns}, uint64_t{packet.entry_bytes}, uint64_t{packet.exit_bytes},
             int64_t{change.head}, int64_t{change.tail}, to_text(packet.packet),
             packet.flow ? Value(to_text(*packet.flow)) : Value(), hex_of(packet.packet.bytes),
             packet_line(packet, session.start_unix_ns + (packet.time_ns - session.start_ns),
                         names)});
    }
    return section;
}

std::string observation_of(const XdpChange &change, const std::vector<XdpPacket> &seen) {
    if (!change.head && !change.tail)
        return {};
    std::string text;
    const auto bytes = [](int32_t count) {
        return std::to_string(std::abs(count)) + (std::abs(count) == 1 ? " byte" : " bytes");
    };
    if (change.head > 0)
        text = "bpf_xdp_adjust_head() with a positive delta cut " + bytes(change.head) +
               " off the front";
    else if (change.head < 0)
        text = "bpf_xdp_adjust_head() with a negative delta made room for " + bytes(change.head) +
               " at the front";
    if (change.tail)
        text += (text.empty() ? "" : ", and ") +
                ("bpf_xdp_adjust_tail() " + std::string(change.tail < 0 ? "cut " : "added ") +
                 bytes(change.tail) + (change.tail < 0 ? " off the end" : " at the end"));
    if (!seen.empty())
        text += ": a packet of " + bytes(static_cast<int32_t>(seen.front().entry_bytes)) +
                " at entry had " + bytes(static_cast<int32_t>(seen.front().exit_bytes)) +
                " at exit";
    text += ". Then the program answered " + answer_words(change);
    const XdpAnswer answer = answer_of(change);
    if (change.head > 0 && (answer == XdpAnswer::drop || answer == XdpAnswer::aborted))
        text +=
            ". A program that wants room for a header has to give a negative delta: with this "
            "one a check of what should be there against data_end fails";
    return text;
}

Losses drop_losses(const XdpPacketTotals &totals, bool each) {
    Losses losses;
    const auto add = [&](const char *kind, uint64_t count, const char *why, bool counted) {
        if (count)
            losses.push_back(
                {kind, count, counted ? "packets not shown" : "packets", why, counted});
    };
    add("ring_full", totals.ring_full,
        each
            ? "came faster than they were read; they are counted: a larger --ring-size, or a filter"
            : "came faster than they were read; they are counted",
        true);
    add("no_room", totals.no_room, "were changed in more ways than there is room for", false);
    add("undecided", totals.undecided,
        "the packet filter asks for bytes that are not in the packet's first piece, or too far "
        "behind",
        false);
    if (totals.passed_over)
        losses.push_back({"recursion", totals.passed_over, "events",
                          "the kernel did not run the probe because it was already running on that "
                          "CPU"});
    return losses;
}

DropRecord drop_record_of(const XdpPacket &packet, XdpNames &names) {
    const XdpChange &change = packet.change;
    DropRecord record;
    record.time_ns = packet.time_ns;
    record.cpu = packet.cpu;
    record.reason =
        Reason{static_cast<uint32_t>(change.answer),
               answer_of(change) == XdpAnswer::invalid ? "XDP_" + std::to_string(change.answer)
                                                       : "XDP_" + upper(name_of(answer_of(change))),
               "core"};
    record.location.name = names.program(change.program);
    record.location.module = "bpf program " + std::to_string(change.program);
    record.dev = Device{packet.ifname, change.ifindex, change.netns};
    record.netns = change.netns;
    record.packet = packet.packet;
    if (const std::string said = observation_of(change, {packet}); !said.empty()) {
        record.cause_id = "xdp";
        record.cause = said;
    }
    return record;
}

}  // namespace whydrop
