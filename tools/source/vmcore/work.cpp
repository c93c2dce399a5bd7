// SPDX-License-Identifier: GPL-2.0-or-later
// Workqueues, BPF programs and maps.
#include "source/vmcore/state.h"

namespace whydrop {

using namespace kdump;

const char *work_state_text(WorkState state) {
    switch (state) {
        case WorkState::running:
            return "running";
        case WorkState::pending:
            return "pending";
        default:
            return "inactive";
    }
}

Section Vmcore::works() {
    Section section;
    section.type = "work";
    section.title = "WORKS";
    section.if_empty = "no work was running or pending";
    section.columns = {{"state", "STATE"},
                       {"function", "FUNCTION"},
                       {"queue", "QUEUE"},
                       {"pool", "POOL"},
                       {"cpu", "CPU"},
                       {"worker", "WORKER"},
                       {"work", "WORK", ValueForm::hex}};
    for (const Work &work : state_->workqueues().works)
        section.rows.push_back({std::string(work_state_text(work.state)),
                                state_->kernel->name_of(work.function), text_value(work.queue),
                                int64_t{work.pool},
                                work.cpu < 0 ? Value() : Value(int64_t{work.cpu}),
                                work.worker ? Value(int64_t{work.worker}) : Value(), work.address});
    return section;
}

Section Vmcore::waits() {
    Section section;
    section.type = "work_wait";
    section.title = "WAITING FOR A WORK";
    section.columns = {
        {"pid", "PID"}, {"comm", "COMMAND"}, {"worker", "WORKER"}, {"function", "RUNS"}};
    for (const WorkWait &wait : state_->workqueues().waits)
        section.rows.push_back(
            {int64_t{wait.waiter}, text_value(wait.waiter_comm), int64_t{wait.worker},
             wait.function ? Value(state_->kernel->name_of(wait.function)) : Value()});
    return section;
}

Section Vmcore::bpf_programs() {
    Section section;
    section.type = "bpf_program";
    section.title = "BPF PROGRAMS";
    section.if_empty = "no BPF program was loaded";
    section.columns = {{"id", "ID"}, {"kind", "TYPE"}, {"name", "NAME"}, {"runs", "RUNS"}};
    for (const BpfProgram &program : state_->bpf().programs)
        section.rows.push_back({uint64_t{program.id}, program.type, text_value(program.name),
                                program.runs ? Value(program.runs) : Value()});
    return section;
}

Section Vmcore::bpf_maps() {
    Section section;
    section.type = "bpf_map";
    section.title = "BPF MAPS";
    section.if_empty = "no BPF map was there";
    section.columns = {{"id", "ID"},         {"kind", "TYPE"},         {"name", "NAME"},
                       {"key_bytes", "KEY"}, {"value_bytes", "VALUE"}, {"max_entries", "MAX"}};
    for (const BpfMap &map : state_->bpf().maps)
        section.rows.push_back({uint64_t{map.id}, map.type, text_value(map.name),
                                uint64_t{map.key_bytes}, uint64_t{map.value_bytes},
                                uint64_t{map.max_entries}});
    return section;
}

Result<Section> Vmcore::bpf_map(const std::string &name) {
    Section section;
    section.type = "bpf_entry";
    section.shape = SectionShape::blocks;
    section.if_empty = "the map " + name + " was empty";
    section.columns = {{"map", ""}, {"key", "KEY"}, {"cpu", "CPU"}, {"value", ""}};
    bool found = false;
    for (const BpfMap &map : state_->bpf().maps) {
        if (map.name != name && std::to_string(map.id) != name)
            continue;
        found = true;
        const auto read = read_entries(*state_->kernel, map, [&](const BpfEntry &entry) {
            section.rows.push_back({map.name, entry.key,
                                    entry.cpu < 0 ? Value() : Value(int64_t{entry.cpu}),
                                    entry.value});
            return true;
        });
        if (!read && read.error().code == Errc::unsupported)
            return read.error();
        if (!read)
            state_->lose("bpf_entries", 1, "maps", map.name + ": " + read.error().what);
    }
    if (!found)
        return Error{Errc::usage, "there was no BPF map '" + name + "'",
                     "'whydrop vmcore bpf CORE' lists them"};
    return section;
}

}  // namespace whydrop
