// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/path_table.h"

#include "probes/wire.h"

namespace whydrop {

namespace {

constexpr uint32_t first = WIRE_PATH_ARGUMENT, second = first << 1, third = first << 2,
                   fourth = first << 3, behind = WIRE_PATH_POINTER, freed = WIRE_PATH_FREED,
                   read = WIRE_PATH_READ;

constexpr PathRow functions[] = {
    {"tap", "packet_rcv", first, ""},
    {"tap", "tpacket_rcv", first, ""},
    {"tc", "tcf_classify", first, ""},
    {"link", "vlan_do_receive", first | behind, ""},
    {"link", "bond_handle_frame", first | behind, ""},
    {"link", "macvlan_handle_frame", first | behind, ""},
    {"bridge", "br_handle_frame", first | behind, ""},
    {"bridge", "br_handle_frame_finish", third, "the bridge took it and did not pass it on",
     "br_pass_frame_up br_flood"},
    {"bridge", "br_pass_frame_up", first, "it is not for this host"},
    {"bridge", "br_flood", second, ""},
    {"arp", "arp_rcv", first, ""},
    {"arp", "arp_process", third, "the ARP header is not what it has to be"},
    {"ipv4", "ip_rcv", first, "no IPv4, or taken before it: by tc, a bridge or XDP"},
    {"ipv4", "ip_rcv_core", first, "", "ip_rcv_finish ip_local_deliver ip_forward"},
    {"netfilter", "nf_hook_slow", first, "no hook is registered where it came by"},
    {"netfilter", "nf_conntrack_in", first, "connections are not tracked here"},
    {"netfilter", "nf_nat_inet_fn", second, ""},
    {"netfilter", "ipt_do_table", first | second, "no rule of iptables is asked"},
    {"netfilter", "nft_do_chain", first | behind, "no rule of nftables is asked"},
    {"ipv4", "ip_rcv_finish", third, "IPv4 header bad, or dropped in PREROUTING",
     "ip_local_deliver ip_forward ip_error"},
    {"ipv4", "ip_route_input_noref", first, "a socket had the route, or it went no further"},
    {"ipv4", "ip_local_deliver", first, "no route says that it is for this host"},
    {"ipv4", "ip_defrag", first, "it was no fragment"},
    {"ipv4", "ip_local_deliver_finish", third, "dropped in INPUT, or for somebody else",
     "ip_protocol_deliver_rcu"},
    {"ipv4", "ip_protocol_deliver_rcu", second, ""},
    {"ipv4", "raw_local_deliver", first, ""},
    {"ipv4", "ip_forward", first, "it was not to be forwarded"},
    {"ipv4", "ip_forward_finish", third, "dropped in FORWARD, or its TTL had run out"},
    {"ipv4", "ip_error", first, ""},
    {"ipv6", "ipv6_rcv", first, "no IPv6, or taken before it"},
    {"ipv6", "ip6_rcv_finish", third, "IPv6 header bad, or dropped in PREROUTING",
     "ip6_input ip6_forward"},
    {"ipv6", "ip6_input", first, "no route says that it is for this host"},
    {"ipv6", "ip6_protocol_deliver_rcu", second, "dropped in INPUT, or for somebody else"},
    {"ipv6", "ip6_forward", first, "it was not to be forwarded"},
    {"icmp", "icmp_rcv", first, ""},
    {"icmp", "icmpv6_rcv", first, ""},
    {"icmp", "ndisc_rcv", first, ""},
    {"udp", "udp_rcv", first, "no UDP, or no route to this host"},
    {"udp", "udpv6_rcv", first, ""},
    {"udp", "__udp4_lib_rcv", first, ""},
    {"udp", "__udp6_lib_rcv", first, ""},
    {"udp", "udp_queue_rcv_skb", second, "", "udp_queue_rcv_one_skb __udp_enqueue_schedule_skb"},
    {"udp", "udp_queue_rcv_one_skb", second, "no socket, or a bad checksum",
     "__udp_enqueue_schedule_skb"},
    {"udp", "udpv6_queue_rcv_one_skb", second, ""},
    {"udp", "__udp_enqueue_schedule_skb", second, "no socket took it"},
    {"tcp", "tcp_v4_rcv", first, "no TCP, or no route to this host"},
    {"tcp", "tcp_v6_rcv", first, ""},
    {"tcp", "tcp_v4_do_rcv", second, "no socket, or its owner is at work (backlog)"},
    {"tcp", "tcp_v6_do_rcv", second, ""},
    {"tcp", "tcp_conn_request", fourth, ""},
    {"tcp", "tcp_rcv_state_process", second, ""},
    {"tcp", "tcp_rcv_established", second, ""},
    {"tcp", "tcp_data_queue", second, ""},
    {"tcp", "tcp_add_backlog", second, ""},
    {"socket", "sk_filter_trim_cap", second, ""},
    {"out", "ip_output", third, ""},
    {"out", "ip6_output", third, ""},
    {"out", "__dev_queue_xmit", first, ""},
    {"end", "skb_consume_udp", second | read, ""},
    {"end", "__kfree_skb", first | freed, ""},
    {"end", "skb_release_head_state", first | freed, ""},
};
static_assert(std::size(functions) <= WIRE_PATH_ROWS);

constexpr PathRow points[] = {
    {"udp", "udp_fail_queue_rcv_skb", third, ""},
    {"tcp", "tcp_bad_csum", first, ""},
    {"tcp", "tcp_probe", second, "no TCP of an established connection"},
    {"tcp", "tcp_send_reset", second, ""},
    {"socket", "sock_rcvqueue_full", second, ""},
    {"icmp", "icmp_send", first, ""},
    {"out", "net_dev_queue", first, "it was not forwarded"},
    {"out", "qdisc_enqueue", third, ""},
    {"out", "net_dev_start_xmit", first, ""},
};
static_assert(std::size(points) <= WIRE_PATH_POINTS);

}  // namespace

std::span<const PathRow> path_functions() {
    return functions;
}

std::span<const PathRow> path_points() {
    return points;
}

}  // namespace whydrop
