// SPDX-License-Identifier: GPL-2.0-or-later
// The blocks under the table: what each cause means and what to do, and a drop on one line.
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "model/text.h"
#include "render/drop_text.h"
#include "render/words.h"

namespace whydrop {
namespace {

constexpr size_t kLabel = 10;  // columns of "  cause:  "
constexpr size_t kTimeColumns = 15, kDevColumns = 6, kReasonColumns = 14, kLocationColumns = 20;

std::string label(const std::string &name) {
    std::string text = "  " + name + ":";
    text.resize(std::max(kLabel, text.size() + 1), ' ');
    return text;
}

// The first line carries the label, each entry begins a line of its own.
std::string listed(const std::string &name, const std::vector<std::string> &entries) {
    std::string text;
    for (const auto &entry : entries)
        text += wrap(text.empty() ? label(name) : std::string(kLabel, ' '), entry, kTextColumns);
    return text;
}

// How sure the cause is, where the kernel did not say it itself.
std::string certainty(const Explanation &explanation) {
    std::string samples =
        fmt::format("{} of {} samples", explanation.samples_agree, explanation.samples_seen);
    if (explanation.derived)
        return explanation.samples_seen ? "derived from the location and " + samples
                                        : "derived from the location alone, without a sample";
    bool says = explanation.samples_seen && explanation.samples_agree;
    return says ? samples + " agree" : "";
}

// Groups that one block explains.
using CauseKey = std::tuple<std::string, std::string, std::string>;

CauseKey cause_key(const DropGroup &group) {
    return {group.explanation->cause_id, group.reason ? reason_text(*group.reason) : "",
            group.location ? to_text(*group.location) : ""};
}

struct Cause {
    const DropGroup *first = nullptr;  // the largest group: reports are ranked
    uint64_t groups = 0, events = 0;
};

std::string heading(const Cause &cause, const TextStyle &style) {
    const DropGroup &group = *cause.first;
    std::string text = group.reason ? reason_text(*group.reason) : "no reason given";
    if (group.location)
        text += " at " + escaped(to_text(*group.location));
    if (group.dev && cause.groups == 1)
        text += " on " + device_text(*group.dev, style.verbose);
    if (cause.groups > 1)
        text += fmt::format(", {} groups", cause.groups);
    return text + fmt::format(": {} event{}, {}", cause.events, cause.events == 1 ? "" : "s",
                              escaped(group.explanation->cause_id));
}

std::string stack_lines(const Stack &stack) {
    std::vector<std::string> entries;
    for (const auto &symbol : stack)
        entries.push_back(escaped(to_text(symbol)));
    return listed("stack", entries);
}

std::string also_line(const std::vector<std::string> &ids) {
    std::string text;
    for (const auto &id : ids)
        text += (text.empty() ? "" : ", ") + id;
    return text.empty() ? "" : wrap(label("also"), "other samples point to " + text, kTextColumns);
}

std::string block(const Cause &cause, const TextStyle &style) {
    const DropGroup &group = *cause.first;
    const Explanation &why = *group.explanation;
    std::string text = "\n" + coloured(heading(cause, style), "1", style) + "\n";
    text += wrap(label("cause"), why.cause, kTextColumns);
    if (std::string sure = certainty(why); !sure.empty())
        text += wrap(std::string(kLabel, ' '), "(" + sure + ")", kTextColumns);
    text += also_line(why.also);
    text += listed("seen", why.evidence);
    text += listed("usual", why.usual);
    text += listed("next", why.next);
    if (!group.samples.empty())
        text += label("packet") + escaped(to_text(group.samples.front().packet)) + "\n";
    if (group.stack)
        text += stack_lines(*group.stack);
    return text;
}

std::string padded(std::string text, size_t columns) {
    if (text.size() < columns)
        text.resize(columns, ' ');
    return text + " ";
}

std::string clock_time(uint64_t since_midnight_ns) {
    uint64_t us = since_midnight_ns / 1000;
    uint64_t s = us / 1'000'000;
    return fmt::format("{:02}:{:02}:{:02}.{:06}", s / 3600 % 24, s / 60 % 60, s % 60,
                       us % 1'000'000);
}

// Without --wide the addresses of the link give way: the flow is what tells drops apart.
std::string packet_cell(Packet packet, const TextStyle &style) {
    if (!style.wide && !packet.levels.empty() &&
        (packet.levels.front().ipv4 || packet.levels.front().ipv6 || packet.levels.front().arp))
        packet.levels.front().ethernet.reset();
    return escaped(to_text(packet));
}

}  // namespace

std::string explanation_blocks(const Report &report, const TextStyle &style) {
    std::vector<Cause> causes;
    std::map<CauseKey, size_t> index;
    for (const auto &group : report.groups) {
        if (!group.explanation || (group.folded && !style.show_folded))
            continue;
        auto [at, is_new] = index.try_emplace(cause_key(group), causes.size());
        if (is_new)
            causes.push_back({&group});
        Cause &cause = causes[at->second];
        ++cause.groups;
        cause.events += group.count.events;
    }
    std::string text;
    for (const auto &cause : causes)
        text += block(cause, style);
    return text;
}

std::string stack_blocks(const Report &report, const TextStyle &style) {
    std::string text;
    for (const auto &group : report.groups) {
        if (group.explanation || !group.stack || group.stack->empty())
            continue;
        const Count &count = group.count;
        std::string head = fmt::format("{} event{}, {} bytes", count.events,
                                       count.events == 1 ? "" : "s", count.bytes);
        if (group.dev)
            head += " on " + device_text(*group.dev, style.verbose);
        text += "\n" + coloured(head, "1", style) + "\n" + stack_lines(*group.stack);
    }
    return text;
}

std::string drop_header(PacketEvent event, const TextStyle &style) {
    std::string text = padded("TIME", kTimeColumns) + padded("DEV", kDevColumns);
    if (event == PacketEvent::drop)
        text += padded("REASON", kReasonColumns) + padded("LOCATION", kLocationColumns);
    return coloured(text + "PACKET", "1", style) + "\n";
}

std::string drop_line(const DropRecord &drop, uint64_t since_midnight_ns, const TextStyle &style) {
    std::string dev = drop.dev ? device_text(*drop.dev, style.verbose) : "-";
    std::string location = drop.location == Symbol{} ? "-" : escaped(to_text(drop.location));
    std::string line =
        padded(clock_time(since_midnight_ns), kTimeColumns) + padded(dev, kDevColumns);
    if (drop.event == PacketEvent::drop)
        line += padded(drop.reason ? reason_text(*drop.reason) : "-", kReasonColumns) +
                padded(location, kLocationColumns);
    line += packet_cell(drop.packet, style);
    line.erase(line.find_last_not_of(' ') + 1);
    line = (style.wide ? line : cut(line, kTextColumns)) + "\n";
    for (const auto &symbol : drop.stack)
        line += "    " + escaped(to_text(symbol)) + "\n";
    return line;
}

}  // namespace whydrop
