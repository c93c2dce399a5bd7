// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_stats.h"

#include <algorithm>

#include "engine/xdp_error_words.h"
#include "render/document.h"
#include "source/xdp/attachments.h"

namespace whydrop {

namespace {

using Row = std::vector<Value>;

constexpr uint64_t bits = 8;
constexpr double mega = 1e6;

Value text_or_none(const std::string &text) {
    return text.empty() ? Value() : Value(text);
}

Value rate(const XdpAmount &amount, uint64_t packets) {
    const auto per_second = amount.per_second(packets);
    return per_second ? Value(*per_second) : Value();
}

Value megabits(const XdpAmount &amount, uint64_t bytes) {
    const auto per_second = amount.per_second(bits * bytes);
    return per_second ? Value(*per_second / mega) : Value();
}

std::string title_of(const XdpStanding &at) {
    return (at.part.empty() ? "" : at.part + " ") + at.name + (at.dispatches ? " (verdict)" : "") +
           (at.gone ? " (gone)" : "");
}

class CountRows {
  public:
    explicit CountRows(bool final) : final_(final) {
        section_.type = "xdp_count";
        section_.columns = {{"dev", "DEV"},         {"netns", "NETNS"},
                            {"netns_inode", ""},    {"mode", ""},
                            {"id", "ID"},           {"title", "PROGRAM"},
                            {"program", ""},        {"part", ""},
                            {"verdict", ""},        {"gone", ""},
                            {"by", "BY"},           {"action", "ACTION"},
                            {"packets", "PACKETS"}, {"packets_per_second", "PACKETS/S"},
                            {"bytes", "BYTES"},     {"mbit_per_second", "MBIT/S"},
                            {"period_s", ""},       {"final", ""}};
    }

    void add(const XdpStanding &at);
    [[nodiscard]] Section take() { return std::move(section_); }

  private:
    void add(const XdpStanding &at, Value action, Value packets, Value per_second, Value bytes,
             Value mbit) {
        section_.rows.push_back({at.dev, at.netns, at.inode ? Value(uint64_t{at.inode}) : Value(),
                                 name_of(at.mode), uint64_t{at.program}, title_of(at), at.name,
                                 text_or_none(at.part), at.dispatches, at.gone, text_or_none(at.by),
                                 std::move(action), std::move(packets), std::move(per_second),
                                 std::move(bytes), std::move(mbit),
                                 at.by.empty() ? Value() : Value(at.recent.seconds), final_});
    }

