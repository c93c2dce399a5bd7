// SPDX-License-Identifier: GPL-2.0-or-later
// A dump that remembers which of its pages somebody wanted in vain. Whoever needed one goes on
// without it, often without a word: so the report says at its end how many there were.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "kdump/format/dump.h"

namespace whydrop::kdump {

class MissingPages : public Dump {
  public:
    explicit MissingPages(std::unique_ptr<Dump> dump) : dump_(std::move(dump)) {
        facts_ = dump_->facts();
    }

    Status read(uint64_t paddr, std::span<uint8_t> to) override {
        auto done = dump_->read(paddr, to);
        if (!done)
            look_for_missing(pfn_of(paddr), pfn_of(paddr + to.size() - 1));
        return done;
    }
    [[nodiscard]] bool has_page(uint64_t pfn) const override { return dump_->has_page(pfn); }
    [[nodiscard]] std::vector<Range> ranges() const override { return dump_->ranges(); }

    // How many since the last call.
    uint64_t take() { return std::exchange(pages_, {}).size(); }

  private:
    void look_for_missing(uint64_t first, uint64_t last) {
        uint8_t byte = 0;
        for (uint64_t pfn = first; pfn <= last; pfn++)
            if (is_memory(pfn) && (first == last || !dump_->read(pfn * page_bytes, {&byte, 1})))
                pages_.insert(pfn);
    }

    // What lies beyond all memory was asked for by mistake.
    bool is_memory(uint64_t pfn) {
        if (!end_) {
            const auto ranges = dump_->ranges();
            end_ = ranges.empty() ? 0 : pfn_of(ranges.back().end);
        }
        return pfn < *end_ || dump_->has_page(pfn);
    }

    std::unique_ptr<Dump> dump_;
    std::optional<uint64_t> end_;  // a page's number
    std::set<uint64_t> pages_;
};

}  // namespace whydrop::kdump
