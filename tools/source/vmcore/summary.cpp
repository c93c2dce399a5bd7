// SPDX-License-Identifier: GPL-2.0-or-later
// The first block, as crash prints it; the log; what the file says of itself.
#include "kdump/walk/summary.h"

#include <fmt/format.h>

#include "kdump/walk/log.h"
#include "source/vmcore/state.h"

namespace whydrop {

namespace {

using namespace kdump;

std::string dump_text(const std::string &path, const DumpFacts &facts) {
    std::string text = path + " (" + facts.format;
    if (!facts.compression.empty())
        text += ", " + facts.compression;
    if (facts.dump_level)
        text += ", dump level " + std::to_string(*facts.dump_level);
    return text + ")";
}

std::string load_text(const Summary &summary) {
    if (!summary.load)
        return {};
    return fmt::format("{:.2f}, {:.2f}, {:.2f}", (*summary.load)[0], (*summary.load)[1],
                       (*summary.load)[2]);
}

// The last oops and the panic that it led to, as the log has them.
std::string panic_text(Kernel &kernel) {
    const auto log = read_log(kernel);
    std::string oops, panic;
    for (size_t i = 0; log && i < log->records.size(); i++) {
        const std::string text = log->records[i].text.substr(0, log->records[i].text.find('\n'));
        if (text.starts_with("BUG: ") || text.starts_with("kernel BUG at ") ||
            text.starts_with("general protection fault") || text.starts_with("Unable to handle"))
            oops = text;
        if (text.starts_with("Kernel panic - not syncing"))
            panic = text;
    }
    return oops + (oops.empty() || panic.empty() ? "" : "; ") + panic;
}

std::string machine_text(const Summary &summary) {
    return summary.machine +
           (summary.cpu_mhz ? fmt::format("  ({} MHz)", *summary.cpu_mhz) : std::string());
}

}  // namespace

Section Vmcore::summary() {
    Kernel &kernel = *state_->kernel;
    const Summary summary = read_summary(kernel);
    const uint32_t cpu = summary.panic_cpu.value_or(0);
    const auto task = running_on(kernel, cpu);
    Section section;
    section.type = "vmcore";
    section.shape = SectionShape::facts;
    std::vector<Value> row;
    const auto add = [&](const char *key, const char *title, Value value,
                         ValueForm form = ValueForm::plain) {
        section.columns.push_back({key, title, form});
        row.push_back(std::move(value));
    };
    const DumpFacts &facts = kernel.memory().dump().facts();
    add("build_id", "KERNEL",
        text_value(summary.build_id.empty() ? "" : "build id " + summary.build_id));
    add("dump", "DUMPFILE", dump_text(state_->path, facts));
    add("cpus", "CPUS", uint64_t{summary.cpus});
    add("time_unix_s", "DATE", optional_value(summary.time_unix_s), ValueForm::time);
    add("uptime_s", "UPTIME", optional_value(summary.uptime_s), ValueForm::seconds);
    add("load", "LOAD AVERAGE", text_value(load_text(summary)));
    add("tasks", "TASKS", static_cast<uint64_t>(state_->tasks().all.size()));
    add("node", "NODENAME", text_value(summary.node));
    add("release", "RELEASE", text_value(summary.release));
    add("version", "VERSION", text_value(summary.version));
    add("machine", "MACHINE", text_value(machine_text(summary)));
    add("memory_bytes", "MEMORY", optional_value(summary.memory_bytes), ValueForm::bytes);
    add("taints", "TAINTS", text_value(summary.taints));
    add("panic", "PANIC", text_value(summary.panic_cpu ? panic_text(kernel) : ""));
    if (task) {
        add("pid", "PID", int64_t{task->pid});
        add("comm", "COMMAND", task->comm);
        add("task", "TASK", task->address, ValueForm::hex);
        add("cpu", "CPU", uint64_t{cpu});
        add("state", "STATE",
            summary.panic_cpu ? task->state_letters() + " (PANIC)" : task->state_letters());
    }
    section.rows.push_back(std::move(row));
    return section;
}

Section Vmcore::log(size_t most) {
    Section section;
    section.type = "log";
    section.title = most ? "LOG (the last lines)" : "";
    section.shape = SectionShape::lines;
    section.columns = {{"time_ns", "TIME"}, {"level", "LEVEL"}, {"text", "TEXT"}};
    const auto log = read_log(*state_->kernel, most);
    if (!log) {
        state_->lose("log", 1, "logs", log.error().what);
        section.if_empty = "the log cannot be read: " + log.error().what;
        return section;
    }
    if (!most)
        state_->lose("log", log->lost, "records",
                     "written over, or their memory is not in the dump");
    for (const LogRecord &record : log->records) {
        std::string_view rest = record.text;
        do {  // a record may have several lines
            const std::string_view line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            constexpr uint64_t second = 1'000'000'000;
            section.rows.push_back({record.time_ns, uint64_t{record.level},
                                    fmt::format("[{:5}.{:06}] {}", record.time_ns / second,
                                                record.time_ns % second / 1000, line)});
        } while (!rest.empty());
    }
    return section;
}

namespace {

Section info_section(const std::string &path, const DumpFacts &facts, std::string_view rest) {
    Section section;
    section.type = "info";
    section.shape = SectionShape::lines;
    section.columns = {{"line", "LINE"}};
    const auto add = [&section](std::string line) { section.rows.push_back({std::move(line)}); };
    add("format: " + dump_text(path, facts));
    add("file: " + std::to_string(facts.file_bytes) + " bytes, " + std::to_string(facts.pages) +
        " pages");
    add("CPUs with registers: " + std::to_string(facts.prstatus.size()));
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        add(std::string(line));
    }
    return section;
}

}  // namespace

Section Vmcore::info() {
    const auto &memory = state_->kernel->memory();
    return info_section(state_->path, memory.dump().facts(), memory.info().text());
}

Result<Section> Vmcore::info_without_kernel(const std::string &path) {
    auto dump = open_dump(path);
    if (!dump)
        return dump.error();
    const DumpFacts facts = (*dump)->facts();
    const auto memory = Memory::open(std::move(*dump));  // may find what the headers have not
    return info_section(path, facts, memory ? (*memory)->info().text() : facts.vmcoreinfo);
}

}  // namespace whydrop
