// SPDX-License-Identifier: GPL-2.0-or-later
// {dev}, {dport} and the like in the texts of rules.
#pragma once

#include <optional>
#include <string>

#include "model/drop.h"

namespace whydrop {

// The first {word} that stands for nothing.
std::optional<std::string> unknown_placeholder(const std::string &text);
std::string placeholder_names();  // "{location}, ..." for errors

// What is known of the group, and of one drop in it where that knows more; nullptr: none.
class Filler {
  public:
    Filler(const DropGroup &group, const DropRecord *drop);
    // Unknown words become their name in capitals. The texts are pasted into shells, so whatever
    // could mean something to one counts as unknown.
    [[nodiscard]] std::string fill(const std::string &text) const;

  private:
    std::string location_, dev_, src_, dst_, sport_, dport_;
};

}  // namespace whydrop
