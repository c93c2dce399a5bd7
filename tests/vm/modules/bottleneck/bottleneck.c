// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Work that does not get done, in each of the ways it can be: one item hangs in an ordered
 * workqueue, five are held back behind it, three threads wait for the one that hangs; on CPU
 * `cpu` an item does not give the processor away, and two are pending behind it. For looking at
 * the memory afterwards; it can be unloaded.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#define HELD_BACK 5
#define PENDING 2
#define WAITERS 3

static int cpu;
module_param(cpu, int, 0444);
MODULE_PARM_DESC(cpu, "where an item of work does not give the processor away");

static struct workqueue_struct *ordered, *of_cpu;
static struct work_struct hanging, held_back[HELD_BACK], busy, pending[PENDING];
static struct task_struct *waiters[WAITERS];
static DECLARE_COMPLETION(released);
static bool stop;

static void bottleneck_hang(struct work_struct *work)
{
	wait_for_completion(&released);
}

static void bottleneck_held_back(struct work_struct *work)
{
}

static void bottleneck_busy(struct work_struct *work)
{
	while (!READ_ONCE(stop)) {
		cpu_relax();
		cond_resched();
	}
}

static void bottleneck_pending(struct work_struct *work)
{
}

static int bottleneck_wait(void *data)
{
	flush_work(&hanging);
	return 0;
}

static void bottleneck_exit(void)
{
	int i;

	WRITE_ONCE(stop, true);
	complete_all(&released);
	for (i = 0; i < WAITERS; i++) {
		if (!waiters[i])
			continue;
		kthread_stop(waiters[i]);
		put_task_struct(waiters[i]);
	}
	if (ordered)
		destroy_workqueue(ordered);
	if (of_cpu)
		destroy_workqueue(of_cpu);
}

static int bottleneck_start_waiters(void)
{
	int i;

	for (i = 0; i < WAITERS; i++) {
		struct task_struct *task = kthread_run(bottleneck_wait, NULL, "bottleneck/%d", i);

		if (IS_ERR(task))
			return PTR_ERR(task);
		get_task_struct(task);
		waiters[i] = task;
	}
	return 0;
}

static int __init bottleneck_init(void)
{
	int i, err;

	ordered = alloc_ordered_workqueue("bottleneck", 0);
	of_cpu = alloc_workqueue("bottleneck_cpu", WQ_HIGHPRI, 0);
	if (!ordered || !of_cpu) {
		bottleneck_exit();
		return -ENOMEM;
	}
	INIT_WORK(&hanging, bottleneck_hang);
	queue_work(ordered, &hanging);
	for (i = 0; i < HELD_BACK; i++) {
		INIT_WORK(&held_back[i], bottleneck_held_back);
		queue_work(ordered, &held_back[i]);
	}
	INIT_WORK(&busy, bottleneck_busy);
	queue_work_on(cpu, of_cpu, &busy);
	for (i = 0; i < PENDING; i++) {
		INIT_WORK(&pending[i], bottleneck_pending);
		queue_work_on(cpu, of_cpu, &pending[i]);
	}
	err = bottleneck_start_waiters();
	if (err)
		bottleneck_exit();
	return err;
}

module_init(bottleneck_init);
module_exit(bottleneck_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Work that does not get done");
