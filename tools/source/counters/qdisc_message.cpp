// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdio>

#include "source/counters/message.h"

namespace whydrop {

namespace {

struct Field {
    const char *name;  // as tc -s names it, or the struct
    size_t offset;
    size_t bytes;  // 4 or 8
    bool level = false;
};

struct OwnStats {
    const char *kind;
    std::vector<Field> fields;
};

#define PLACE(type, member) offsetof(type, member), sizeof(type::member)

// What kinds of queues count beside drops and overlimits (linux/pkt_sched.h).
const std::vector<OwnStats> &own_stats() {
    using FqCodel = tc_fq_codel_qd_stats;
    static const std::vector<OwnStats> all = {
        {"fq_codel",
         {{"drop_overlimit", PLACE(FqCodel, drop_overlimit)},
          {"ecn_mark", PLACE(FqCodel, ecn_mark)},
          {"new_flow_count", PLACE(FqCodel, new_flow_count)},
          {"ce_mark", PLACE(FqCodel, ce_mark)},
          {"memory_usage", PLACE(FqCodel, memory_usage), true},
          {"drop_overmemory", PLACE(FqCodel, drop_overmemory)}}},
        {"fq",
         {{"flows_plimit", PLACE(tc_fq_qd_stats, flows_plimit)},
          {"pkts_too_long", PLACE(tc_fq_qd_stats, pkts_too_long)},
          {"allocation_errors", PLACE(tc_fq_qd_stats, allocation_errors)},
          {"throttled", PLACE(tc_fq_qd_stats, throttled)},
          {"flows", PLACE(tc_fq_qd_stats, flows), true},
          {"ce_mark", PLACE(tc_fq_qd_stats, ce_mark)},
          {"horizon_drops", PLACE(tc_fq_qd_stats, horizon_drops)},
          {"horizon_caps", PLACE(tc_fq_qd_stats, horizon_caps)}}},
        {"codel",
         {{"drop_overlimit", PLACE(tc_codel_xstats, drop_overlimit)},
          {"ecn_mark", PLACE(tc_codel_xstats, ecn_mark)},
          {"ce_mark", PLACE(tc_codel_xstats, ce_mark)}}},
        {"red",
         {{"early", PLACE(tc_red_xstats, early)},
          {"pdrop", PLACE(tc_red_xstats, pdrop)},
          {"other", PLACE(tc_red_xstats, other)},
          {"marked", PLACE(tc_red_xstats, marked)}}},
    };
    return all;
}

#undef PLACE

// struct tc_fq_codel_xstats begins with its type; of a class it holds something else.
Bytes own_bytes(const std::string &kind, Bytes app) {
    if (kind != "fq_codel")
        return app;
    return number_at<uint32_t>(app, 0) == uint32_t{TCA_FQ_CODEL_XSTATS_QDISC}
               ? app.subspan(sizeof(uint32_t))
               : Bytes();
}

void add(CounterGroup &group, Bytes bytes, const Field &field) {
    const auto wide =
        field.bytes == sizeof(uint64_t) ? number_at<uint64_t>(bytes, field.offset) : std::nullopt;
    const auto narrow =
        field.bytes == sizeof(uint32_t) ? number_at<uint32_t>(bytes, field.offset) : std::nullopt;
    if (wide || narrow)
        group.counters.push_back({field.name, wide ? *wide : *narrow, field.level});
}

void add_common(CounterGroup &group, Bytes stats) {
    const auto attributes = attributes_of(stats);
    const Bytes basic = find_attribute(attributes, TCA_STATS_BASIC);
    add(group, basic, {"bytes", 0, sizeof(uint64_t)});
    const Bytes packets64 = find_attribute(attributes, TCA_STATS_PKT64);
    if (packets64.empty())
        add(group, basic, {"packets", sizeof(uint64_t), sizeof(uint32_t)});
    else
        add(group, packets64, {"packets", 0, sizeof(uint64_t)});
    // struct gnet_stats_queue
    static constexpr Field queue[] = {{"qlen", 0, 4, true},
                                      {"backlog", 4, 4, true},
                                      {"drops", 8, 4},
                                      {"requeues", 12, 4},
                                      {"overlimits", 16, 4}};
    for (const Field &field : queue)
        add(group, find_attribute(attributes, TCA_STATS_QUEUE), field);
}

// As tc writes handles: "8001:", ":2", "1:10".
std::string handle_text(uint32_t handle) {
    char text[16];
    const unsigned major = TC_H_MAJ(handle) >> 16, minor = TC_H_MIN(handle);
    const int written = minor == 0 ? std::snprintf(text, sizeof text, "%x:", major)
                                   : std::snprintf(text, sizeof text, "%x:%x", major, minor);
    return {text, static_cast<size_t>(written)};
}

}  // namespace

std::vector<CounterGroup> read_qdisc_stats(Bytes message, const DeviceNames &names) {
    const auto head = number_at<tcmsg>(message, 0);
    const auto name = head ? names.find(static_cast<uint32_t>(head->tcm_ifindex)) : names.end();
    if (name == names.end())
        return {};
    const auto attributes = attributes_of(message.subspan(sizeof(tcmsg)));
    const std::string kind = text_of(find_attribute(attributes, TCA_KIND));
    std::string place = name->second + " " + kind;
    if (head->tcm_handle != 0)
        place += " " + handle_text(head->tcm_handle);
    else if (head->tcm_parent != TC_H_ROOT)
        place += " parent " + handle_text(head->tcm_parent);
    CounterGroup group{counter_source::qdisc, std::move(place), name->first, {}, name->second};
    const Bytes stats = find_attribute(attributes, TCA_STATS2);
    add_common(group, stats);
    const auto own = std::ranges::find(own_stats(), kind, &OwnStats::kind);
    if (own != own_stats().end())
        for (const Field &field : own->fields)
            add(group, own_bytes(kind, find_attribute(stats, {TCA_STATS_APP})), field);
    if (group.counters.empty())
        return {};
    return {std::move(group)};
}

}  // namespace whydrop
