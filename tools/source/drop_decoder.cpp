// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/drop_decoder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "decode/packet.h"
#include "model/text.h"

namespace whydrop {

namespace {

// A name that the kernel wrote: up to 15 bytes and a zero, or without one when it was torn.
std::string name_of(const char (&name)[WIRE_NAME_BYTES]) {
    return {name, strnlen(name, sizeof name)};
}

IpAddress address(uint8_t family, const __u32 *words) {
    IpAddress address;
    address.family = family;
    std::memcpy(address.bytes.data(), words, family == 4 ? 4 : 16);
    return address;
}

std::optional<Device> device(uint32_t netns, uint32_t ifindex,
                             const char (&name)[WIRE_NAME_BYTES]) {
    if (!ifindex)
        return {};
    return Device{name_of(name), ifindex, netns};
}

struct Addresses {
    uint8_t family = 0;
    const __u32 *src = nullptr, *dst = nullptr;
    uint16_t sport = 0, dport = 0;
    uint8_t protocol = 0;
};

Addresses addresses_of(const DropKey &key) {
    if (key.kind == WIRE_KEY_FLOW4) {
        const auto &flow = key.key.flow4;
        return {4, &flow.saddr, &flow.daddr, flow.sport, flow.dport, flow.l4proto};
    }
    const auto &full = key.key.full;
    return {full.family, full.saddr, full.daddr, full.sport, full.dport, full.l4proto};
}

void set_addresses(DropGroup &group, const DropKey &key) {
    const Addresses from = addresses_of(key);
    if (key.kind == WIRE_KEY_SMALL || !from.family)
        return;
    if (has(group.keys, GroupKey::flow))
        group.flow = Flow{address(from.family, from.src), address(from.family, from.dst),
                          from.sport, from.dport, from.protocol};
    if (has(group.keys, GroupKey::src))
        group.src = address(from.family, from.src);
    if (has(group.keys, GroupKey::dst))
        group.dst = address(from.family, from.dst);
}

uint8_t pkt_type_of(const DropKey &key) {
    if (key.kind == WIRE_KEY_SMALL)
        return key.key.small.pkt_type;
    return key.kind == WIRE_KEY_FLOW4 ? key.key.flow4.pkt_type : key.key.full.pkt_type;
}

void set_proto(DropGroup &group, const DropKey &key) {
    if (!has(group.keys, GroupKey::proto))
        return;
    uint16_t ethertype = 0x0800;  // what the keys for IPv4 flows count
    uint8_t l4proto = key.key.flow4.l4proto;
    bool has_l4 = true;
    if (key.kind == WIRE_KEY_SMALL) {
        ethertype = key.key.small.ethertype;
        l4proto = key.key.small.l4proto;
        has_l4 = key.key.small.has_l4 != 0;
    } else if (key.kind == WIRE_KEY_FULL) {
        ethertype = key.key.full.ethertype;
        l4proto = key.key.full.l4proto;
        has_l4 = key.key.full.has_l4 != 0;
    }
    group.proto = ethertype_name(ethertype);
    if (has_l4)
        group.l4proto = ip_protocol_name(l4proto);
}

}  // namespace

Packet decode_wire_packet(const wire_event &drop, std::vector<uint8_t> bytes) {
    Packet packet;
    packet.bytes = std::move(bytes);
    packet.wire_bytes = std::max<uint32_t>(drop.wire_bytes, packet.bytes.size());
    if (drop.flags & WIRE_EVENT_MAC)
        packet.link = LinkType::ethernet;
    else if (drop.flags & WIRE_EVENT_L3)
        packet.link = LinkType::ip;
    if (drop.flags & (WIRE_EVENT_RECEIVED | WIRE_EVENT_SENT))
        packet.meta.direction = drop.flags & WIRE_EVENT_SENT ? Direction::out : Direction::in;
    packet.meta.length_bytes = drop.len;
    packet.meta.mark = drop.mark;
    packet.meta.hash = drop.hash;
    packet.meta.type = static_cast<PacketType>(drop.pkt_type & 7);
    packet.meta.checksum = static_cast<ChecksumState>(drop.ip_summed & 3);
    packet.meta.gso_segs = drop.gso_segs;
    packet.meta.gso_size = drop.gso_size;
    packet.meta.protocol = drop.protocol;
    if (drop.flags & WIRE_EVENT_VLAN) {
        Vlan vlan;
        vlan.tpid = drop.vlan_proto;
        vlan.id = drop.vlan_tci & 0xfff;
        vlan.priority = static_cast<uint8_t>(drop.vlan_tci >> 13);
        vlan.drop_eligible = (drop.vlan_tci & 0x1000) != 0;
        vlan.in_metadata = true;
        packet.meta.vlan = vlan;
    }
    decode_packet(packet);
    return packet;
}

DropDecoder::DropDecoder(PacketEvent event, KernelBtf &btf, Symbolizer &symbols,
                         std::function<std::vector<uint64_t>(int32_t)> stack)
    : event_(event),
      btf_(btf),
      symbols_(symbols),
      stack_of_id_(std::move(stack)),
      has_reasons_(event == PacketEvent::drop && btf.has_reasons()) {}

std::optional<Reason> DropDecoder::reason(uint32_t code) {
    if (!has_reasons_)
        return {};
    return btf_.reason(code);
}

namespace {

// Our own program and what runs it.
bool is_of_the_probe(const Symbol &symbol) {
    return symbol.name.starts_with("bpf_prog_") || symbol.name.starts_with("bpf_trace_run");
}

}  // namespace

// The unwinder begins inside the tracepoint; the reader wants to begin at who dropped the packet,
// or who received it.
Stack DropDecoder::stack(std::span<const uint64_t> frames, uint64_t location) {
    const auto at = std::find(frames.begin(), frames.end(), location);
    if (at != frames.end())
        frames = frames.subspan(static_cast<size_t>(at - frames.begin()));
    symbols_.resolve_all(frames);
    Stack stack;
    for (const uint64_t frame : frames) {
        Symbol symbol = symbols_.resolve(frame);
        if (!stack.empty() || location || !is_of_the_probe(symbol))
            stack.push_back(std::move(symbol));
    }
    return stack;
}

DropRecord DropDecoder::record(const RawSample &sample) {
    const wire_event &drop = sample.event;
    DropRecord record;
    record.event = event_;
    record.time_ns = drop.time_ns;
    record.cpu = drop.cpu;
    record.reason = reason(drop.reason);
    if (drop.location)
        record.location = symbols_.resolve(drop.location);
    record.dev = device(drop.netns, drop.ifindex, drop.ifname);
    record.netns = drop.netns;
    record.task.pid = drop.tgid;
    record.task.comm = name_of(drop.comm);
    record.task.in_interrupt = (drop.flags & WIRE_EVENT_INTERRUPT) != 0;
    record.packet = decode_wire_packet(drop, sample.packet);
    if (!sample.stack.empty())
        record.stack = stack(sample.stack, drop.location);
    return record;
}

DropGroup DropDecoder::group(const DropKey &key, const DropEntry &entry, GroupKeys keys) {
    // The three kinds of key begin alike: location, reason, netns; then all but FLOW4 the ifindex.
    const wire_key_small &common = key.key.small;
    DropGroup group;
    group.event = event_;
    group.keys = keys;
    group.count = entry.count;
    if (has(keys, GroupKey::reason))
        group.reason = reason(common.reason & WIRE_REASON_MASK);
    if (has(keys, GroupKey::location))
        group.location = symbols_.resolve(common.location);
    if (has(keys, GroupKey::dev))
        group.dev = device(common.netns, common.ifindex, entry.ifname);
    if (has(keys, GroupKey::netns) || (has(keys, GroupKey::dev) && !group.dev))
        if (common.netns)
            group.netns = common.netns;
    set_proto(group, key);
    set_addresses(group, key);
    if (has(keys, GroupKey::pkt_type))
        group.pkt_type = static_cast<PacketType>(pkt_type_of(key));
    if (key.kind == WIRE_KEY_FULL && has(keys, GroupKey::comm)) {
        const std::string comm = name_of(key.key.full.comm);
        group.comm = comm.empty() ? "(softirq)" : comm;
    }
    if (key.kind == WIRE_KEY_FULL && has(keys, GroupKey::stack))
        group.stack = stack(stack_of_id_(key.key.full.stack_id), common.location);
    return group;
}

namespace {

void set_proto(wire_key &key, uint32_t kind, const Packet &packet,
               const std::optional<Flow> &flow) {
    const uint16_t ethertype = outermost_ethertype(packet);
    const uint8_t l4proto = flow ? flow->protocol : 0;
    if (kind == WIRE_KEY_SMALL) {
        key.small.ethertype = ethertype;
        key.small.l4proto = l4proto;
        key.small.has_l4 = flow.has_value();
    } else {
        key.full.ethertype = ethertype;
        key.full.l4proto = l4proto;
        key.full.has_l4 = flow.has_value();
    }
}

void set_flow(wire_key_full &key, const Flow &flow, GroupKeys keys) {
    const bool whole = has(keys, GroupKey::flow);
    key.family = flow.src.family;
    if (whole || has(keys, GroupKey::src))
        std::memcpy(key.saddr, flow.src.bytes.data(), sizeof key.saddr);
    if (whole || has(keys, GroupKey::dst))
        std::memcpy(key.daddr, flow.dst.bytes.data(), sizeof key.daddr);
    if (whole) {
        key.sport = flow.sport;
        key.dport = flow.dport;
        key.l4proto = flow.protocol;
        key.has_l4 = 1;
    }
}

}  // namespace

DropKey DropDecoder::key_of(const wire_each &each, const RawSample *sample, GroupKeys keys) {
    const wire_event &drop = each.event;
    DropKey key;
    key.kind = layout_for(keys) == WIRE_KEY_SMALL ? WIRE_KEY_SMALL : WIRE_KEY_FULL;
    wire_key_full &full = key.key.full;
    if (has(keys, GroupKey::location))
        full.location = drop.location;
    if (has(keys, GroupKey::reason))
        full.reason = drop.reason | each.head.tag << WIRE_PART_SHIFT;
    if (has(keys, GroupKey::dev) || has(keys, GroupKey::netns))
        full.netns = drop.netns;
    if (has(keys, GroupKey::dev))
        full.ifindex = drop.ifindex;
    if (has(keys, GroupKey::comm) && !(drop.flags & WIRE_EVENT_INTERRUPT))
        std::memcpy(full.comm, drop.comm, sizeof full.comm);
    if (has(keys, GroupKey::pkt_type)) {
        if (key.kind == WIRE_KEY_SMALL)
            key.key.small.pkt_type = drop.pkt_type & 7;
        else
            full.pkt_type = drop.pkt_type & 7;
    }
    if (!sample)
        return key;
    const Packet packet = decode_wire_packet(drop, sample->packet);
    const auto flow = outermost_flow(packet);
    if (has(keys, GroupKey::proto))
        set_proto(key.key, key.kind, packet, flow);
    if (flow && key.kind == WIRE_KEY_FULL)
        set_flow(full, *flow, keys);
    return key;
}

void DropDecoder::learn_symbols(const std::vector<const DropTable::Item *> &items, GroupKeys keys) {
    std::vector<uint64_t> addresses;
    for (const auto *item : items) {
        addresses.push_back(item->first.key.small.location);
        for (const RawSample &sample : item->second.samples) {
            addresses.push_back(sample.event.location);
            addresses.insert(addresses.end(), sample.stack.begin(), sample.stack.end());
        }
        if (has(keys, GroupKey::stack) && item->first.kind == WIRE_KEY_FULL)
            for (const uint64_t frame : stack_of_id_(item->first.key.full.stack_id))
                addresses.push_back(frame);
    }
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    std::erase(addresses, 0u);
    symbols_.resolve_all(addresses);
}

}  // namespace whydrop
