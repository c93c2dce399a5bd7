// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/vmcore/crash_script.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "source/vmcore/state.h"

namespace whydrop {

namespace {

using namespace kdump;

constexpr size_t most_text = 200;  // crash reads lines of 1500 bytes
constexpr size_t most_of_a_kind = 500;

bool is_plain(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// What a dump says, in a comment.
std::string harmless(const std::string &text) {
    std::string out = text.substr(0, most_text);
    for (char &c : out)
        if (!is_plain(c) && std::string_view(" .,:;()[]+-/=@#%").find(c) == std::string_view::npos)
            c = '?';
    return out;
}

std::string task_text(const Task &task) {
    return task.comm + ", pid " + std::to_string(task.pid);
}

// Where the CPUs were when something went wrong, and the modules that it was in.
void add_exceptions(CrashScript &script, Kernel &kernel, const Backtrace &trace) {
    for (const Frame &frame : trace.frames) {
        if (frame.kind != FrameKind::exception)
            continue;
        script.comment("the exception was at " + kernel.name_of(frame.ip));
        for (const Module &module : kernel.modules())
            if (module.holds(frame.ip)) {
                script.command_of_module("mod -s", module.name);
                script.command("struct module.name,state", module.address);
            }
        script.command("dis -r", frame.ip);
    }
}

template <typename List, typename Add>
void add_each(CrashScript &script, const List &list, const Add &add) {
    size_t left = most_of_a_kind;
    for (const auto &one : list) {
        if (left-- == 0) {
            script.comment("and more of them");
            break;
        }
        add(one);
    }
}

void add_network(CrashScript &script, const Network &network) {
    for (const NetNamespace &netns : network.namespaces)
        add_each(script, netns.devices, [&](const NetDevice &device) {
            script.comment("device " + device.name + " of network namespace " +
                           std::to_string(device.netns));
            script.command("struct net_device.name,stats", device.address);
            for (const QueueDiscipline &qdisc : device.qdiscs)
                if (qdisc.drops) {
                    script.comment("its " + qdisc.kind + " dropped " + std::to_string(qdisc.drops));
                    script.command("struct Qdisc.qstats", qdisc.address);
                }
        });
}

void add_cpus(CrashScript &script, Kernel &kernel, Backtraces *backtraces) {
    const auto panic = kernel.value<uint32_t>("panic_cpu");
    for (size_t i = 0; i < kernel.cpus().size(); i++) {
        const uint32_t cpu = kernel.cpus()[i];
        const auto task = running_on(kernel, cpu);
        if (!task)
            continue;
        const bool panicked = panic && *panic == cpu;
        script.comment(std::string(panicked ? "panicked" : "ran") + " on CPU " +
                       std::to_string(cpu) + ": " + task_text(*task));
        script.command("bt", task->address);
        if (!panicked || !backtraces)
            continue;
        if (const auto trace = backtraces->of_cpu(i, *task))
            add_exceptions(script, kernel, *trace);
    }
}

void add_blocked(CrashScript &script, const Tasks &tasks) {
    std::vector<Task> blocked;
    std::copy_if(tasks.all.begin(), tasks.all.end(), std::back_inserter(blocked),
                 [](const Task &task) { return task.blocked() && !task.on_cpu; });
    add_each(script, blocked, [&](const Task &task) {
        script.comment("blocked: " + task_text(task));
        script.command("bt", task.address);
    });
}

}  // namespace

void CrashScript::comment(const std::string &text) {
    text_ += "# " + harmless(text) + "\n";
}

void CrashScript::command(const std::string &words, uint64_t address) {
    text_ += words + " " + hex(address).substr(2) + "\n";
}

void CrashScript::command(const std::string &words) {
    text_ += words + "\n";
}

void CrashScript::command_of_module(const std::string &words, const std::string &name) {
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_plain))
        command(words + " " + name);
}

std::string Vmcore::crash_script() {
    Kernel &kernel = *state_->kernel;
    CrashScript script;
    script.comment("for crash: crash -s -i THIS_FILE VMLINUX CORE");
    script.comment("release " + std::string(kernel.info().value("OSRELEASE").value_or("unknown")));
    script.command("sys");
    add_cpus(script, kernel, state_->backtraces());
    add_blocked(script, state_->tasks());
    add_network(script, state_->network());
    add_each(script, state_->workqueues().works, [&](const Work &work) {
        script.comment(std::string(work_state_text(work.state)) +
                       " work: " + kernel.name_of(work.function) + " on " + work.queue);
        script.command("struct work_struct", work.address);
    });
    add_each(script, state_->bpf().maps, [&](const BpfMap &map) {
        script.comment("BPF map " + std::to_string(map.id) + ": " + map.name + ", " + map.type);
        script.command("struct bpf_map.name,map_type,max_entries", map.address);
    });
    return script.text();
}

}  // namespace whydrop
