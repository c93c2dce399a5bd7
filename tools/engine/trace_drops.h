// SPDX-License-Identifier: GPL-2.0-or-later
// skb:kfree_skb of a trace.dat, counted: by what the event has of a drop, which is no packet.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/report.h"
#include "source/drop_filter.h"
#include "source/tracedat/trace_dat.h"

namespace whydrop {

class TraceDrops {
  public:
    static constexpr GroupKeys possible_keys =
        static_cast<GroupKeys>(GroupKey::reason) | static_cast<GroupKeys>(GroupKey::location) |
        static_cast<GroupKeys>(GroupKey::proto) | static_cast<GroupKeys>(GroupKey::comm);

    // `by` 0: reason, location and protocol. Errors: usage, for keys and filters that ask what the
    // event does not have.
    static Result<TraceDrops> make(TraceDat &file, const TraceDat::Kind &kind, GroupKeys by,
                                   const DropFilter &filter);

    void add(const TraceEventView &event);
    // Groups, those with most events first; nothing is explained.
    [[nodiscard]] Report report();
    [[nodiscard]] Losses losses() const;
    [[nodiscard]] bool has_reasons() const { return has_reason_; }

  private:
    struct Key {
        uint64_t location = 0;
        uint32_t reason = 0, pid = 0;
        uint16_t protocol = 0;
        bool in_interrupt = false;
        bool operator==(const Key &) const = default;
    };
    struct Hash {
        size_t operator()(const Key &key) const;
    };
    struct Entry {
        uint64_t events = 0, first_ns = UINT64_MAX, last_ns = 0;
        std::vector<uint64_t> stack;
    };
    using Groups = std::unordered_map<Key, Entry, Hash>;

    TraceDrops(TraceDat &file, GroupKeys by) : file_(file), by_(by) {}
    Status set_reasons(const DropFilter &filter, const EventField &field);
    bool passes(const Key &key);
    Entry *entry(const Key &key);
    [[nodiscard]] Reason reason(uint32_t code) const;
    DropGroup group(const Key &key, const Entry &entry);
    std::string comm(const Key &key);

    TraceDat &file_;
    GroupKeys by_;
    FieldReader reason_, location_, protocol_, pid_, flags_;
    bool has_reason_ = false, has_protocol_ = false;
    std::vector<std::pair<uint64_t, std::string>> names_;  // of reasons
    std::vector<uint32_t> wanted_;
    bool has_wanted_ = false, negated_ = false;
    std::optional<uint16_t> wanted_protocol_;
    std::optional<uint32_t> wanted_pid_;
    std::string wanted_comm_;
    Groups groups_;
    Groups::value_type *last_ = nullptr;  // the same often comes again
    Count other_;
    uint64_t unreadable_ = 0, in_interrupt_ = 0;
};

}  // namespace whydrop
