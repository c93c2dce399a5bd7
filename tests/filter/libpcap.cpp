// SPDX-License-Identifier: GPL-2.0-or-later
// Apart from asked.cpp: libpcap and the kernel both have a bpf_insn.
#include <pcap/pcap.h>

#include <algorithm>

#include "asked.h"
#include "sys/handle.h"

namespace whydrop::filter_test {

namespace {

constexpr size_t macs = 12, tag = 4;

bool takes_tag(const Tested &packet) {
    return packet.vlan_proto && packet.ethernet && packet.bytes.size() >= macs;
}

Verdict says(const bpf_program &program, const std::vector<uint8_t> &bytes, uint32_t captured) {
    pcap_pkthdr header{};
    header.len = static_cast<bpf_u_int32>(bytes.size());
    header.caplen = captured;
    return pcap_offline_filter(&program, &header, bytes.data()) ? Verdict::yes : Verdict::no;
}

}  // namespace

std::vector<uint8_t> Tested::with_tag() const {
    if (!takes_tag(*this))
        return bytes;
    const uint8_t words[tag] = {
        static_cast<uint8_t>(vlan_proto >> 8), static_cast<uint8_t>(vlan_proto),
        static_cast<uint8_t>(vlan_tci >> 8), static_cast<uint8_t>(vlan_tci)};
    std::vector<uint8_t> whole = bytes;
    whole.insert(whole.begin() + macs, words, words + tag);
    return whole;
}

uint32_t Tested::readable_with_tag() const {
    const auto plain = std::min(readable, static_cast<uint32_t>(bytes.size()));
    return takes_tag(*this) && plain >= macs ? plain + tag : plain;
}

LibpcapSays libpcap_says(const std::string &expression, const Tested &packet) {
    using Pcap = Handle<pcap_t, &pcap_close>;
    const Pcap pcap(pcap_open_dead(packet.ethernet ? DLT_EN10MB : DLT_RAW, 262144));
    bpf_program program{};
    if (pcap_compile(pcap.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
        const bool never = std::string(pcap_geterr(pcap.get())) == "expression rejects all packets";
        return never ? LibpcapSays{Verdict::no, Verdict::no}
                     : LibpcapSays{Verdict::not_run, Verdict::not_run};
    }
    const auto whole = packet.with_tag();
    const LibpcapSays both{says(program, whole, static_cast<uint32_t>(whole.size())),
                           says(program, whole, packet.readable_with_tag())};
    pcap_freecode(&program);
    return both;
}

}  // namespace whydrop::filter_test
