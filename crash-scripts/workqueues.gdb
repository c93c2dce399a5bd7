# SPDX-License-Identifier: GPL-2.0-or-later
# The loops of workqueues.crash: each table is a walk over all pools.

set $no_list = (struct list_head *)0
set $no_work = (struct work_struct *)0
set $work_entry = (long)&$no_work->entry
set $no_worker = (struct worker *)0
set $worker_node = (long)&$no_worker->node
set $no_pool = (struct worker_pool *)0
set $no_pwq = (struct pool_workqueue *)0
set $pwqs_node = (long)&$no_pwq->pwqs_node
set $no_queue = (struct workqueue_struct *)0
set $queue_list = (long)&$no_queue->list
set $no_barrier = (struct wq_barrier *)0
set $barrier_work = (long)&$no_barrier->work

define show_pool
  if $pool->cpu >= 0
    printf "%3d:cpu%-4d ", $pool->id, $pool->cpu
  else
    printf "%3d:unbound ", $pool->id
  end
end

# The struct work_struct behind the list entry $e. Above the flags of its data is its queue, if it
# is in one (WORK_STRUCT_PWQ); a task that waits for an item has put a barrier behind that.
define get_work
  set $work = (typeof($no_work))((char *)$e - $work_entry)
  set $is_barrier = (unsigned long)$work->func == (unsigned long)wq_barrier_func
end

define show_workqueue_of_work
  if $work->data.counter & 4
    printf "%-24s ", ((typeof($no_pwq))($work->data.counter & ~0xff))->wq->name
  else
    printf "%-24c ", 45
  end
end

# The barriers in the list $list, behind an item with the function $function.
define show_barriers
  set $e = $list->next
  while $e != $list
    get_work
    if $is_barrier
      set $task = ((typeof($no_barrier))((char *)$work - $barrier_work))->task
      printf "%7d %-16s %7d ", $task->pid, $task->comm, $by
      output/a $function
      echo \n
    else
      set $function = $work->func
    end
    set $e = $e->next
  end
end

# The items in the list $list that are none.
define show_pending
  set $e = $list->next
  while $e != $list
    get_work
    if !$is_barrier
      show_pool
      show_workqueue_of_work
      output/a $work->func
      echo \n
    end
    set $e = $e->next
  end
end

define show_running
  show_pool
  printf "%7d %-16s ", $worker->task->pid, $worker->task->comm
  printf "%-24s ", $worker->current_pwq->wq->name
  output/a $worker->current_func
  echo \n
end

define visit
  set $pool = (typeof($no_pool))$entry
  set $w = $pool->workers.next
  while $w != &$pool->workers
    set $worker = (typeof($no_worker))((char *)$w - $worker_node)
    if $worker->current_work
      set $list = &$worker->scheduled
      set $by = $worker->task->pid
      set $function = $worker->current_func
      if $pass == 1
        show_running
      end
      if $pass == 2
        show_pending
      end
      if $pass == 3
        show_barriers
      end
    end
    set $w = $w->next
  end
  set $list = &$pool->worklist
  set $by = 0
  if $pass == 2
    show_pending
  end
  if $pass == 3
    show_barriers
  end
end

define show_inactive
  set $q = workqueues.next
  while $q != &workqueues
    set $queue = (typeof($no_queue))((char *)$q - $queue_list)
    set $p = $queue->pwqs.next
    while $p != &$queue->pwqs
      set $pwq = (typeof($no_pwq))((char *)$p - $pwqs_node)
      if $inactive_at >= 0
        set $list = (typeof($no_list))((char *)$pwq + $inactive_at)
      else
        # Its name before 5.15.
        set $list = &$pwq->delayed_works
      end
      set $pool = $pwq->pool
      show_pending
      set $p = $p->next
    end
    set $q = $q->next
  end
end

set $idr = worker_pool_idr
printf "POOL            PID RUN_BY           WORKQUEUE                RUNNING\n"
set $pass = 1
for_each_in_idr
printf "\nPOOL        WORKQUEUE                PENDING\n"
set $pass = 2
for_each_in_idr
printf "\nPOOL        WORKQUEUE                INACTIVE\n"
show_inactive
printf "\n    PID WAITER            RUN_BY WAITS_FOR\n"
set $pass = 3
for_each_in_idr
