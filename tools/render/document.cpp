// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "codec/document_json.h"
#include "codec/json.h"
#include "render/drop_text.h"
#include "render/table.h"
#include "render/words.h"

namespace whydrop {

namespace {

std::string bytes_text(uint64_t bytes) {
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
    auto number = static_cast<double>(bytes);
    size_t unit = 0;
    for (; number >= 1024 && unit + 1 < std::size(units); unit++)
        number /= 1024;
    return unit ? fmt::format("{:.1f} {}", number, units[unit]) : fmt::format("{} bytes", bytes);
}

std::string span_text(uint64_t seconds) {
    constexpr uint64_t minute = 60, hour = 3600, day = 86400;
    const uint64_t days = seconds / day;
    return (days ? fmt::format("{} {}, ", days, days == 1 ? "day" : "days") : "") +
           fmt::format("{:02}:{:02}:{:02}", seconds % day / hour, seconds % hour / minute,
                       seconds % minute);
}

std::string time_text(uint64_t unix_s) {
    const auto time = static_cast<std::time_t>(unix_s);
    std::tm local{};
    char text[64];
    if (!::localtime_r(&time, &local) || !std::strftime(text, sizeof text, "%F %T %Z", &local))
        return std::to_string(unix_s);
    return text;
}

// A bar of blocks, eighths of one at its end: columns that are 100 % long.
std::string share_text(double percent) {
    constexpr size_t columns = 12, eighths = 8;
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double share = std::clamp(percent / 100, 0.0, 1.0);
    const auto length = static_cast<size_t>(std::lround(share * columns * eighths));
    std::string bar;
    for (size_t i = 0; i < length / eighths; i++)
        bar += "█";
    bar += parts[length % eighths];
    const size_t taken = length / eighths + (length % eighths ? 1 : 0);
    return fmt::format("{:.2f} ", percent) + bar + std::string(columns - taken, ' ');
}

bool is_number(const Value &value) {
    return std::holds_alternative<uint64_t>(value) || std::holds_alternative<int64_t>(value) ||
           std::holds_alternative<double>(value);
}

std::string cell_text(const Value &value, ValueForm form, bool bars) {
    return value_text(value, form == ValueForm::share && !bars ? ValueForm::plain : form);
}

Table table_of(const Section &section, bool bars) {
    std::vector<Table::Column> columns;
    for (size_t i = 0; i < section.columns.size(); i++) {
        if (section.columns[i].title.empty())
            continue;
        const bool number = section.columns[i].form != ValueForm::hex &&
                            std::any_of(section.rows.begin(), section.rows.end(),
                                        [i](const auto &row) { return is_number(row[i]); });
        columns.push_back({section.columns[i].title, number});
    }
    Table table(std::move(columns));
    for (const auto &row : section.rows) {
        std::vector<std::string> cells;
        for (size_t i = 0; i < row.size(); i++)
            if (!section.columns[i].title.empty())
                cells.push_back(cell_text(row[i], section.columns[i].form, bars));
        table.add(std::move(cells));
    }
    return table;
}

std::string facts_text(const Section &section) {
    size_t widest = 0;
    for (const auto &column : section.columns)
        widest = std::max(widest, column.title.size());
    std::string text;
    for (const auto &row : section.rows)
        for (size_t i = 0; i < row.size(); i++)
            if (!section.columns[i].title.empty() &&
                !std::holds_alternative<std::monostate>(row[i]))
                text += fmt::format("{:>{}}: {}\n", section.columns[i].title, widest,
                                    value_text(row[i], section.columns[i].form));
    return text;
}

std::string block_text(const Section &section, const std::vector<Value> &row) {
    std::string head, below;
    for (size_t i = 0; i < row.size(); i++) {
        if (section.columns[i].form == ValueForm::json)
            continue;
        if (const auto *list = std::get_if<std::vector<std::string>>(&row[i])) {
            for (const auto &line : *list)
                below += "  " + escaped(line) + "\n";
        } else if (!std::holds_alternative<std::monostate>(row[i])) {
            const std::string value = value_text(row[i], section.columns[i].form);
            head += (head.empty() ? "" : "  ") + section.columns[i].title;
            head += section.columns[i].title.empty() ? value : ": " + value;
        }
    }
    return head + "\n" + below;
}

std::string rows_text(const Section &section, const DocumentStyle &style) {
    std::string text;
    switch (section.shape) {
        case SectionShape::table:
            for (const auto &line :
                 table_of(section, style.bars).lines(style.wide ? 0 : style.columns, style.header))
                text += line + "\n";
            return text;
        case SectionShape::facts:
            return facts_text(section);
        case SectionShape::blocks:
            for (const auto &row : section.rows)
                text += block_text(section, row);
            return text;
        default:
            for (const auto &row : section.rows)
                text += value_text(row.back(), section.columns.back().form) + "\n";
            return text;
    }
}

}  // namespace

bool is_of_json(const Section &section) {
    const bool titled =
        section.shape == SectionShape::table || section.shape == SectionShape::facts;
    return titled && std::none_of(section.columns.begin(), section.columns.end(),
                                  [](const auto &column) { return !column.title.empty(); });
}

std::string section_text(const Section &section, const DocumentStyle &style) {
    if (section.rows.empty())
        return section.if_empty.empty() ? "" : section.if_empty + "\n";
    if (section.shown == 0 || section.rows.size() <= section.shown)
        return rows_text(section, style);
    Section cut = section;
    cut.rows.resize(section.shown);
    return rows_text(cut, style) +
           fmt::format("and {} more (-f json has all)\n", section.rows.size() - section.shown);
}

std::string value_text(const Value &value, ValueForm form) {
    if (std::holds_alternative<std::monostate>(value))
        return "-";
    if (const auto *number = std::get_if<uint64_t>(&value)) {
        switch (form) {
            case ValueForm::hex:
                return fmt::format("{:#x}", *number);
            case ValueForm::bytes:
                return bytes_text(*number);
            case ValueForm::seconds:
                return span_text(*number);
            case ValueForm::time:
                return time_text(*number);
            default:
                return std::to_string(*number);
        }
    }
    if (const auto *number = std::get_if<int64_t>(&value))
        return std::to_string(*number);
    if (const auto *number = std::get_if<double>(&value))
        return form == ValueForm::share ? share_text(*number) : fmt::format("{:.2f}", *number);
    if (const auto *yes = std::get_if<bool>(&value))
        return *yes ? "yes" : "no";
    if (const auto *text = std::get_if<std::string>(&value))
        return escaped(*text);
    std::string joined;
    for (const auto &item : std::get<std::vector<std::string>>(value))
        joined += (joined.empty() ? "" : ", ") + escaped(item);
    return joined;
}

Status DocumentWriter::begin(const Session &session) {
    for (const std::string &note : session.notes)
        notes_.push_back(escaped(note));
    if (!style_.json)
        return success();
    auto written = output_.write(to_json(session) + "\n");
    return written ? output_.flush() : written;  // who reads it knows that it has begun
}

std::string DocumentWriter::json_of(const Section &section, bool continues) const {
    std::string text = style_.heads && !continues ? section_line(section) + "\n" : "";
    for (const auto &line : to_json_lines(section))
        text += line + "\n";
    return text;
}

std::string DocumentWriter::text_of(const Section &section, bool continues) const {
    if (continues)
        return section_text(section, style_);
    TextStyle bold;
    bold.colour = style_.colour;
    std::string text = first_ ? "" : "\n";
    if (!section.title.empty() && style_.header)
        text += coloured(section.title, "1", bold) + "\n";
    return text + section_text(section, style_);
}

Status DocumentWriter::write(const Section &section) {
    return write(section, false);
}

Status DocumentWriter::more(const Section &section) {
    return write(section, section.type == last_type_);
}

Status DocumentWriter::write(const Section &section, bool continues) {
    if (!style_.json) {
        if (section.shape == SectionShape::notes) {
            for (const auto &row : section.rows)
                notes_.push_back(value_text(row.back(), ValueForm::plain));
            return success();
        }
        if (is_of_json(section))
            return success();
    }
    if (section.rows.empty() && section.if_empty.empty())
        return success();
    auto written =
        output_.write(style_.json ? json_of(section, continues) : text_of(section, continues));
    first_ = false;
    last_type_ = section.type;
    return written ? output_.flush() : written;
}

Status DocumentWriter::separate() {
    auto written = output_.write(style_.json || first_ ? "" : "\n");
    return written ? output_.flush() : written;
}

Status DocumentWriter::end(const Losses &losses) {
    std::string text;
    if (style_.json) {
        text = losses_to_json(losses) + "\n";
    } else {
        for (const std::string &note : notes_)
            text += wrap("note: ", note, kTextColumns);
        text += "\n" + losses_text(losses);
    }
    auto written = output_.write(text);
    return written ? output_.flush() : written;
}

}  // namespace whydrop
