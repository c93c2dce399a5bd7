// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/work.h"

#include <set>

#include "kdump/kernel.h"
#include "kdump/walk/tasks.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t kernel_thread = 0x00200000;  // PF_KTHREAD
constexpr uint64_t worker_flag = 0x00000020;    // PF_WQ_WORKER

int32_t small_number(const Ref &ref, int32_t otherwise) {
    const auto value = ref.signed_number();
    return value ? static_cast<int32_t>(*value) : otherwise;
}

class Walk {
  public:
    explicit Walk(Kernel &kernel) : kernel_(kernel) {}

    Workqueues run(const std::vector<Task> &tasks) {
        for (const Task &task : tasks)
            read_worker(task);
        read_queues();
        return std::move(found_);
    }

  private:
    // A worker's struct is its thread's data.
    void read_worker(const Task &task) {
        const Ref ref = kernel_.at("task_struct", task.address);
        const uint64_t flags = ref["flags"].number_or(0);
        if (!(flags & kernel_thread) || !(flags & worker_flag))
            return;
        // Where it is: worker_private since e32cf5dfbe22 (5.17).
        const uint64_t thread = ref.any({"worker_private", "set_child_tid"}).number_or(0);
        const Ref worker = kernel_.at("kthread", thread)["data"].as_pointer_to("worker");
        if (!worker.ok()) {
            found_.lost++;
            return;
        }
        const uint64_t function = worker["current_func"].number_or(0);
        if (function) {
            Work work = read_pool(worker["pool"].target());
            work.state = WorkState::running;
            work.address = worker["current_work"].number_or(0);
            work.function = function;
            work.worker = task.pid;
            work.queue = queue_name(worker["current_pwq"]["wq"].target());
            found_.works.push_back(work);
        }
        read_waits(worker, task, function);
    }

    // Behind the work for which somebody waits, a barrier is scheduled to the same worker.
    void read_waits(const Ref &worker, const Task &task, uint64_t function) {
        const uint64_t barrier = kernel_.symbols().address_of("wq_barrier_func");
        const auto done =
            for_each_in_list(worker["scheduled"], "work_struct", "entry", [&](const Ref &work) {
                if (work["func"].number_or(0) != barrier || !barrier)
                    return true;
                const Ref waiter = work.container("wq_barrier", "work")["task"].target();
                const auto comm = waiter["comm"].text();
                found_.waits.push_back(
                    {small_number(waiter["pid"], 0), comm ? *comm : "", task.pid, function});
                return true;
            });
        found_.lost += done ? 0 : 1;
    }

    Work read_pool(const Ref &pool) {
        Work work;
        work.pool = small_number(pool["id"], -1);
        work.cpu = small_number(pool["cpu"], -1);
        return work;
    }

    std::string queue_name(const Ref &queue) {
        const auto name = queue["name"].text();
        return name ? *name : std::string();
    }

    void read_queues() {
        std::set<uint64_t> pools;
        const Ref head = kernel_.variable("workqueues", "list_head");
        const auto done = for_each_in_list(head, "workqueue_struct", "list", [&](const Ref &queue) {
            const std::string name = queue_name(queue);
            const auto walked =
                for_each_in_list(queue["pwqs"], "pool_workqueue", "pwqs_node", [&](const Ref &pwq) {
                    const Ref pool = pwq["pool"].target();
                    if (pool.ok() && pools.insert(pool.address()).second)
                        add_works(pool["worklist"], WorkState::pending, pool, "");
                    // Renamed by f97a4a1a3f87 (5.15).
                    add_works(pwq.any({"inactive_works", "delayed_works"}), WorkState::inactive,
                              pool, name);
                    return true;
                });
            found_.lost += walked ? 0 : 1;
            return true;
        });
        found_.lost += done ? 0 : 1;
    }

    void add_works(const Ref &head, WorkState state, const Ref &pool, const std::string &queue) {
        const auto done = for_each_in_list(head, "work_struct", "entry", [&](const Ref &ref) {
            Work work = read_pool(pool);
            work.state = state;
            work.address = ref.address();
            work.function = ref["func"].number_or(0);
            work.queue = queue;
            found_.works.push_back(work);
            return true;
        });
        found_.lost += done ? 0 : 1;
    }

    Kernel &kernel_;
    Workqueues found_;
};

}  // namespace

Workqueues read_workqueues(Kernel &kernel, const std::vector<Task> &tasks) {
    return Walk(kernel).run(tasks);
}

}  // namespace whydrop::kdump
