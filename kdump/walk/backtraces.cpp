// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/backtraces.h"

#include "kdump/kernel.h"
#include "kdump/walk/modules.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t stack_bytes = 16384;  // THREAD_SIZE without KASAN

std::vector<OrcTable> tables_of(Kernel &kernel) {
    Kallsyms &symbols = kernel.symbols();
    OrcTable kernel_text;
    kernel_text.ips = symbols.address_of("__start_orc_unwind_ip");
    kernel_text.entries = symbols.address_of("__start_orc_unwind");
    const uint64_t end = symbols.address_of("__stop_orc_unwind_ip");
    if (!kernel_text.ips || !kernel_text.entries || end < kernel_text.ips)
        return {};
    kernel_text.count = (end - kernel_text.ips) / sizeof(int32_t);
    kernel_text.text_begin = symbols.address_of("_stext");
    kernel_text.text_end = symbols.address_of("_etext");
    OrcTable init_text = kernel_text;
    init_text.text_begin = symbols.address_of("_sinittext");
    init_text.text_end = symbols.address_of("_einittext");
    std::vector<OrcTable> tables = {kernel_text, init_text};
    for (const Module &module : kernel.modules())
        for (const Range &text : module.text)
            tables.push_back(
                {text.begin, text.end, module.orc_ips, module.orc_entries, module.orc_count});
    return tables;
}

}  // namespace

Result<Backtraces> Backtraces::open(Kernel &kernel) {
    auto tables = tables_of(kernel);
    if (tables.empty())
        return Error{Errc::failed, "this kernel has no tables to unwind stacks by (ORC)", ""};
    auto layout = detect_orc_layout(kernel.types().btf(), kernel.memory(), tables.front());
    if (!layout)
        return layout.error();
    auto inactive = InactiveFrame::from_btf(kernel.types().btf());
    if (!inactive)
        return inactive.error();
    auto unwinder = Unwinder::open(kernel.memory(), std::move(tables), *layout);
    if (!unwinder)
        return unwinder.error();
    return Backtraces(kernel, std::move(*unwinder), *inactive);
}

std::optional<StackLimits> Backtraces::stack_of(const Task &task) {
    if (!task.stack)
        return {};
    return StackLimits{task.stack, task.stack + stack_bytes};
}

Backtrace Backtraces::of_sleeping(const Task &task) const {
    return unwinder_.unwind_sleeping(task.sp, inactive_, stack_of(task));
}

Result<Backtrace> Backtraces::of_cpu(size_t index, const std::optional<Task> &task) const {
    const auto &notes = kernel_->memory().dump().facts().prstatus;
    if (index >= notes.size())
        return Error{Errc::failed, "the dump has no registers of this CPU", ""};
    auto registers = Registers::from_prstatus(notes[index]);
    if (!registers)
        return registers.error();
    return unwinder_.unwind(*registers, task ? stack_of(*task) : std::nullopt);
}

}  // namespace whydrop::kdump
