// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two software NICs joined back to back, pause0 and pause1, whose MACs know IEEE 802.3 annex 31B:
 * a received PAUSE frame is not passed up but stops the transmit queue for its time, is counted in
 * ethtool's -S and -I -a, and time 0 starts the queue again. A queue that is kept stopped too long
 * with packets waiting ends in the kernel's transmit watchdog. No NIC that QEMU emulates does this.
 * Packets can be refused, as a driver does that was called with a full ring.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

static unsigned int mbps = 1000;
module_param(mbps, uint, 0644);
MODULE_PARM_DESC(mbps, "speed of the link: a quantum is 512 bit times");

static unsigned int watchdog_ms = 2000;
module_param(watchdog_ms, uint, 0444);
MODULE_PARM_DESC(watchdog_ms, "after which a stopped queue with waiting packets is reset");

static unsigned int refuse;
module_param(refuse, uint, 0644);
MODULE_PARM_DESC(refuse, "packets still to be refused, as by a driver whose ring is full");

enum {
	MAC_CONTROL = 0x8808,
	OPCODE_PAUSE = 0x0001,
	OPCODE_AT = ETH_HLEN,
	TIME_AT = ETH_HLEN + 2,
	PAUSE_BYTES = ETH_HLEN + 4,
	QUANTUM_BITS = 512,
	NAP_US = 500, /* how late an XON may come into effect at most */
	FULL_NS = 5000000, /* how long the queue is stopped when a packet was refused */
};

enum counter { RX_XON, RX_XOFF, TX_XON, TX_XOFF, RX_UNSUPPORTED, TX_TIMEOUTS, COUNTERS };

static const char counter_names[COUNTERS][ETH_GSTRING_LEN] = {
	"rx_flow_control_xon",
	"rx_flow_control_xoff",
	"tx_flow_control_xon",
	"tx_flow_control_xoff",
	"rx_mac_control_unsupported",
	"tx_timeouts",
};

struct pausenic {
	struct net_device *dev;
	struct pausenic __rcu *peer;
	struct work_struct resume;
	spinlock_t lock;	/* paused_until */
	ktime_t paused_until;
	bool rx_pause, tx_pause;
	atomic64_t count[COUNTERS];
};

static struct net_device *devices[2];

static void pausenic_count(struct pausenic *nic, enum counter which)
{
	atomic64_inc(&nic->count[which]);
}

static bool is_mac_control(const struct sk_buff *skb)
{
	return skb_headlen(skb) >= PAUSE_BYTES &&
	       ((struct ethhdr *)skb->data)->h_proto == htons(MAC_CONTROL);
}

static u16 be16_at(const struct sk_buff *skb, unsigned int at)
{
	return skb->data[at] << 8 | skb->data[at + 1];
}

static s64 pausenic_left_ns(struct pausenic *nic)
{
	unsigned long flags;
	s64 left;

	spin_lock_irqsave(&nic->lock, flags);
	left = ktime_to_ns(ktime_sub(nic->paused_until, ktime_get()));
	if (left <= 0)
		netif_wake_queue(nic->dev);
	spin_unlock_irqrestore(&nic->lock, flags);
	return left;
}

/* A work item and no timer: the timers' names differ between kernels, and naps are exact enough. */
static void pausenic_resume(struct work_struct *work)
{
	struct pausenic *nic = container_of(work, struct pausenic, resume);
	s64 left;

	while ((left = pausenic_left_ns(nic)) > 0 && netif_running(nic->dev)) {
		unsigned long nap = min_t(s64, left / NSEC_PER_USEC + 1, NAP_US);

		usleep_range(nap, nap + nap / 4 + 1);
	}
}

static void pausenic_pause(struct pausenic *nic, u16 quanta)
{
	u64 ns = (u64)quanta * QUANTUM_BITS * 1000 / max(mbps, 1u);
	unsigned long flags;

	pausenic_count(nic, quanta ? RX_XOFF : RX_XON);
	spin_lock_irqsave(&nic->lock, flags);
	nic->paused_until = ktime_add_ns(ktime_get(), ns);
	if (!quanta) {
		netif_wake_queue(nic->dev);
	} else if (!netif_queue_stopped(nic->dev)) {
		netif_stop_queue(nic->dev);
		netif_trans_update(nic->dev); /* the watchdog's time begins now */
	}
	spin_unlock_irqrestore(&nic->lock, flags);
	if (quanta)
		schedule_work(&nic->resume);
}

/* True when the MAC keeps the frame to itself. */
static bool pausenic_mac_takes(struct pausenic *nic, const struct sk_buff *skb)
{
	if (!is_mac_control(skb))
		return false;
	if (!nic->rx_pause || be16_at(skb, OPCODE_AT) != OPCODE_PAUSE) {
		pausenic_count(nic, RX_UNSUPPORTED);
		return false;
	}
	pausenic_pause(nic, be16_at(skb, TIME_AT));
	return true;
}

static void pausenic_receive(struct pausenic *nic, struct sk_buff *skb)
{
	nic->dev->stats.rx_packets++;
	nic->dev->stats.rx_bytes += skb->len;
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb->protocol = eth_type_trans(skb, nic->dev);
	netif_rx(skb);
}

/* Called under the queue's lock. */
static bool pausenic_refuses(struct pausenic *nic)
{
	unsigned long flags;

	if (!refuse)
		return false;
	refuse--;
	spin_lock_irqsave(&nic->lock, flags);
	nic->paused_until = ktime_add_ns(ktime_get(), FULL_NS);
	netif_stop_queue(nic->dev);
	spin_unlock_irqrestore(&nic->lock, flags);
	schedule_work(&nic->resume);
	return true;
}

