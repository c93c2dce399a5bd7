// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/vmcore/vmcore.h"

#include <utility>

#include "source/debuginfo/locations.h"
#include "source/vmcore/state.h"

namespace whydrop {

Vmcore::Vmcore(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vmcore::Vmcore(Vmcore &&) noexcept = default;
Vmcore &Vmcore::operator=(Vmcore &&) noexcept = default;
Vmcore::~Vmcore() = default;

Result<Vmcore> Vmcore::open(const std::string &path, DebugWanted debug) {
    auto dump = kdump::open_dump(path);
    if (!dump)
        return dump.error();
    const bool incomplete = (*dump)->facts().incomplete;
    auto lines = SourceLines::open(std::move(debug));
    if (!lines)
        return lines.error();
    auto kernel = kdump::Kernel::open(std::move(*dump), [&lines](kdump::Kernel &without_types) {
        return lines->types_for(without_types);
    });
    if (!kernel)
        return Error{kernel.error().code, path + ": " + kernel.error().what,
                     incomplete ? "the file ends before the dump does: was it copied whole?"
                                : kernel.error().hint};
    if (auto attached = lines->attach(**kernel); !attached)
        return attached.error();
    // Looking for the kernel may have tried pages that it did not need.
    (void)(*kernel)->memory().take_missing();
    auto state = std::make_unique<State>();
    state->path = path;
    state->kernel = std::move(*kernel);
    state->source = std::move(*lines);
    for (const std::string &doubt : state->source.doubts())
        state->lose("debuginfo", 1, "files", doubt);
    if (incomplete)
        state->lose("incomplete", 1, "files", "the dump ends before it should: pages are missing");
    return Vmcore(std::move(state));
}

const Losses &Vmcore::losses() const {
    state_->lose("pages", state_->kernel->memory().take_missing(), "pages",
                 "were asked for and are not in the dump: what they held is missing, or zero");
    return state_->losses;
}

void Vmcore::State::lose(const std::string &kind, uint64_t count, const std::string &unit,
                         const std::string &why) {
    if (count)
        losses.push_back({kind, count, unit, why});
}

const kdump::Tasks &Vmcore::State::tasks() {
    if (!tasks_) {
        auto read = kdump::read_tasks(*kernel);
        tasks_ = read ? std::move(*read) : kdump::Tasks{{}, 1};
        lose("tasks", tasks_->lost, "tasks or lists of them",
             read ? "their memory is not in the dump" : read.error().what);
    }
    return *tasks_;
}

const kdump::Network &Vmcore::State::network() {
    if (!network_) {
        network_ = kdump::read_network(*kernel);
        lose("network", network_->lost, "devices or CPUs", "their memory is not in the dump");
    }
    return *network_;
}

const kdump::Workqueues &Vmcore::State::workqueues() {
    if (!workqueues_) {
        workqueues_ = kdump::read_workqueues(*kernel, tasks().all);
        lose("workqueues", workqueues_->lost, "workers or pools",
             "their memory is not in the dump");
    }
    return *workqueues_;
}

const kdump::BpfObjects &Vmcore::State::bpf() {
    if (!bpf_) {
        bpf_ = kdump::read_bpf(*kernel);
        lose("bpf", bpf_->lost, "tables of programs or maps", "their memory is not in the dump");
    }
    return *bpf_;
}

const std::vector<kdump::ModuleTypes> &Vmcore::State::module_types() {
    if (!module_types_) {
        uint64_t lost = 0;
        module_types_ = kdump::read_module_types(*kernel, lost);
        lose("types", lost, "modules' types", "their memory is not in the dump");
    }
    return *module_types_;
}

kdump::Backtraces *Vmcore::State::backtraces() {
    if (!backtraces_ && !cannot_unwind_) {
        auto opened = kdump::Backtraces::open(*kernel);
        cannot_unwind_ = !opened;
        if (opened)
            backtraces_.emplace(std::move(*opened));
        else
            lose("backtraces", 1, "kernels", opened.error().what);
    }
    return backtraces_ ? &*backtraces_ : nullptr;
}

std::vector<std::string> Vmcore::State::frame_text(const kdump::Frame &frame) {
    std::vector<std::string> text;
    std::string line = kernel->name_of(frame.ip, !frame.exact);
    for (const SourceLine &part : source.at(*kernel, frame.code()))
        if (part.inlined)
            text.push_back(line_text(part, {}));
        else
            line = line_text(part, line);
    if (frame.kind == kdump::FrameKind::guessed)
        line += " (guessed from the stack)";
    if (frame.kind == kdump::FrameKind::exception)
        line += " (exception)";
    text.push_back(std::move(line));
    return text;
}

std::vector<std::string> Vmcore::State::frames_text(const kdump::Backtrace &trace, bool registers) {
    std::vector<std::string> lines;
    for (const kdump::Frame &frame : trace.frames) {
        for (std::string &line : frame_text(frame))
            lines.push_back(std::move(line));
        if (registers && frame.kind == kdump::FrameKind::exception && frame.registers)
            for (std::string &line : register_lines(*frame.registers))
                lines.push_back(std::move(line));
    }
    if (!trace.complete)
        lines.push_back("... " + trace.ended);
    return lines;
}

}  // namespace whydrop
