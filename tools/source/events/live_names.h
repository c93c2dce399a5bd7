// SPDX-License-Identifier: GPL-2.0-or-later
// Names that the running kernel has.
#pragma once

#include <map>
#include <string>

#include "source/events/event_names.h"
#include "source/kallsyms.h"
#include "sys/tracefs.h"

namespace whydrop {

class LiveNames : public EventNames {
  public:
    // `top`: of tracefs, whose saved_cmdlines knows processes that are gone.
    explicit LiveNames(TraceDir top) : top_(std::move(top)) {}

    Function function(uint64_t address) override;
    // As it is called at the question. A thread has a name of its own.
    std::string process(int32_t pid) override;
    void expect(std::span<const uint64_t> addresses) override { symbols_.resolve_all(addresses); }

    // Why functions have no names; empty when they have.
    std::string problem() { return symbols_.problem(); }

  private:
    TraceDir top_;
    Symbolizer symbols_;
};

// The name of `pid` in the text of saved_cmdlines: "4321 bash" in a line. Empty: it is not there.
std::string saved_name(const std::string &text, int32_t pid);

}  // namespace whydrop
