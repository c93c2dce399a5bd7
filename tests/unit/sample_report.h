// SPDX-License-Identifier: GPL-2.0-or-later
// One run as the tests of codec and render see it: every kind of row once, counts are primes.
#pragma once

#include "model/report.h"
#include "model/session.h"

namespace whydrop::sample {

inline IpAddress ipv4(uint8_t last) {
    IpAddress address;
    address.family = 4;
    address.bytes[0] = 10;
    address.bytes[3] = last;
    return address;
}

inline Session session() {
    Session session;
    session.command = "whydrop drops -s";
    session.host = "router";
    session.kernel = "6.18.0";
    session.machine = "x86_64";
    session.version = "0.1.0";
    session.start_ns = 1'000'000'000;
    session.start_unix_ns = 1'700'000'000'000'000'000;
    session.cpus = 2;
    session.source = "tp_btf/kfree_skb, 4 arguments";
    session.has_reasons = true;
    session.notes = {"addresses are hidden by kernel.kptr_restrict: run as root to see names"};
    return session;
}

inline Packet udp_packet() {
    Packet packet;
    packet.link = LinkType::ethernet;
    packet.wire_bytes = 60;
    packet.bytes = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x00, 0xff};
    packet.meta.length_bytes = 46;
    packet.meta.type = PacketType::other_host;
    packet.meta.protocol = 0x0800;
    packet.meta.mark = 7;
    packet.cut = true;
    PacketLevel level;
    level.ethernet = Ethernet{{0x52, 0x54, 0, 0x12, 0x34, 0x56}, {0x52, 0x54, 0, 0, 0, 1}, 0x8100};
    level.vlans = {{0x8100, 7, 3, true, false}};
    level.ethertype = 0x0800;
    Ipv4 ip;
    ip.src = ipv4(1);
    ip.dst = ipv4(2);
    ip.header_bytes = 20;
    ip.ttl = 61;
    ip.protocol = 17;
    ip.total_bytes = 46;
    ip.checksum = 0x1b2c;
    ip.right_checksum = 0x9f31;
    ip.options = {148};
    level.ipv4 = ip;
    level.protocol = 17;
    level.udp = Udp{1234, 53, 26, 0x1111, {}};
    packet.levels = {level};
    return packet;
}

inline DropRecord record() {
    DropRecord drop;
    drop.time_ns = 3'500'001'000;
    drop.cpu = 1;
    drop.reason = Reason{14, "IP_CSUM", "core"};
    drop.location = Symbol{0xffffffff81234200, "ip_rcv_core", 512, ""};
    drop.dev = Device{"v1", 5, 4026532174};
    drop.netns = 4026532174;
    drop.task = {0, "swapper/1", true};
    drop.packet = udp_packet();
    return drop;
}

// The kernel says why, and the samples agree; a stack was taken.
inline DropGroup checksum_group(GroupKeys keys) {
    DropGroup group;
    group.keys = keys;
    group.reason = Reason{14, "IP_CSUM", "core"};
    group.location = Symbol{0xffffffff81234200, "ip_rcv_core", 512, ""};
    group.dev = Device{"v1", 5, 4026532174};
    group.count = {31, 37, 1861};
    group.first_ns = 1'500'000'000;
    group.last_ns = 3'500'000'000;
    group.stack = Stack{{0, "ip_rcv_core", 512, ""}, {0, "veth_poll", 17, "veth"}};
    group.samples = {record()};
    Explanation why;
    why.cause_id = "ipv4.checksum";
    why.cause = "The checksum in the IPv4 header does not fit the header.";
    why.usual = {"somebody rewrote the header and did not update the checksum",
                 "a NIC that offers checksum offload and gets it wrong; this text is long enough "
                 "to need a second line"};
    why.evidence = {"the header says 0x1b2c, right is 0x9f31"};
    why.next = {"ethtool -K v1 rx off", "ip netns exec NETNS tcpdump -vvni v1"};
    why.samples_agree = 7;
    why.samples_seen = 7;
    group.explanation = why;
    return group;
}

// The kernel does not say why, and a name that wants to steer the terminal.
inline DropGroup derived_group(GroupKeys keys) {
    DropGroup group;
    group.keys = keys;
    group.reason = Reason{2, "NOT_SPECIFIED", "core"};
    group.location = Symbol{0, "evil_filter", 16, "evil"};
    group.dev = Device{"v\x1b[2Jx\xff", 6, 4026532999};
    group.count = {13, 13, 1019};
    group.first_ns = 1'700'000'000;
    group.last_ns = 1'900'000'000;
    Explanation why;
    why.cause_id = "eth.other_host";
    why.cause = "The frame is addressed to another host.";
    why.derived = true;
    why.samples_agree = 5;
    why.samples_seen = 7;
    why.next = {"ip -d link show"};
    why.also = {"ipv4.checksum"};
    group.explanation = why;
    return group;
}

// No device, an unknown reason of a subsystem, and normal operation.
inline DropGroup folded_group(GroupKeys keys) {
    DropGroup group;
    group.keys = keys;
    group.reason = Reason{0x30007, "", "openvswitch"};
    group.location = Symbol{0xffffffffc0001234, "", 0, ""};
    group.dev = Device{};
    group.count = {7, 7, 499};
    group.folded = true;
    return group;
}

inline Report report() {
    Report report;
    report.keys = static_cast<GroupKeys>(GroupKey::reason) |
                  static_cast<GroupKeys>(GroupKey::location) |
                  static_cast<GroupKeys>(GroupKey::dev);
    report.from_ns = 1'000'000'000;
    report.to_ns = 3'000'000'000;
    report.groups = {checksum_group(report.keys), derived_group(report.keys),
                     folded_group(report.keys)};
    report.other = {3, 3, 181};
    report.other_groups = 2;
    for (const auto &group : report.groups)
        report.total += group.count;
    report.total += report.other;
    report.in_period = {11, 11, 607};
    return report;
}

inline Losses losses() {
    return {{"ring_full", 23, "samples",
             "the ring buffer was full; counts are exact, some samples are missing: give more room "
             "with --ring-size",
             false},
            {"no_room", 3, "events", "the table was full; see other", true}};
}

}  // namespace whydrop::sample
