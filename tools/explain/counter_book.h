// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's counters mean: entries as data (counters/*.yaml), and what can be told from a
// name that has none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sys/result.h"

namespace whydrop {

enum class CounterRating {
    bad,     // something was lost or refused
    sign,    // unusual: a cause of loss, or what follows from one
    normal,  // traffic, and what belongs to it
};
const char *name_of(CounterRating rating);

struct CounterMeaning {
    CounterRating rating = CounterRating::normal;
    std::string means;                 // one sentence; empty: unknown
    std::vector<std::string> reasons;  // of drops: "core/TCP_LISTEN_OVERFLOW"; * as in rules
    std::vector<std::string> next;     // commands, or what to look at
    bool unseen = false;               // lost where no tracepoint tells of it: in the device
    bool by_name = false;              // told from the words in the name alone
};

class CounterBook {
  public:
    // What is built in. Errors: none in a binary whose tests passed.
    static Result<CounterBook> built_in();
    // Of one more file, counters/README.md shows its form. Errors: usage, with file and line.
    Status add_text(const std::string &file, std::string_view text);

    // Always an answer, also an honest "unknown".
    [[nodiscard]] CounterMeaning explain(const std::string &source, const std::string &name) const;
    // Sources that have an entry of this very name.
    [[nodiscard]] std::vector<std::string> sources_of(const std::string &name) const;
    [[nodiscard]] const std::vector<CounterMeaning> &all() const { return meanings_; }

  private:
    struct Pattern {
        std::string source, name;  // source empty: any
        size_t meaning;
    };
    [[nodiscard]] const CounterMeaning *find(const std::string &source,
                                             const std::string &name) const;

    std::vector<CounterMeaning> meanings_;
    std::unordered_map<std::string, size_t> exact_;  // "SOURCE/NAME" or "/NAME"
    std::vector<Pattern> patterns_;
};

// From the words of a name alone: "rx_queue_3_drops" of a driver, "Ip6InSomethingErrors".
CounterMeaning meaning_of_words(const std::string &source, const std::string &name);

}  // namespace whydrop
