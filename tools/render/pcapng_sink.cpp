// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/pcapng_sink.h"

#include <algorithm>
#include <utility>

#include "model/text.h"
#include "render/drop_text.h"
#include "render/recording.h"
#include "render/words.h"

namespace whydrop {

namespace {

// epb_flags: bits 0 and 1 the direction, bits 2 to 4 how it was addressed.
uint32_t flags_of(const PacketMeta &meta) {
    constexpr uint32_t in = 1, out = 2;
    constexpr uint32_t unicast = 1u << 2, multicast = 2u << 2, broadcast = 3u << 2,
                       others = 4u << 2;
    uint32_t flags = 0;
    if (meta.direction != Direction::unknown)
        flags = meta.direction == Direction::in ? in : out;
    switch (meta.type) {
        case PacketType::host:
            return meta.direction == Direction::in ? flags | unicast : flags;
        case PacketType::broadcast:
            return flags | broadcast;
        case PacketType::multicast:
            return flags | multicast;
        case PacketType::other_host:
            return flags | others;
        default:
            return flags;
    }
}

PcapngLink link_of(LinkType link) {
    if (link == LinkType::ethernet)
        return PcapngLink::ethernet;
    return link == LinkType::ip ? PcapngLink::raw_ip : PcapngLink::user0;
}

// A line for each thing that is known.
std::string comment_of(const DropRecord &drop) {
    std::string text;
    if (drop.reason)
        text += "reason: " + reason_text(*drop.reason) + "\n";
    if (drop.event == PacketEvent::drop)
        text += "location: " + to_text(drop.location) + "\n";
    if (!drop.cause_id.empty())
        text += "cause: " + drop.cause_id + ": " + without_controls(drop.cause) + "\n";
    if (drop.task.in_interrupt && !*drop.task.in_interrupt)
        text +=
            "process: " + escaped(drop.task.comm) + " (" + std::to_string(drop.task.pid) + ")\n";
    if (!drop.stack.empty())
        text += "stack:\n";
    for (const Symbol &frame : drop.stack)
        text += "  " + to_text(frame) + "\n";
    text.pop_back();
    return text;
}

unsigned digits_of(unsigned files) {
    unsigned digits = 0;
    for (unsigned last = files - 1; last; last /= 10)
        digits++;
    return digits;
}

}  // namespace

std::string capture_name(const CaptureOptions &options, unsigned index) {
    if (!options.rotate_bytes || (index == 0 && options.files <= 1))
        return options.path;
    if (!options.files)
        return options.path + std::to_string(index);
    std::string number = std::to_string(index % options.files);
    const size_t digits = digits_of(options.files);
    number.insert(0, digits - std::min(digits, number.size()), '0');
    return options.files == 1 ? options.path : options.path + number;
}

uint64_t PcapngSink::unix_ns(uint64_t time_ns) const {
    return session_.start_unix_ns + (time_ns - session_.start_ns);
}

Status PcapngSink::begin(const Session &session) {
    session_ = session;
    last_ns_ = session.start_ns;
    auto file = RecordFile::create(capture_name(options_, 0));
    if (!file)
        return file.error();
    auto begun = begin_file(std::move(*file));
    return begun ? file_->works() : begun;
}

Status PcapngSink::begin_file(RecordFile file) {
    file_.emplace(std::move(file));
    interfaces_.clear();
    auto written = file_->write(pcapng_section(session_));
    return written ? file_->flush() : written;  // who follows it knows that it has begun
}

Status PcapngSink::rotate() {
    if (auto finished = finish_file({}); !finished)
        return finished;
    auto file = RecordFile::create(capture_name(options_, ++index_));
    if (file)
        return begin_file(std::move(*file));
    file_->give_up(file.error().what);
    return success();
}

// Described once in each file, right before its first packet.
PcapngSink::Interface &PcapngSink::interface_of(const DropRecord &drop, std::string &block) {
    const Device device = drop.dev.value_or(Device{});
    const auto [at, is_new] =
        interfaces_.try_emplace(Key{drop.netns, device.ifindex, link_of(drop.packet.link)});
    Interface &interface = at->second;
    if (!is_new)
        return interface;
    interface.number = static_cast<uint32_t>(interfaces_.size() - 1);
    PcapngInterface description;
    description.link = at->first.link;
    description.name = drop.dev ? escaped(device_text(device, false)) : "none";
    if (drop.netns)
        description.description = "network namespace " + std::to_string(drop.netns);
    description.filter = options_.filter;
    block = pcapng_block(description);
    return interface;
}

Status PcapngSink::add(const DropRecord &drop) {
    if (options_.rotate_bytes && file_->problem().empty() && file_->bytes() > options_.rotate_bytes)
        if (auto rotated = rotate(); !rotated)
            return rotated;
    std::string record;  // one, so that what is lost is counted in packets
    Interface &interface = interface_of(drop, record);
    const auto bytes = bytes_on_wire(drop.packet);
    const auto added = static_cast<uint32_t>(bytes.size() - drop.packet.bytes.size());
    record += pcapng_block(PcapngPacket{
        .interface = interface.number,
        .unix_ns = unix_ns(drop.time_ns),
        .bytes = bytes,
        .wire_bytes = drop.packet.wire_bytes + added,
        .flags = flags_of(drop.packet.meta),
        .comment = comment_of(drop),
    });
    interface.packets++;
    packets_++;
    last_ns_ = std::max(last_ns_, drop.time_ns);
    return file_->write(record);
}

Status PcapngSink::finish_file(const std::string &comment) {
    std::string words = comment;
    for (const auto &[key, interface] : interfaces_) {
        PcapngStatistics block;
        block.interface = interface.number;
        block.start_unix_ns = session_.start_unix_ns;
        block.end_unix_ns = unix_ns(last_ns_);
        block.packets = interface.packets;
        block.comment = std::exchange(words, {});
        if (auto written = file_->write(pcapng_block(block)); !written)
            return written;
    }
    return file_->flush();
}

Losses PcapngSink::losses() const {
    return file_ ? lost_in(*file_, "capture", "packets") : Losses{};
}

Status PcapngSink::end(const Report &report, const Losses &losses) {
    if (file_->problem().empty())
        return finish_file(total_line(report) + ", " + std::to_string(packets_) +
                           " packets captured\n" + losses_text(losses));
    return success();
}

}  // namespace whydrop
