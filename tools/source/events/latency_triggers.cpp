// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/latency_triggers.h"

#include <algorithm>

#include "source/tracefs/hist_key.h"
#include "source/tracefs/hist_trigger.h"

namespace whydrop {

namespace {

// synth_field_size() (kernel/trace/trace_events_synth.c), without what is no number.
constexpr const char *kTypes[] = {"s64",   "u64",          "s32",  "u32",  "s16",
                                  "u16",   "s8",           "u8",   "char", "unsigned char",
                                  "int",   "unsigned int", "bool", "long", "unsigned long",
                                  "pid_t", "gfp_t"};

// Addresses are remembered for good, so the tables are as large as the kernel makes them.
constexpr uint32_t kTable = 131072;

bool can_hand_over(const HistKey &key, const EventFormat &format) {
    const EventField *field = format.field(key.name);
    // Names that every event has cannot be given to a field once more.
    if (!field || field->kind != EventField::Kind::number || field->elements != 0 ||
        field->name.starts_with("common_"))
        return false;
    const bool plain = key.modifier == HistModifier::none || key.modifier == HistModifier::hex ||
                       key.modifier == HistModifier::log2 || key.modifier == HistModifier::buckets;
    return plain && field->names.empty() &&
           std::find(std::begin(kTypes), std::end(kTypes), field->type) != std::end(kTypes);
}

Result<std::string> condition_of(const std::string &condition, const EventFormat &format) {
    if (condition.empty())
        return std::string();
    auto written = hist_condition(condition, format);
    if (!written)
        return written.error();
    return " if " + *written;
}

}  // namespace

Result<LatencyTriggers> latency_triggers(const PairAsk &ask, const EventFormat &from,
                                         const EventFormat &to, const std::string &synthetic) {
    const PairQuery &query = ask.query;
    const auto &first = query.from_key, &second = query.to_key;
    if ((first && !can_hand_over(*first, from)) || (second && !can_hand_over(*second, to)) ||
        (first && second && first->name == second->name) || ask.from == ask.to)
        return Error{Errc::unsupported, "the kernel cannot count the time between events by this",
                     "it hands over plain numbers, of two different events"};
    const std::string suffix = ":size=" + std::to_string(kTable) + ":clock=mono";
    LatencyTriggers made;
    made.fields = "u64 latency_ns";
    made.from = "hist:keys=" + query.from_on + ":ts0=common_timestamp";
    made.to = "hist:keys=" + query.to_on + ":lat0=common_timestamp-$ts0";
    std::string handed = "$lat0";
    made.count = "hist:keys=latency_ns.log2";
    if (first) {
        made.fields += "; " + from.field(first->name)->type + " " + first->name;
        made.from += ",key0=" + first->name;
        made.to += ",key1=$key0";
        handed += ",$key1";
        made.count += "," + to_text(*first);
    }
    if (second) {
        made.fields += "; " + to.field(second->name)->type + " " + second->name;
        handed += "," + second->name;
        made.count += "," + to_text(*second);
    }
    made.count += ":vals=latency_ns";
    if (query.size > 0)
        made.count += ":size=" + std::to_string(query.size);
    made.to +=
        ":onmatch(" + ask.from.system + "." + ask.from.name + ")." + synthetic + "(" + handed + ")";
    for (const bool of_from : {true, false}) {
        auto condition =
            condition_of(of_from ? query.from_condition : query.to_condition, of_from ? from : to);
        if (!condition)
            return condition.error();
        (of_from ? made.from : made.to) += suffix + *condition;
    }
    return made;
}

}  // namespace whydrop
