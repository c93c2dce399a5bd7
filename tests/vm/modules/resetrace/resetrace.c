// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver with the bug that many have: it resets its hardware from a work item and does not cancel
 * that when the device goes. Unbound while a reset is pending, it takes its ring away, and the
 * worker follows a pointer that is NULL by then. With fixed=1 it waits for the work, as it should.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

static bool fixed;
module_param(fixed, bool, 0444);
MODULE_PARM_DESC(fixed, "cancel the pending reset before the ring is freed");

static unsigned int delay_ms = 100;
module_param(delay_ms, uint, 0444);
MODULE_PARM_DESC(delay_ms, "from binding to the reset");

struct resetrace_ring {
	unsigned int head;
};

struct resetrace {
	struct device *dev;
	struct delayed_work reset;
	struct resetrace_ring *ring;
};

static struct platform_device *device;

/* The address of this function is where the kernel dies. */
static noinline void resetrace_reset_ring(struct resetrace *race)
{
	WRITE_ONCE(race->ring->head, 0);
}

static void resetrace_reset(struct work_struct *work)
{
	struct resetrace *race = container_of(to_delayed_work(work), struct resetrace, reset);

	resetrace_reset_ring(race);
	dev_info(race->dev, "reset\n");
}

/* Runs when the device is unbound, before its memory is freed: what remove() would do. */
static void resetrace_stop(void *data)
{
	struct resetrace *race = data;
	struct resetrace_ring *ring = race->ring;

	if (fixed)
		cancel_delayed_work_sync(&race->reset);
	race->ring = NULL;
	kfree(ring);
	/* A real one frees itself here as well; this one waits, so that it dies of the NULL. */
	if (!fixed)
		flush_delayed_work(&race->reset);
}

static int resetrace_probe(struct platform_device *pdev)
{
	struct resetrace *race = devm_kzalloc(&pdev->dev, sizeof(*race), GFP_KERNEL);

	if (!race)
		return -ENOMEM;
	race->ring = kzalloc(sizeof(*race->ring), GFP_KERNEL);
	if (!race->ring)
		return -ENOMEM;
	race->dev = &pdev->dev;
	INIT_DELAYED_WORK(&race->reset, resetrace_reset);
	schedule_delayed_work(&race->reset, msecs_to_jiffies(delay_ms));
	return devm_add_action_or_reset(&pdev->dev, resetrace_stop, race);
}

static struct platform_driver driver = {
	.probe = resetrace_probe,
	.driver = { .name = "resetrace" },
};

static int __init resetrace_init(void)
{
	int err = platform_driver_register(&driver);

	if (err)
		return err;
	device = platform_device_register_simple("resetrace", -1, NULL, 0);
	if (IS_ERR(device)) {
		platform_driver_unregister(&driver);
		return PTR_ERR(device);
	}
	return 0;
}

static void __exit resetrace_exit(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&driver);
}

module_init(resetrace_init);
module_exit(resetrace_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A reset work item that outlives its device");
