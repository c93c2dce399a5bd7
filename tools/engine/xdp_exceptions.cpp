// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_exceptions.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/xdp_error_words.h"
#include "render/document.h"
#include "render/drop_text.h"
#include "render/words.h"

namespace whydrop {

namespace {

constexpr size_t below_name = kTextColumns - 2;  // of a block, whose lines are indented

struct KeyName {
    const char *name;
    XdpErrorKey key;
};
const KeyName key_names[] = {{"error", XdpErrorKey::error},
                             {"program", XdpErrorKey::program},
                             {"dev", XdpErrorKey::dev},
                             {"target", XdpErrorKey::target},
                             {"cpu", XdpErrorKey::cpu}};

bool is_of(const XdpErrorView &view, const XdpError &error) {
    return (!view.netns || error.netns == view.netns) &&
           (!view.ifindex || error.ifindex == view.ifindex);
}

XdpErrorGroup key_of(const XdpError &error, uint32_t cpu, XdpErrorKeys keys) {
    XdpErrorGroup group;
    if (has(keys, XdpErrorKey::error)) {
        group.error.kind = error.kind;
        group.error.code = error.code;
    }
    if (has(keys, XdpErrorKey::program))
        group.error.program = error.program;
    if (has(keys, XdpErrorKey::dev)) {
        group.error.netns = error.netns;
        group.error.ifindex = error.ifindex;
    }
    if (has(keys, XdpErrorKey::target)) {
        // What a target is depends on the kind, and a device on its namespace.
        group.error.kind = error.kind;
        group.error.netns = error.netns;
        group.error.target = error.target;
        group.error.map = error.map;
    }
    if (has(keys, XdpErrorKey::cpu))
        group.cpu = cpu;
    return group;
}

auto order_of(const XdpErrorGroup &group) {
    const XdpError &error = group.error;
    return std::tuple(error.kind, error.code, error.netns, error.ifindex, error.program, error.map,
                      error.target, group.cpu);
}

uint64_t frames_before(const XdpErrorReport &report, const XdpErrorGroup &group) {
    for (const XdpErrorGroup &old : report.before)
        if (order_of(old) == order_of(group))
            return old.error.frames;
    return 0;
}

uint64_t all_frames(const std::vector<XdpErrorGroup> &groups) {
    uint64_t sum = 0;
    for (const XdpErrorGroup &group : groups)
        sum += group.error.frames;
    return sum;
}

double rate_of(uint64_t frames, double seconds) {
    return seconds > 0 ? static_cast<double>(frames) / seconds : 0;
}

bool is_to_cpu(XdpErrorKind kind) {
    return kind == XdpErrorKind::cpumap_enqueue || kind == XdpErrorKind::cpumap_kthread;
}

Value target_of(const XdpError &error, XdpNames &names) {
    if (is_to_cpu(error.kind))
        return "CPU " + std::to_string(error.target);
    if (error.kind == XdpErrorKind::devmap)
        return device_words(names, error.netns, error.target);
    return {};
}

struct Cell {
    XdpErrorKeys of;  // shown when one of these keys was asked for; 0: always
    DocumentColumn column;
    Value value;
};

std::vector<Cell> error_cells(const XdpErrorGroup &group) {
    const XdpError &error = group.error;
    const auto of = static_cast<XdpErrorKeys>(XdpErrorKey::error);
    const bool is_exception = error.kind == XdpErrorKind::exception;
    const bool has_errno = !is_exception && !is_to_cpu(error.kind);
    return {
        {of, {"error", "ERROR"}, words_of(error.kind, error.code).name},
        {of, {"tracepoint", ""}, std::string(name_of(error.kind))},
        {of, {"action", ""}, is_exception ? Value(xdp_action_name(error.code)) : Value()},
        {of, {"answer", ""}, is_exception ? Value(int64_t{error.code}) : Value()},
        {of, {"errno", ""}, has_errno ? Value(int64_t{error.code}) : Value()},
        {of, {"errno_name", ""}, has_errno && error.code ? Value(errno_name(error.code)) : Value()},
    };
}

std::vector<Cell> place_cells(const XdpErrorGroup &group, XdpNames &names) {
    const XdpError &error = group.error;
    const auto program = static_cast<XdpErrorKeys>(XdpErrorKey::program);
    const auto dev = static_cast<XdpErrorKeys>(XdpErrorKey::dev);
    const auto target = static_cast<XdpErrorKeys>(XdpErrorKey::target);
    const auto cpu = static_cast<XdpErrorKeys>(XdpErrorKey::cpu);
    const bool is_known = error.program != 0, is_somewhere = error.netns != 0;
    const std::string name = is_known ? names.program(error.program) : "";
    return {
        {program,
         {"program_title", "PROGRAM"},
         is_known ? Value(program_words(names, error.program)) : Value()},
        {program, {"program", ""}, name.empty() ? Value() : Value(name)},
        {program, {"program_id", ""}, is_known ? Value(uint64_t{error.program}) : Value()},
        {dev,
         {"dev", "DEV"},
         error.ifindex ? Value(device_words(names, error.netns, error.ifindex)) : Value()},
        {dev, {"ifindex", ""}, error.ifindex ? Value(uint64_t{error.ifindex}) : Value()},
        {dev, {"netns", "NETNS"}, is_somewhere ? Value(netns_words(names, error.netns)) : Value()},
        {dev, {"netns_inode", ""}, is_somewhere ? Value(uint64_t{error.netns}) : Value()},
        {target, {"target", "TO"}, target_of(error, names)},
        {target, {"map_id", ""}, error.map ? Value(uint64_t{error.map}) : Value()},
        {cpu, {"cpu", "CPU"}, uint64_t{group.cpu}},
    };
}

std::vector<Cell> cells_of(const XdpErrorReport &report, const XdpErrorGroup &group,
                           XdpNames &names) {
    const uint64_t since = group.error.frames - frames_before(report, group);
    std::vector<Cell> cells = {
        {0, {"frames", "FRAMES"}, group.error.frames},
        {0, {"frames_per_second", "PER S"}, rate_of(since, report.period_seconds)}};
    for (Cell &cell : error_cells(group))
        cells.push_back(std::move(cell));
    for (Cell &cell : place_cells(group, names))
        cells.push_back(std::move(cell));
    std::erase_if(cells,
                  [&](const Cell &cell) { return cell.of && !(cell.of & report.view.keys); });
    return cells;
}

Section total_section(const XdpErrorReport &report) {
    const uint64_t frames = all_frames(report.groups);
    const double rate = rate_of(frames, report.seconds);
    Section section;
    section.type = "xdp_error_total";
    section.shape = SectionShape::lines;
    section.columns = {{"frames", ""}, {"seconds", ""}, {"frames_per_second", ""}, {"text", ""}};
    section.rows = {{frames, report.seconds, rate,
                     std::to_string(frames) + (frames == 1 ? " error in " : " errors in ") +
                         value_text(report.seconds, ValueForm::plain) + " s (" +
                         value_text(rate, ValueForm::plain) + "/s)"}};
    return section;
}

Section table_of(const XdpErrorReport &report, XdpNames &names) {
    Section section;
    section.type = "xdp_error";
    section.if_empty = "no program failed, and no frame that one redirected or sent back";
    for (const Cell &cell : cells_of(report, {}, names))
        section.columns.push_back(cell.column);
    for (const XdpErrorGroup &group : report.groups) {
        section.rows.emplace_back();
        for (const Cell &cell : cells_of(report, group, names))
            section.rows.back().push_back(cell.value);
    }
    return section;
}

Section explanations_of(const XdpErrorReport &report) {
    Section section;
    section.type = "xdp_error_cause";
    section.shape = SectionShape::blocks;
    section.columns = {
        {"error", ""}, {"cause", "", ValueForm::json}, {"next", "", ValueForm::json}, {"text", ""}};
    std::set<std::string> said;
    if (!has(report.view.keys, XdpErrorKey::error))
        return section;
    for (const XdpErrorGroup &group : report.groups) {
        const XdpErrorWords words = words_of(group.error.kind, group.error.code);
        if (!said.insert(words.name).second)
            continue;
        std::vector<std::string> text = wrapped_lines(words.cause, below_name);
        if (!words.next.empty())
            for (const std::string &line : wrapped_lines("next: " + words.next, below_name))
                text.push_back(line);
        section.rows.push_back(
            {words.name, words.cause, words.next.empty() ? Value() : Value(words.next), text});
    }
    return section;
}

}  // namespace

Result<XdpErrorKeys> error_keys_by_name(const std::vector<std::string> &names) {
    XdpErrorKeys keys = 0;
    for (const std::string &name : names) {
        const auto *known = std::find_if(std::begin(key_names), std::end(key_names),
                                         [&](const KeyName &key) { return name == key.name; });
        if (known == std::end(key_names))
            return Error{Errc::usage, "--by does not know '" + name + "'",
                         "it takes one or more of " + error_key_names()};
        keys |= static_cast<XdpErrorKeys>(known->key);
    }
    return keys ? keys : default_error_keys;
}

std::string error_key_names() {
    std::string text;
    for (const KeyName &key : key_names)
        text += (text.empty() ? "" : ", ") + std::string(key.name);
    return text;
}

std::vector<XdpErrorGroup> group_errors(const std::vector<XdpError> &errors,
                                        const XdpErrorView &view) {
    std::vector<XdpErrorGroup> groups;
    const auto add = [&](XdpErrorGroup key, uint64_t frames) {
        for (XdpErrorGroup &group : groups)
            if (order_of(group) == order_of(key)) {
                group.error.frames += frames;
                return;
            }
        key.error.frames = frames;
        groups.push_back(std::move(key));
    };
    for (const XdpError &error : errors) {
        if (!is_of(view, error))
            continue;
        if (!has(view.keys, XdpErrorKey::cpu)) {
            add(key_of(error, 0, view.keys), error.frames);
            continue;
        }
        for (uint32_t cpu = 0; cpu < error.by_cpu.size(); cpu++)
            if (error.by_cpu[cpu])
                add(key_of(error, cpu, view.keys), error.by_cpu[cpu]);
    }
    std::stable_sort(groups.begin(), groups.end(),
                     [](const XdpErrorGroup &a, const XdpErrorGroup &b) {
                         return a.error.frames > b.error.frames;
                     });
    return groups;
}

std::vector<Section> error_sections(const XdpErrorReport &report, XdpNames &names) {
    std::vector<Section> sections = {total_section(report), table_of(report, names)};
    if (Section why = explanations_of(report); !why.rows.empty())
        sections.push_back(std::move(why));
    return sections;
}

Losses error_losses(const XdpErrorTotals &totals) {
    Losses losses;
    if (totals.no_room)
        losses.push_back({"no_room", totals.no_room, "frames",
                          "were of more kinds of errors than there is room for"});
    if (totals.passed_over)
        losses.push_back({"recursion", totals.passed_over, "events",
                          "the kernel did not run the probe because it was already running on that "
                          "CPU"});
    return losses;
}

}  // namespace whydrop