static netdev_tx_t pausenic_transmit(struct sk_buff *skb, struct net_device *dev)
{
	struct pausenic *nic = netdev_priv(dev), *peer;

	if (pausenic_refuses(nic))
		return NETDEV_TX_BUSY;
	if (is_mac_control(skb) && be16_at(skb, OPCODE_AT) == OPCODE_PAUSE)
		pausenic_count(nic, be16_at(skb, TIME_AT) ? TX_XOFF : TX_XON);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	rcu_read_lock();
	peer = rcu_dereference(nic->peer);
	if (!peer || !netif_running(peer->dev) || pausenic_mac_takes(peer, skb))
		consume_skb(skb);
	else
		pausenic_receive(peer, skb);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

static void pausenic_timeout(struct net_device *dev, unsigned int queue)
{
	struct pausenic *nic = netdev_priv(dev);

	pausenic_count(nic, TX_TIMEOUTS);
	netdev_err(dev, "transmit timeout on queue %u, resetting\n", queue);
	netif_trans_update(dev);
	netif_wake_queue(dev);
}

static int pausenic_open(struct net_device *dev)
{
	netif_carrier_on(dev);
	netif_start_queue(dev);
	return 0;
}

static int pausenic_stop(struct net_device *dev)
{
	struct pausenic *nic = netdev_priv(dev);

	netif_stop_queue(dev);
	cancel_work_sync(&nic->resume);
	return 0;
}

static const struct net_device_ops pausenic_net = {
	.ndo_open = pausenic_open,
	.ndo_stop = pausenic_stop,
	.ndo_start_xmit = pausenic_transmit,
	.ndo_tx_timeout = pausenic_timeout,
	.ndo_set_mac_address = eth_mac_addr,
};

static void pausenic_get_pause(struct net_device *dev, struct ethtool_pauseparam *pause)
{
	struct pausenic *nic = netdev_priv(dev);

	pause->rx_pause = nic->rx_pause;
	pause->tx_pause = nic->tx_pause;
}

static int pausenic_set_pause(struct net_device *dev, struct ethtool_pauseparam *pause)
{
	struct pausenic *nic = netdev_priv(dev);

	if (pause->autoneg)
		return -EINVAL;
	nic->rx_pause = pause->rx_pause;
	nic->tx_pause = pause->tx_pause;
	return 0;
}

static u64 pausenic_sum(struct pausenic *nic, enum counter a, enum counter b)
{
	return atomic64_read(&nic->count[a]) + atomic64_read(&nic->count[b]);
}

static void pausenic_get_pause_stats(struct net_device *dev, struct ethtool_pause_stats *stats)
{
	struct pausenic *nic = netdev_priv(dev);

	stats->rx_pause_frames = pausenic_sum(nic, RX_XON, RX_XOFF);
	stats->tx_pause_frames = pausenic_sum(nic, TX_XON, TX_XOFF);
}

static int pausenic_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? COUNTERS : -EOPNOTSUPP;
}

static void pausenic_get_strings(struct net_device *dev, u32 set, u8 *to)
{
	if (set == ETH_SS_STATS)
		memcpy(to, counter_names, sizeof(counter_names));
}

static void pausenic_get_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *to)
{
	struct pausenic *nic = netdev_priv(dev);
	int i;

	for (i = 0; i < COUNTERS; i++)
		to[i] = atomic64_read(&nic->count[i]);
}

static int pausenic_get_link(struct net_device *dev, struct ethtool_link_ksettings *link)
{
	link->base.speed = mbps;
	link->base.duplex = DUPLEX_FULL;
	link->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static const struct ethtool_ops pausenic_ethtool = {
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = pausenic_get_link,
	.get_pauseparam = pausenic_get_pause,
	.set_pauseparam = pausenic_set_pause,
	.get_pause_stats = pausenic_get_pause_stats,
	.get_sset_count = pausenic_get_sset_count,
	.get_strings = pausenic_get_strings,
	.get_ethtool_stats = pausenic_get_stats,
};

static void pausenic_setup(struct net_device *dev)
{
	struct pausenic *nic = netdev_priv(dev);

	ether_setup(dev);
	eth_hw_addr_random(dev);
	dev->netdev_ops = &pausenic_net;
	dev->ethtool_ops = &pausenic_ethtool;
	dev->watchdog_timeo = msecs_to_jiffies(watchdog_ms);
	nic->dev = dev;
	nic->rx_pause = true;
	nic->tx_pause = true;
	spin_lock_init(&nic->lock);
	INIT_WORK(&nic->resume, pausenic_resume);
}

static void pausenic_free(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (devices[i])
			free_netdev(devices[i]);
}

static int __init pausenic_init(void)
{
	int err = -ENOMEM, i;

	for (i = 0; i < 2; i++) {
		devices[i] = alloc_netdev(sizeof(struct pausenic), "pause%d", NET_NAME_ENUM,
					  pausenic_setup);
		if (!devices[i])
			goto free;
	}
	for (i = 0; i < 2; i++) {
		struct pausenic *nic = netdev_priv(devices[i]);

		rcu_assign_pointer(nic->peer, netdev_priv(devices[!i]));
		err = register_netdev(devices[i]);
		if (err)
			goto unregister;
	}
	return 0;
unregister:
	if (i)
		unregister_netdev(devices[0]);
free:
	pausenic_free();
	return err;
}

static void __exit pausenic_exit(void)
{
	int i;

	for (i = 0; i < 2; i++)
		RCU_INIT_POINTER(((struct pausenic *)netdev_priv(devices[i]))->peer, NULL);
	synchronize_net();
	for (i = 0; i < 2; i++)
		unregister_netdev(devices[i]);
	pausenic_free();
}

module_init(pausenic_init);
module_exit(pausenic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A pair of NICs that obey and count PAUSE");
