// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/tasks.h"

#include "kdump/kernel.h"

namespace whydrop::kdump {

namespace {

// include/linux/sched.h
constexpr uint64_t interruptible = 1, uninterruptible = 2, stopped = 4, traced = 8, dead = 0x80,
                   no_load = 0x400, exit_dead = 0x10, exit_zombie = 0x20;

Result<Task> read_task(const Ref &ref) {
    const auto pid = ref["pid"].signed_number();
    if (!pid)
        return pid.error();
    auto comm = ref["comm"].text();
    if (!comm)
        return comm.error();
    Task task;
    task.address = ref.address();
    task.pid = static_cast<int32_t>(*pid);
    task.tgid = static_cast<int32_t>(ref["tgid"].number_or(0));
    task.parent = static_cast<int32_t>(ref["real_parent"]["tgid"].number_or(0));
    task.comm = std::move(*comm);
    // Renamed by 2f064a59a11f, "sched: Change task_struct::state" (5.14).
    task.state = ref.any({"__state", "state"}).number_or(0) | ref["exit_state"].number_or(0);
    // Moved by bcf9033e5449, "sched: move CPU field back into thread_info" (5.16).
    task.cpu = static_cast<uint32_t>(ref.any({"thread_info.cpu", "cpu"}).number_or(0));
    task.on_cpu = ref["on_cpu"].number_or(0) != 0;
    task.stack = ref["stack"].number_or(0);
    task.sp = ref["thread.sp"].number_or(0);
    return task;
}

class Walk {
  public:
    explicit Walk(Kernel &kernel) : kernel_(kernel) {}

    Result<Tasks> run() {
        for (const uint32_t cpu : kernel_.cpus())
            add_idle(cpu);
        const Ref init = kernel_.variable("init_task", "task_struct");
        auto done = for_each_in_list(init["tasks"], "task_struct", "tasks", [&](const Ref &leader) {
            add_group(leader);
            return true;
        });
        if (!done && tasks_.all.empty())
            return done.error();
        tasks_.lost += done ? 0 : 1;
        return std::move(tasks_);
    }

  private:
    void add(const Ref &ref, bool idle) {
        auto task = read_task(ref);
        if (!task) {
            tasks_.lost++;
            return;
        }
        task->idle = idle;
        tasks_.all.push_back(std::move(*task));
    }
    void add_idle(uint32_t cpu) {
        const auto queue = kernel_.per_cpu(kernel_.symbols().address_of("runqueues"), cpu);
        if (queue)
            add(kernel_.at("rq", *queue)["idle"].target(), true);
        else
            tasks_.lost++;
    }
    void add_group(const Ref &leader) {
        const Ref threads = leader["signal"].target()["thread_head"];
        auto done = for_each_in_list(threads, "task_struct", "thread_node", [&](const Ref &thread) {
            add(thread, false);
            return true;
        });
        if (!done)
            tasks_.lost++;
    }

    Kernel &kernel_;
    Tasks tasks_;
};

}  // namespace

bool Task::blocked() const {
    return (state & uninterruptible) && !(state & no_load);
}

std::string Task::state_letters() const {
    if (state == 0)
        return "R";
    if (state & exit_dead || state & dead)
        return "X";
    if (state & exit_zombie)
        return "Z";
    if (state & uninterruptible)
        return state & no_load ? "I" : "D";
    if (state & traced)
        return "t";
    if (state & stopped)
        return "T";
    return state & interruptible ? "S" : "?";
}

Result<Tasks> read_tasks(Kernel &kernel) {
    return Walk(kernel).run();
}

Result<Task> running_on(Kernel &kernel, uint32_t cpu) {
    const auto queue = kernel.per_cpu(kernel.symbols().address_of("runqueues"), cpu);
    if (!queue)
        return queue.error();
    return read_task(kernel.at("rq", *queue)["curr"].target());
}

}  // namespace whydrop::kdump
