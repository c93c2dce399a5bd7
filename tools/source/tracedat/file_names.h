// SPDX-License-Identifier: GPL-2.0-or-later
// Names of functions and processes as a trace.dat keeps them: those of the machine it is of.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/symbol.h"
#include "source/events/event_names.h"

namespace whydrop::tracedat {

class FileNames : public EventNames {
  public:
    // The texts are kept by the caller. Nothing is looked at before the first question.
    FileNames(const std::string &kallsyms, const std::string &cmdlines)
        : kallsyms_(kallsyms), cmdlines_(cmdlines) {}

    Function function(uint64_t address) override;
    std::string process(int32_t pid) override;
    Symbol symbol(uint64_t address);

  private:
    struct Entry {
        uint64_t address = 0;
        size_t name = 0;  // where it begins in kallsyms_
    };
    void read_functions();
    void read_processes();

    const std::string &kallsyms_, &cmdlines_;
    std::vector<Entry> functions_;
    std::unordered_map<int32_t, std::string> processes_;
    bool has_functions_ = false, has_processes_ = false;
};

}  // namespace whydrop::tracedat
