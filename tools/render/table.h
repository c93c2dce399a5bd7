// SPDX-License-Identifier: GPL-2.0-or-later
// Rows in columns. Text columns give way when the whole does not fit, numbers never.
#pragma once

#include <string>
#include <vector>

namespace whydrop {

class Table {
  public:
    struct Column {
        std::string name;     // uppercase, with its unit
        bool number = false;  // to the right, and never cut
        int yields = 1;       // columns with the highest give way first, then the next ones
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as there are columns; cells are printable text (words.h).
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] size_t rows() const { return rows_.size(); }

    // One string a line, without newlines. max_columns 0: as wide as it gets. The header is the
    // first line if asked for.
    [[nodiscard]] std::vector<std::string> lines(size_t max_columns, bool header) const;

  private:
    [[nodiscard]] std::vector<size_t> widths(size_t max_columns, bool header) const;
    [[nodiscard]] std::string line(const std::vector<std::string> &cells,
                                   const std::vector<size_t> &widths) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace whydrop
