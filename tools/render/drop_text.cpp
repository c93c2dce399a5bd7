// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/drop_text.h"

#include <fmt/format.h>

#include <set>

#include "model/text.h"
#include "render/words.h"

namespace whydrop {
namespace {

constexpr size_t kStackCell = 2;  // callers shown in a cell of the table

double seconds(uint64_t from_ns, uint64_t to_ns) {
    return to_ns > from_ns ? static_cast<double>(to_ns - from_ns) / 1e9 : 0;
}

std::string rate(uint64_t events, double period_s) {
    return period_s > 0 ? fmt::format("{:.1f}", static_cast<double>(events) / period_s) : "-";
}

// Names are unique in a namespace only: with several the inode is shown too.
bool several_netns(const Report &report) {
    std::set<uint32_t> seen;
    for (const auto &group : report.groups)
        if (group.dev && group.dev->ifindex)
            seen.insert(group.dev->netns);
    return seen.size() > 1;
}

// A kernel without reasons: what the location and the samples say, in parentheses.
std::string reason_cell(const DropGroup &group) {
    if (group.reason)
        return reason_text(*group.reason);
    return group.explanation ? "(" + escaped(group.explanation->cause_id) + ")" : "-";
}

std::string proto_cell(const DropGroup &group) {
    if (!group.proto)
        return "-";
    return escaped(*group.proto) + (group.l4proto ? "/" + escaped(*group.l4proto) : "");
}

std::string stack_cell(const DropGroup &group) {
    if (!group.stack || group.stack->empty())
        return "-";
    std::string text;
    for (size_t i = 0; i < group.stack->size() && i < kStackCell; ++i)
        text += (i ? " < " : "") + escaped(to_text((*group.stack)[i]));
    return text + (group.stack->size() > kStackCell ? " <..." : "");
}

template <typename T>
std::string or_dash(const std::optional<T> &value) {
    std::string text = value ? escaped(to_text(*value)) : "";
    return text.empty() ? "-" : text;
}

std::string key_cell(GroupKey key, const DropGroup &group, bool with_netns) {
    switch (key) {
        case GroupKey::reason:
            return reason_cell(group);
        case GroupKey::location:
            return or_dash(group.location);
        case GroupKey::dev:
            return group.dev ? device_text(*group.dev, with_netns) : "-";
        case GroupKey::netns:
            return group.netns ? std::to_string(*group.netns) : "-";
        case GroupKey::proto:
            return proto_cell(group);
        case GroupKey::flow:
            return or_dash(group.flow);
        case GroupKey::src:
            return or_dash(group.src);
        case GroupKey::dst:
            return or_dash(group.dst);
        case GroupKey::stack:
            return stack_cell(group);
        case GroupKey::comm:
            return group.comm ? escaped(*group.comm) : "-";
        case GroupKey::pkt_type:
            return group.pkt_type ? to_text(*group.pkt_type) : "-";
    }
    return "-";
}

std::vector<GroupKey> keys_of(GroupKeys keys) {
    std::vector<GroupKey> all;
    for (uint32_t bit = 1; bit && bit <= keys; bit <<= 1)
        if (keys & bit)
            all.push_back(static_cast<GroupKey>(bit));
    return all;
}

std::string upper(std::string text) {
    for (char &c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

// A cut address misleads; a stack is shown in full below the table.
int yields(GroupKey key) {
    bool address = key == GroupKey::flow || key == GroupKey::src || key == GroupKey::dst;
    return key == GroupKey::stack ? 2 : address ? 0 : 1;
}

// What is lost is counted by the call that loses it; of what is received, how much it is matters
// too.
std::vector<std::string> count_titles(PacketEvent event) {
    if (event == PacketEvent::drop)
        return {"EVENTS", "PACKETS", "BYTES", "EVENTS/S"};
    return {"EVENTS", "PACKETS", "BYTES", "PACKETS/S", "BYTES/S"};
}

Table empty_table(const std::vector<GroupKey> &keys, PacketEvent event) {
    std::vector<Table::Column> columns;
    for (GroupKey key : keys)
        columns.push_back({upper(group_key_name(key)), false, yields(key)});
    for (const std::string &name : count_titles(event))
        columns.push_back({name, true, 0});
    return Table(std::move(columns));
}

void add_row(Table &table, std::vector<std::string> cells, const Count &count, PacketEvent event,
             double period_s) {
    cells.push_back(std::to_string(count.events));
    cells.push_back(std::to_string(count.packets));
    cells.push_back(std::to_string(count.bytes));
    cells.push_back(rate(event == PacketEvent::drop ? count.events : count.packets, period_s));
    if (event == PacketEvent::receive)
        cells.push_back(rate(count.bytes, period_s));
    table.add(std::move(cells));
}

std::string plural(uint64_t count, const std::string &noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string reason_text(const Reason &reason) {
    std::string name = reason.name.empty() ? std::to_string(reason.code) : escaped(reason.name);
    return reason.subsystem.empty() || reason.subsystem == "core"
               ? name
               : escaped(reason.subsystem) + ":" + name;
}

std::string device_text(const Device &device, bool with_netns) {
    if (device.ifindex == 0 && device.name.empty())
        return "-";
    std::string text =
        device.name.empty() ? "if" + std::to_string(device.ifindex) : escaped(device.name);
    return with_netns && device.netns ? text + "@" + std::to_string(device.netns) : text;
}

ReportTable report_table(const Report &report, const TextStyle &style, size_t max_rows,
                         uint64_t since_ns) {
    const double period_s = seconds(since_ns, report.to_ns);
    std::vector<GroupKey> keys = keys_of(report.keys);
    ReportTable result{empty_table(keys, report.event)};
    bool with_netns = style.verbose || several_netns(report);
    for (const auto &group : report.groups) {
        if (group.folded && !style.show_folded) {
            ++result.folded_groups;
            result.folded_events += group.count.events;
        } else if (max_rows && result.table.rows() >= max_rows) {
            ++result.hidden_groups;
            result.hidden_events += group.count.events;
        } else {
            std::vector<std::string> cells;
            for (GroupKey key : keys)
                cells.push_back(key_cell(key, group, with_netns));
            add_row(result.table, std::move(cells), group.count, report.event, period_s);
        }
    }
    if (report.other != Count{}) {
        std::vector<std::string> cells(keys.size());
        if (!cells.empty())
            cells.front() = "other";
        add_row(result.table, std::move(cells), report.other, report.event, period_s);
    }
    return result;
}

std::vector<std::string> hidden_lines(const ReportTable &table) {
    std::vector<std::string> lines;
    if (table.hidden_groups)
        lines.push_back("and " + plural(table.hidden_events, "event") + " in " +
                        plural(table.hidden_groups, "more group") + " (-v shows them)");
    if (table.folded_groups)
        lines.push_back("folded: " + plural(table.folded_events, "event") + " of " +
                        plural(table.folded_groups, "kind") +
                        " of normal operation (--all shows them)");
    return lines;
}

std::string period_line(const Report &report, uint64_t since_ns) {
    double period_s = seconds(report.from_ns, report.to_ns);
    return fmt::format("after {:.1f} s: {}, {} in the last {:.1f} s ({} events/s)",
                       seconds(since_ns, report.to_ns), plural(report.total.events, "event"),
                       report.in_period.events, period_s, rate(report.in_period.events, period_s));
}

std::string total_line(const Report &report) {
    double period_s = seconds(report.from_ns, report.to_ns);
    return fmt::format("total: {}, {}, {} in {:.1f} s ({} events/s)",
                       plural(report.total.events, "event"), plural(report.total.packets, "packet"),
                       plural(report.total.bytes, "byte"), period_s,
                       rate(report.total.events, period_s));
}

std::string xdp_lines(const Report &report) {
    if (report.xdp.empty())
        return {};
    std::string text =
        "lost behind XDP programs, some perhaps also above ('whydrop xdp exceptions' says why):\n";
    for (const XdpLoss &loss : report.xdp)
        text += fmt::format("  {}: {}{}{}\n", plural(loss.frames, "frame"), escaped(loss.error),
                            loss.program.empty() ? "" : " by " + escaped(loss.program),
                            loss.dev.empty() ? "" : " on " + escaped(loss.dev));
    return text;
}

std::string losses_text(const Losses &losses) {
    std::string text;
    for (const auto &loss : losses)
        if (loss.count)
            text += wrap(
                fmt::format("  {}: {} {}: ", escaped(loss.kind), loss.count, escaped(loss.unit)),
                loss.detail, kTextColumns);
    return text.empty() ? "losses: none\n" : "losses:\n" + text;
}

std::string coloured(const std::string &text, const char *attribute, const TextStyle &style) {
    return style.colour ? "\x1b[" + std::string(attribute) + "m" + text + "\x1b[0m" : text;
}

}  // namespace whydrop
