// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/table.h"

#include <algorithm>
#include <numeric>

#include "render/words.h"

namespace whydrop {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kNarrowest = 8;  // a text column keeps so many

}  // namespace

std::vector<size_t> Table::widths(size_t max_columns, bool header) const {
    std::vector<size_t> widths;
    for (size_t i = 0; i < columns_.size(); ++i) {
        size_t widest = header ? width(columns_[i].name) : 0;
        for (const auto &row : rows_)
            widest = std::max(widest, width(row[i]));
        widths.push_back(widest);
    }
    size_t gaps = columns_.empty() ? 0 : kGap * (columns_.size() - 1);
    size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
    while (max_columns && total > max_columns) {
        size_t victim = columns_.size();
        auto before_victim = [&](size_t i) {
            return victim == columns_.size() || columns_[i].yields > columns_[victim].yields ||
                   (columns_[i].yields == columns_[victim].yields && widths[i] > widths[victim]);
        };
        for (size_t i = 0; i < columns_.size(); ++i)
            if (!columns_[i].number && widths[i] > kNarrowest && before_victim(i))
                victim = i;
        if (victim == columns_.size())
            break;
        --widths[victim];
        --total;
    }
    return widths;
}

std::string Table::line(const std::vector<std::string> &cells,
                        const std::vector<size_t> &widths) const {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
        std::string cell = cut(cells[i], widths[i]);
        std::string blanks(widths[i] - std::min(widths[i], width(cell)), ' ');
        text += (i ? std::string(kGap, ' ') : "") +
                (columns_[i].number ? blanks + cell : cell + blanks);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

std::vector<std::string> Table::lines(size_t max_columns, bool header) const {
    std::vector<size_t> fitted = widths(max_columns, header);
    std::vector<std::string> lines;
    if (header) {
        std::vector<std::string> names;
        for (const auto &column : columns_)
            names.push_back(column.name);
        lines.push_back(line(names, fitted));
    }
    for (const auto &row : rows_)
        lines.push_back(line(row, fitted));
    return lines;
}

}  // namespace whydrop
