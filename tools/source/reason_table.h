// SPDX-License-Identifier: GPL-2.0-or-later
// The drop reasons a kernel names: number -> name, and name -> numbers for -r.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/reason.h"
#include "sys/result.h"

namespace whydrop {

// The words of -r.
struct ReasonWords {
    bool negated = false;            // all but these
    std::vector<std::string> names;  // or numbers; without '!'
};
// Errors: usage, where some words begin with '!' and others do not.
Result<ReasonWords> reason_words(const std::vector<std::string> &words);

// The form in which names are compared: in capitals, without the underscores and the
// SKB_DROP_REASON_ that they begin with.
std::string bare_reason_name(std::string_view name);

class ReasonTable {
  public:
    struct Entry {
        Reason reason;
        bool drop = true;  // false: SKB_CONSUMED and SKB_NOT_DROPPED_YET, which are not losses
    };

    // The filling: the enumerators of skb_drop_reason_subsys, skb_drop_reason and the subsystems'
    // enumerations, as the kernel spells them. Enumerators that are no reasons (masks, MAX,
    // __X_DROP_REASON where a subsystem's numbers begin) are left out. Call sort() when all are in.
    void add_subsystem(std::string_view enumerator, uint32_t id);
    void add_core(std::string_view enumerator, uint32_t code);
    void add_other(std::string_view enumerator, uint32_t code);
    void sort();

    // By code, then in the order of filling.
    [[nodiscard]] const std::vector<Entry> &entries() const { return entries_; }
    [[nodiscard]] bool empty() const { return entries_.empty(); }

    // Nullptr: the table has no such number.
    [[nodiscard]] const Entry *find(uint32_t code) const;
    // find(), or else a Reason without a name.
    [[nodiscard]] Reason reason(uint32_t code) const;
    // "core", "mac80211", ...; the number for an id this kernel does not name.
    [[nodiscard]] std::string subsystem(uint32_t code) const;
    [[nodiscard]] bool knows_subsystem(uint32_t code) const;

    // All codes of a name, with or without its prefix, in any case, or of a number (decimal or 0x).
    // Empty: there is no such name.
    [[nodiscard]] std::vector<uint32_t> codes(std::string_view name) const;
    // Why codes() is empty, with the names that come near. Errc::usage.
    [[nodiscard]] Error unknown(std::string_view name) const;

  private:
    std::vector<Entry> entries_;
    std::map<uint32_t, std::string> subsystems_;  // by the top 16 bits
};

}  // namespace whydrop
