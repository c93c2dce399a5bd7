// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/drop_filter.h"

#include <net/if.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>

#include "model/text.h"
#include "probes/wire.h"
#include "source/kernel_btf.h"
#include "source/reason_table.h"
#include "sys/netns.h"
#include "sys/number.h"

namespace whydrop {

namespace {

// The inode of the first pid namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h).
constexpr uint64_t first_pidns = 0xeffffffc;

Result<uint32_t> find_interface(const std::string &iface) {
    if (const uint32_t index = if_nametoindex(iface.c_str()))
        return index;
    const auto index = whole_number<uint32_t>(iface);
    char name[IF_NAMESIZE];
    if (index && *index && if_indextoname(*index, name))
        return *index;
    return Error{Errc::usage, "no device is called '" + iface + "' in this network namespace",
                 "'ip link' lists the devices; -n NETNS looks in another namespace"};
}

Status resolve_place(const DropFilter &filter, wire_config &config) {
    const auto place = find_place(filter.netns, filter.iface);
    if (!place)
        return place.error();
    config.netns = place->netns;
    config.ifindex = place->ifindex;
    return success();
}

Status add_reason(uint32_t code, wire_config &config) {
    if (code < WIRE_REASON_WORDS * 64) {
        config.reason_bits[code / 64] |= uint64_t{1} << (code % 64);
        return success();
    }
    if (config.subsys_reason_count == WIRE_SUBSYS_REASONS)
        return Error{Errc::usage,
                     "more than " + std::to_string(WIRE_SUBSYS_REASONS) +
                         " reasons of subsystems are too many to filter by",
                     "name fewer with -r"};
    config.subsys_reasons[config.subsys_reason_count++] = code;
    return success();
}

// What is wrong with the words is said before this kernel is asked for any of them.
Status resolve_reasons(const DropFilter &filter, KernelBtf &btf, wire_config &config) {
    if (filter.reasons.empty())
        return success();
    const auto words = reason_words(filter.reasons);
    if (!words)
        return words.error();
    config.reason_filter = words->negated ? 2 : 1;
    for (const std::string &name : words->names) {
        auto codes = btf.reason_codes(name);
        if (!codes)
            return codes.error();
        for (const uint32_t code : *codes)
            if (auto added = add_reason(code, config); !added)
                return added;
    }
    return success();
}

Status resolve_proto(const std::string &proto, wire_config &config) {
    if (proto.empty())
        return success();
    const auto number = protocol_number(proto);
    if (!number)
        return number.error();
    config.proto_has_ethertype = number->ethertype ? 1 : 0;
    config.proto_ethertype = number->ethertype.value_or(0);
    config.proto_has_l4 = number->ip ? 1 : 0;
    config.proto_l4 = number->ip.value_or(0);
    config.needs_flow = 1;
    return success();
}

// Pids are those that the user sees: of this process's pid namespace.
Status resolve_pid(uint32_t pid, wire_config &config) {
    struct stat st {};
    if (stat("/proc/self/ns/pid", &st) != 0)
        return errno_error("cannot look at /proc/self/ns/pid", errno, "mount /proc");
    config.filter_pid = 1;
    config.tgid = pid;
    if (st.st_ino != first_pidns) {
        config.pidns_dev = st.st_dev;
        config.pidns_ino = st.st_ino;
    }
    return success();
}

}  // namespace

Result<ProtocolNumber> protocol_number(const std::string &proto) {
    ProtocolNumber number{ethertype_number(proto), {}};
    if (!number.ethertype)
        number.ip = ip_protocol_number(proto);
    if (!number.ethertype && !number.ip)
        return Error{Errc::usage, "no protocol is called '" + proto + "'",
                     "use a name as ipv4, ipv6, arp, tcp, udp, icmp, or a number: 47, 0x88cc"};
    return number;
}

Result<NetworkPlace> find_place(const std::string &netns, const std::string &iface) {
    NetworkPlace place;
    if (netns.empty() && iface.empty())
        return place;
    auto fd = netns.empty() ? open_own_netns() : open_netns(netns);
    if (!fd)
        return fd.error();
    auto inode = netns_inode(*fd);
    if (!inode)
        return inode.error();
    place.netns = *inode;
    if (iface.empty())
        return place;
    const auto there = NetnsScope::enter(netns);
    if (!there)
        return there.error();
    auto index = find_interface(iface);
    if (!index)
        return index.error();
    place.ifindex = *index;
    return place;
}

Status resolve_filter(const DropFilter &filter, KernelBtf &btf, wire_config &config) {
    if (auto place = resolve_place(filter, config); !place)
        return place;
    if (auto reasons = resolve_reasons(filter, btf, config); !reasons)
        return reasons;
    if (auto proto = resolve_proto(filter.proto, config); !proto)
        return proto;
    if (filter.pid)
        if (auto pid = resolve_pid(*filter.pid, config); !pid)
            return pid;
    if (!filter.comm.empty()) {
        config.filter_comm = 1;
        // The kernel keeps 15 characters of a name.
        std::strncpy(config.comm, filter.comm.c_str(), sizeof config.comm - 1);
    }
    return success();
}

}  // namespace whydrop
