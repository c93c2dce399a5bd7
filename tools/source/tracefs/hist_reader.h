// SPDX-License-Identifier: GPL-2.0-or-later
// One entry of a `hist` file: { protocol: 2048, len: ~ 2^6  } hitcount: 7  len: 448
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/histogram.h"

namespace whydrop {

class HistReader {
  public:
    // `values` as the trigger has them, "hitcount" among them.
    HistReader(const std::vector<HistKey> &keys, const std::vector<std::string> &values);

    // Takes an entry off the front of `text`, which begins with "{ ". Nothing: it is none.
    std::optional<HistEntry> read(std::string_view &text) const;

  private:
    [[nodiscard]] std::optional<HistKeyValue> key_value(std::string_view &text, size_t i) const;
    bool tail(std::string_view &text, HistEntry &entry) const;

    const std::vector<HistKey> &keys_;
    struct Column {
        std::string mark;  // " len: "
        bool is_hits = false, is_hex = false;
    };
    std::vector<Column> columns_;
    std::vector<std::string> ends_;  // what stands behind each key
};

}  // namespace whydrop
