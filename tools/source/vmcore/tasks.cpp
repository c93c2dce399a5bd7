// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks, CPUs and their stacks.
#include <algorithm>
#include <map>

#include "source/vmcore/state.h"

namespace whydrop {

namespace {

using namespace kdump;

const std::vector<DocumentColumn> task_columns = {
    {"pid", "PID"},      {"tgid", "TGID"},   {"ppid", "PPID"},
    {"cpu", "CPU"},      {"state", "STATE"}, {"task", "TASK", ValueForm::hex},
    {"comm", "COMMAND"},
};

// Of the frames alone: a stack's lines may be of registers, or say what is special.
Value addresses_of(const Backtrace &trace) {
    std::vector<std::string> addresses;
    for (const Frame &frame : trace.frames)
        addresses.push_back(hex(frame.ip));
    return addresses;
}

std::vector<Value> task_row(const Task &task) {
    return {int64_t{task.pid},
            int64_t{task.tgid},
            int64_t{task.parent},
            uint64_t{task.cpu},
            task.state_letters() + (task.on_cpu ? "+" : ""),
            task.address,
            task.comm};
}

}  // namespace

std::vector<std::string> register_lines(const Registers &registers) {
    constexpr Register rows[][3] = {
        {Register::ip, Register::sp, Register::flags},
        {Register::ax, Register::bx, Register::cx},
        {Register::dx, Register::si, Register::di},
        {Register::bp, Register::r8, Register::r9},
        {Register::r10, Register::r11, Register::r12},
        {Register::r13, Register::r14, Register::r15},
    };
    std::vector<std::string> lines;
    for (const auto &row : rows) {
        std::string line;
        for (const Register which : row)
            if (const auto value = registers.get(which)) {
                std::string digits = hex(*value).substr(2);
                digits.insert(0, 16 - std::min<size_t>(16, digits.size()), '0');
                line +=
                    (line.empty() ? "" : "  ") + std::string(register_name(which)) + ": " + digits;
            }
        if (!line.empty())
            lines.push_back("    " + line);
    }
    return lines;
}

Section Vmcore::tasks() {
    Section section;
    section.type = "task";
    section.columns = task_columns;
    for (const Task &task : state_->tasks().all)
        section.rows.push_back(task_row(task));
    return section;
}

Section Vmcore::running() {
    Section section;
    section.type = "cpu";
    section.title = "CPUS";
    section.shape = SectionShape::blocks;
    section.columns = {{"cpu", "CPU"},
                       {"pid", "PID"},
                       {"comm", "COMMAND"},
                       {"panic", "PANIC"},
                       {"problem", ""},
                       {"stack", "STACK"},
                       {"addresses", "", ValueForm::json}};
    Kernel &kernel = *state_->kernel;
    const auto panic = kernel.value<uint32_t>("panic_cpu");
    for (size_t i = 0; i < kernel.cpus().size(); i++) {
        const uint32_t cpu = kernel.cpus()[i];
        const auto ran = running_on(kernel, cpu);
        const auto task = ran ? std::optional<Task>(*ran) : std::nullopt;
        std::vector<Value> row = {uint64_t{cpu},
                                  task ? Value(int64_t{task->pid}) : Value(),
                                  task ? Value(task->comm) : Value(),
                                  panic && *panic == cpu ? Value(true) : Value(),
                                  Value(),
                                  Value(),
                                  Value()};
        if (Backtraces *backtraces = state_->backtraces()) {
            const auto trace = backtraces->of_cpu(i, task);
            if (trace) {
                row[5] = state_->frames_text(*trace, true);
                row[6] = addresses_of(*trace);
            } else {
                row[4] = trace.error().what;
            }
        }
        section.rows.push_back(std::move(row));
    }
    return section;
}

Section Vmcore::blocked() {
    Section section;
    section.type = "blocked";
    section.title = "BLOCKED TASKS";
    section.shape = SectionShape::blocks;
    section.if_empty = "no task was blocked (state D)";
    section.columns = {{"tasks", "TASKS"}, {"names", ""}, {"stack", "STACK"}};
    Backtraces *backtraces = state_->backtraces();
    std::map<std::vector<std::string>, std::vector<std::string>> by_stack;
    for (const Task &task : state_->tasks().all)
        if (task.blocked() && !task.on_cpu)
            by_stack[backtraces ? state_->frames_text(backtraces->of_sleeping(task))
                                : std::vector<std::string>()]
                .push_back(task.comm + " (" + std::to_string(task.pid) + ")");
    for (const auto &[stack, names] : by_stack) {
        std::string joined;
        for (const auto &name : names)
            joined += (joined.empty() ? "" : ", ") + name;
        section.rows.push_back({static_cast<uint64_t>(names.size()), joined, stack});
    }
    std::stable_sort(section.rows.begin(), section.rows.end(), [](const auto &a, const auto &b) {
        return std::get<uint64_t>(a[0]) > std::get<uint64_t>(b[0]);
    });
    return section;
}

Result<Section> Vmcore::backtraces(std::optional<int64_t> pid) {
    Section section;
    section.type = "backtrace";
    section.shape = SectionShape::blocks;
    section.columns = {{"pid", "PID"},      {"cpu", "CPU"},     {"state", "STATE"},
                       {"comm", "COMMAND"}, {"stack", "STACK"}, {"addresses", "", ValueForm::json}};
    Backtraces *backtraces = state_->backtraces();
    for (const Task &task : state_->tasks().all) {
        if (pid && task.pid != *pid)
            continue;
        std::vector<Value> row = {int64_t{task.pid},
                                  uint64_t{task.cpu},
                                  task.state_letters(),
                                  task.comm,
                                  Value(),
                                  Value()};
        if (backtraces && !task.on_cpu) {
            const Backtrace trace = backtraces->of_sleeping(task);
            row[4] = state_->frames_text(trace);
            row[5] = addresses_of(trace);
        } else if (backtraces) {
            const auto &cpus = state_->kernel->cpus();
            const auto at = std::find(cpus.begin(), cpus.end(), task.cpu);
            const auto trace = backtraces->of_cpu(static_cast<size_t>(at - cpus.begin()), task);
            if (trace) {
                row[4] = state_->frames_text(*trace, true);
                row[5] = addresses_of(*trace);
            }
        }
        section.rows.push_back(std::move(row));
    }
    if (pid && section.rows.empty())
        return Error{Errc::usage, "there was no task with pid " + std::to_string(*pid),
                     "'whydrop vmcore ps CORE' lists them"};
    return section;
}

}  // namespace whydrop
