// SPDX-License-Identifier: GPL-2.0-or-later
#include "variants.h"

namespace whydrop::bench {

namespace {

// The 5-tuple as the manuals of bpftrace have it, with a transport header at 20 bytes: the kernel
// has not set its offset yet where these frames are dropped.
const char *const bpftrace_flow =
    "tracepoint:skb:kfree_skb { $skb = (struct sk_buff *)args->skbaddr; "
    "$ip = (struct iphdr *)($skb->head + $skb->network_header); "
    "$l4 = (struct udphdr *)($skb->head + $skb->network_header + 20); "
    "@[$ip->saddr, $ip->daddr, $ip->protocol, $l4->source, $l4->dest] = count(); }";

const char *const bpftrace_reason =
    "tracepoint:skb:kfree_skb { @[args->reason, args->location] = count(); }";

const std::vector<Variant> all_variants = {
    {"null", "nothing", Observer::nobody, {}},
    {"empty", "empty program", Observer::floor, {"empty"}},
    {"empty-receive", "empty program, receive", Observer::floor, {"empty_receive"}},
    {"floor-flow", "bare count by flow, 1000 flows", Observer::floor, {"flow"}, 1000},
    {"floor-flow-100k", "the same, 100,000 flows", Observer::floor, {"flow"}, 100'000},
    {"floor-ring", "bare record into a ring", Observer::floor, {"ring"}, 1000},
    {"reason",
     "--by reason,location",
     Observer::whydrop,
     {"--by", "reason,location"},
     1000,
     Counted::all},
    {"default", "default keys, with samples", Observer::whydrop, {}, 1000, Counted::all},
    {"stack", "default keys, -s", Observer::whydrop, {"-s"}, 1000, Counted::all},
    {"flow-1", "--by flow, 1 flow", Observer::whydrop, {"--by", "flow"}, 1, Counted::all},
    {"flow-1k", "--by flow, 1000 flows", Observer::whydrop, {"--by", "flow"}, 1000, Counted::all},
    {"flow-100k",
     "--by flow, 100,000 flows",
     Observer::whydrop,
     {"--by", "flow"},
     100'000,
     Counted::all},
    {"flow-4x",
     "--by flow, 4 x more than fit",
     Observer::whydrop,
     // With a reason: others' drops could not be told from ours in the row "other".
     {"--by", "flow", "--max-groups", "131072", "-r", "IP_CSUM"},
     4 * 131072,
     Counted::all},
    {"each", "--each", Observer::whydrop, {"--each"}, 1000, Counted::all},
    {"not-reason",
     "filtered out by reason",
     Observer::whydrop,
     {"-r", "NETFILTER_DROP"},
     1000,
     Counted::none},
    {"not-reasons",
     "filtered out by '!' reason",
     Observer::whydrop,
     {"-r", "!IP_CSUM"},
     1000,
     Counted::none},
    {"not-device",
     "filtered out by -i",
     Observer::whydrop,
     {"-i", "lo"},  // the generator's lo is another one
     1000,
     Counted::none},
    {"pcap",
     "a filter for the 5-tuple",
     Observer::whydrop,
     {"udp and src host 10.0.0.0 and src port 1024 and dst host 10.9.8.7 and dst port 9"},
     1,
     Counted::all},
    {"not-pcap",
     "filtered out by a 5-tuple",
     Observer::whydrop,
     {"udp and src host 10.0.0.0 and src port 1024 and dst host 10.9.8.7 and dst port 10"},
     1,
     Counted::none},
    {"receive", "receive: default keys, with samples", Observer::receive, {}, 1000, Counted::all},
    {"receive-flow",
     "receive --by flow, 1000 flows",
     Observer::receive,
     {"--by", "flow"},
     1000,
     Counted::all},
    {"receive-not",
     "receive: filtered out by -i",
     Observer::receive,
     {"-i", "lo"},
     1000,
     Counted::none},
    {"bpftrace", "bpftrace, reason+location", Observer::bpftrace, {bpftrace_reason}, 1000},
    {"bpftrace-flow", "bpftrace, 5-tuple", Observer::bpftrace, {bpftrace_flow}, 1000},
    {"ftrace", "ftrace's ring", Observer::ftrace, {}, 1000},
};

constexpr RatioTarget all_ratios[] = {
    {"reason", "empty", 1.6},           {"reason", "bpftrace", 0.40},
    {"default", "empty", 1.8},          {"stack", "default", 1.1},
    {"flow-1", "empty", 1.1},           {"flow-1k", "empty", 1.9},
    {"flow-1k", "bpftrace-flow", 0.16}, {"flow-100k", "empty", 3.2},
    {"flow-4x", "empty", 4.6},          {"each", "empty", 3.0},
    {"each", "ftrace", 0.75},           {"not-reason", "empty", 1.1},
    {"not-reasons", "empty", 1.1},      {"not-device", "empty", 1.1},
    {"receive", "empty-receive", 1.7},
};

constexpr ExtraTarget all_extras[] = {
    {"pcap", "default", 25},
};

constexpr ValueTarget all_values[] = {
    {"flat-out", "aggregated, a generator on each of 2 CPUs, nothing lost", "M drops/s", 3.5, true},
    {"each-cpu", "--each at 2 M drops/s, nothing lost: CPU of whydrop", "%", 3.0},
    {"attached", "from exec to attached", "ms", 25},
    {"rss", "resident memory without maps", "MB", 6},
};

}  // namespace

const std::vector<Variant> &variants() {
    return all_variants;
}
std::span<const RatioTarget> ratio_targets() {
    return all_ratios;
}
std::span<const ExtraTarget> extra_targets() {
    return all_extras;
}
std::span<const ValueTarget> value_targets() {
    return all_values;
}

}  // namespace whydrop::bench
