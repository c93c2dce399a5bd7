# SPDX-License-Identifier: GPL-2.0-or-later
"""Which work runs, which waits, and who waits for it? Running items with the task that runs them,
pending ones (no worker has taken them yet), inactive ones (held back by their workqueue's
max_active), and the tasks that wait for an item (flush_work(), cancel_work_sync()) or for a whole
workqueue (flush_workqueue()).

    drgn -c CORE -s VMLINUX crash-scripts/workqueues.py

Needs:  vmlinux with debuginfo, and crash_common.py beside it.
Costs:  1.2 s and 260 MB on 6.1, 1.5 s and 320 MB on 6.12 (drgn 0.3.0).
Tried:  drgn 0.3.0 on 6.1.192 and 6.12.95, with and without KASLR; drgn 0.0.22 on both.
"""
import os
import sys

from drgn import Object, cast, container_of
from drgn.helpers.linux.idr import idr_for_each
from drgn.helpers.linux.list import list_for_each_entry

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_common import Symbols, each, has, lines, table, text

HAS_QUEUE = 4  # WORK_STRUCT_PWQ in work.data: above the flags is the struct pool_workqueue
FLAGS = 0xff


def works(head):
    return each(list_for_each_entry("struct work_struct", head.address_of_(), "entry"))


def pools(prog):
    for _, address in each(idr_for_each(prog["worker_pool_idr"])):
        yield cast("struct worker_pool *", address)


def name_of_pool(pool):
    return f"{int(pool.id)}:" + (f"cpu{int(pool.cpu)}" if int(pool.cpu) >= 0 else "unbound")


def name_of_queue(work):
    data = int(work.data.counter)
    if not data & HAS_QUEUE:
        return "-"
    return text(Object(work.prog_, "struct pool_workqueue *", value=data & ~FLAGS).wq.name)


class Works:
    """Rows of the four tables."""

    def __init__(self, prog):
        self.symbols = Symbols(prog)
        self.running, self.pending, self.inactive, self.waiting = [], [], [], []
        self.barrier = prog.symbol("wq_barrier_func").address
        queues = list(each(list_for_each_entry("struct workqueue_struct",
                                               prog["workqueues"].address_of_(), "list")))
        for things, look in ((pools(prog), self._look_at), (queues, self._look_for_inactive),
                             (queues, self._look_for_flushers)):
            lines(things, lambda thing, look=look: look(thing) or ())

    def _sort(self, head, by, add, function=None):
        """Items go to `add`. A barrier is put behind the item that a task waits for."""
        for work in works(head):
            if int(work.func) == self.barrier:
                task = container_of(work, "struct wq_barrier", "work").task
                self._wait(task, self.symbols.name(function) if function else "?", by)
            else:
                add(work)
                function = work.func

    def _wait(self, task, what, by):
        self.waiting.append((int(task.pid), text(task.comm), by, what))

    def _look_at(self, pool):
        def pend(work):
            self.pending.append((name_of_pool(pool), name_of_queue(work),
                                 self.symbols.name(work.func)))
        for worker in each(list_for_each_entry("struct worker", pool.workers.address_of_(),
                                               "node")):
            if worker.current_work:
                pid = int(worker.task.pid)
                self.running.append((name_of_pool(pool), pid, text(worker.task.comm),
                                     text(worker.current_pwq.wq.name),
                                     self.symbols.name(worker.current_func)))
                self._sort(worker.scheduled, pid, pend, worker.current_func)
        self._sort(pool.worklist, "-", pend)

    def _look_for_inactive(self, queue):
        for pwq in each(list_for_each_entry("struct pool_workqueue", queue.pwqs.address_of_(),
                                            "pwqs_node")):
            # It was called delayed_works before 5.15.
            held = pwq.inactive_works if has(pwq, "inactive_works") else pwq.delayed_works
            self._sort(held, "-", lambda work, pool=pwq.pool: self.inactive.append(
                (name_of_pool(pool), text(queue.name), self.symbols.name(work.func))))

    def _look_for_flushers(self, queue):
        """Tasks in flush_workqueue(), drain_workqueue(), destroy_workqueue()."""
        flushers = [queue.first_flusher] if queue.first_flusher else []
        for head in (queue.flusher_queue, queue.flusher_overflow):
            flushers += each(list_for_each_entry("struct wq_flusher", head.address_of_(), "list"))
        for flusher in flushers:
            for waiter in each(list_for_each_entry(
                    "struct swait_queue", flusher.done.wait.task_list.address_of_(), "task_list")):
                self._wait(waiter.task, f"all of {text(queue.name)}", "-")


def main(prog):
    found = Works(prog)
    table("POOL PID RUN_BY WORKQUEUE RUNNING", found.running)
    table("POOL WORKQUEUE PENDING", found.pending)
    table("POOL WORKQUEUE INACTIVE", found.inactive)
    table("PID WAITER RUN_BY WAITS_FOR", found.waiting)


main(prog)