    Section section_;
    bool final_;
};

// A row for each answer that was given; one without an answer where none was, or nobody knows.
void CountRows::add(const XdpStanding &at) {
    if (at.by.empty()) {
        add(at, {}, {}, {}, {}, {});
        return;
    }
    if (at.way == XdpWay::runs) {
        add(at, {}, at.total.runs, rate(at.recent, at.recent.counts.runs), {}, {});
        return;
    }
    bool any = false;
    for (size_t i = 0; i < xdp_answers; i++) {
        const XdpCount &total = at.total.answers[i], &recent = at.recent.counts.answers[i];
        if (total.packets == 0)
            continue;
        any = true;
        add(at, std::string(name_of(static_cast<XdpAnswer>(i))), total.packets,
            rate(at.recent, recent.packets), total.bytes, megabits(at.recent, recent.bytes));
    }
    if (!any)
        add(at, {}, uint64_t{0}, rate(at.recent, 0), uint64_t{0}, megabits(at.recent, 0));
}

Section count_section(const XdpStatsReport &report) {
    CountRows rows(report.final);
    for (const XdpStanding &at : report.programs)
        rows.add(at);
    return rows.take();
}

Section counted_section(const XdpStatsReport &report) {
    Section section;
    section.type = "xdp_counted";
    section.columns = {{"id", ""}, {"program", ""}, {"by", ""}, {"map_id", ""}, {"refused", ""}};
    for (const XdpCounted &how : report.counted)
        section.rows.push_back({uint64_t{how.program}, how.name, text_or_none(how.by),
                                how.map ? Value(uint64_t{how.map}) : Value(),
                                how.refused.empty() ? Value() : Value(how.refused)});
    return section;
}

Section error_section(const XdpStatsReport &report) {
    Section section;
    section.type = "xdp_error";
    section.title = "errors";
    section.columns = {{"dev", "DEV"},
                       {"netns", "NETNS"},
                       {"netns_inode", ""},
                       {"program_id", "ID"},
                       {"tracepoint", "TRACEPOINT"},
                       {"code", ""},
                       {"error", "ERROR"},
                       {"map_id", ""},
                       {"target", "TO"},
                       {"frames", "FRAMES"},
                       {"frames_per_second", "FRAMES/S"},
                       {"period_s", ""},
                       {"final", ""}};
    for (const XdpErrorStanding &at : report.errors) {
        const XdpError &error = at.error;
        const double seconds = report.final ? report.seconds : report.period_s;
        const uint64_t frames = report.final ? error.frames : at.recent;
        section.rows.push_back(
            {text_or_none(at.dev), text_or_none(at.netns),
             error.netns ? Value(uint64_t{error.netns}) : Value(),
             error.program ? Value(uint64_t{error.program}) : Value(), name_of(error.kind),
             int64_t{error.code}, words_of(error.kind, error.code).name,
             error.map ? Value(uint64_t{error.map}) : Value(), text_or_none(at.target),
             error.frames, rate({{}, seconds}, frames), seconds, report.final});
    }
    return section;
}

Section change_section(const XdpStatsReport &report) {
    Section section;
    section.type = "xdp_change";
    section.shape = SectionShape::lines;
    section.columns = {{"at_s", ""},   {"dev", ""},    {"netns", ""}, {"netns_inode", ""},
                       {"old_id", ""}, {"new_id", ""}, {"change", ""}};
    for (const XdpChange &change : report.changes)
        section.rows.push_back(
            {change.at_s, text_or_none(change.dev), text_or_none(change.netns),
             change.inode ? Value(uint64_t{change.inode}) : Value(),
             change.old_program ? Value(uint64_t{change.old_program}) : Value(),
             change.new_program ? Value(uint64_t{change.new_program}) : Value(),
             "after " + value_text(change.at_s, ValueForm::plain) + " s: " + change.text});
    return section;
}

std::string counted_of(size_t count, const std::string &what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string headline(const XdpStatsReport &report) {
    const auto seconds = [](double value) { return value_text(value, ValueForm::plain) + " s"; };
    std::string line =
        counted_of(report.counted.size(), "XDP program") + ", " + seconds(report.seconds);
    return report.final ? line : line + "; rates of the last " + seconds(report.period_s);
}

// Why a better way of counting was not to be had, with the programs of each.
std::vector<std::string> refusals(const XdpStatsReport &report) {
    std::vector<std::string> notes;
    std::vector<std::pair<std::string, std::string>> reasons;
    for (const XdpCounted &how : report.counted)
        for (const std::string &why : how.refused) {
            auto known = std::find_if(reasons.begin(), reasons.end(),
                                      [&](const auto &reason) { return reason.first == why; });
            if (known == reasons.end())
                known = reasons.insert(known, {why, "program"});
            else
                known->second += ",";
            known->second += " " + std::to_string(how.program);
        }
    for (const auto &[why, programs] : reasons)
        notes.push_back(programs + ": no " + why);
    return notes;
}

}  // namespace

std::vector<Section> xdp_stats_sections(const XdpStatsReport &report) {
    std::vector<Section> sections = {count_section(report), counted_section(report),
                                     error_section(report), change_section(report),
                                     notes_section(refusals(report))};
    sections.front().title = headline(report);
    return sections;
}

}  // namespace whydrop
