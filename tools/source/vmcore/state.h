// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of a vmcore's sections share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdump/kernel.h"
#include "kdump/walk/backtraces.h"
#include "kdump/walk/bpf.h"
#include "kdump/walk/module_types.h"
#include "kdump/walk/modules.h"
#include "kdump/walk/net.h"
#include "kdump/walk/tasks.h"
#include "kdump/walk/work.h"
#include "source/vmcore/source_lines.h"
#include "source/vmcore/vmcore.h"

namespace whydrop {

struct Vmcore::State {
    std::string path;
    std::unique_ptr<kdump::Kernel> kernel;
    SourceLines source;
    Losses losses;

    // Each is read once; what could not be read is among the losses then.
    const kdump::Tasks &tasks();
    const kdump::Network &network();
    const kdump::Workqueues &workqueues();
    const kdump::BpfObjects &bpf();
    const std::vector<kdump::ModuleTypes> &module_types();
    // Whose types have this structure: the kernel's or a module's, with its name. nullptr: none.
    std::pair<kdump::Types *, std::string> types_with(const std::string &structure);
    kdump::Backtraces *backtraces();  // nullptr: this kernel cannot be unwound

    // Counts what is missing of one kind; nothing for 0.
    void lose(const std::string &kind, uint64_t count, const std::string &unit,
              const std::string &why);
    // A line for each frame: "ip_rcv+0x1c", its source line if known, and what is special about it;
    // above it the functions that were inlined there. With `registers` those of exceptions below.
    std::vector<std::string> frames_text(const kdump::Backtrace &trace, bool registers = false);

  private:
    std::vector<std::string> frame_text(const kdump::Frame &frame);

    std::optional<kdump::Tasks> tasks_;
    std::optional<kdump::Network> network_;
    std::optional<std::vector<kdump::ModuleTypes>> module_types_;
    std::optional<kdump::Workqueues> workqueues_;
    std::optional<kdump::BpfObjects> bpf_;
    std::optional<kdump::Backtraces> backtraces_;
    bool cannot_unwind_ = false;
};

const char *work_state_text(kdump::WorkState state);  // "running"

// "RIP: ..., RSP: ..." in the order in which the kernel's own reports have them.
std::vector<std::string> register_lines(const kdump::Registers &registers);

// Absent where empty.
inline Value text_value(std::string text) {
    return text.empty() ? Value() : Value(std::move(text));
}
template <typename T>
Value optional_value(const std::optional<T> &value) {
    return value ? Value(static_cast<uint64_t>(*value)) : Value();
}

}  // namespace whydrop
