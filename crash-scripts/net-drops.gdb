# SPDX-License-Identifier: GPL-2.0-or-later
# The loops of net-drops.crash.

set $no_net = (struct net *)0
set $net_list = (long)&$no_net->list
set $no_device = (struct net_device *)0
set $dev_list = (long)&$no_device->dev_list
set $no_qdisc = (struct Qdisc *)0
set $qdisc_hash = (long)&$no_qdisc->hash

# $counted: the per-CPU counter at $counter, over all CPUs.
define count_core
  set $counted = 0
  set $cpu = 0
  while $cpu < nr_cpu_ids && $device->core_stats
    if (__cpu_present_mask.bits[$cpu / 64] >> ($cpu % 64)) & 1
      set $counted = $counted + *(unsigned long *)((char *)$counter + __per_cpu_offset[$cpu])
    end
    set $cpu = $cpu + 1
  end
end

# What the core dropped for $device.
define get_core
  if $has_core_stats
    set $counter = &$device->core_stats->rx_dropped
    count_core
    set $core_rx = $counted
    set $counter = &$device->core_stats->tx_dropped
    count_core
    set $core_tx = $counted
    set $counter = &$device->core_stats->rx_nohandler
    count_core
    set $no_handler = $counted
  else
    # Before 5.18.
    set $core_rx = $device->rx_dropped.counter
    set $core_tx = $device->tx_dropped.counter
    set $no_handler = $device->rx_nohandler.counter
  end
end

define show_device
  get_core
  printf "%10u %3d %-15s ", $net->ns.inum, $device->ifindex, $device->name
  printf "%8lu %8lu ", $device->stats.rx_errors, $device->stats.rx_dropped + $core_rx
  printf "%10lu %8lu ", $no_handler, $device->stats.tx_errors
  printf "%8lu\n", $device->stats.tx_dropped + $core_tx
end

# A row for $qdisc, unless it is one of those without a handle and has dropped nothing.
define show_qdisc
  set $drops = $qdisc->qstats.drops
  set $qlen = $qdisc->q.qlen
  set $cpu = 0
  # TCQ_F_CPUSTATS
  while ($qdisc->flags & 0x20) && $cpu < nr_cpu_ids
    if (__cpu_present_mask.bits[$cpu / 64] >> ($cpu % 64)) & 1
      set $stats = (typeof($qdisc->cpu_qstats))((char *)$qdisc->cpu_qstats + __per_cpu_offset[$cpu])
      set $drops = $drops + $stats->drops
      set $qlen = $qlen + $stats->qlen
    end
    set $cpu = $cpu + 1
  end
  if $qdisc->handle || $drops
    printf "%10u %-15s %-15s ", $net->ns.inum, $device->name, $qdisc->ops->id
    printf "%6x: %8u %8u ", $qdisc->handle >> 16, $qlen, $drops
    printf "%10u\n", $qdisc->qstats.overlimits
  end
end

# The root's, those of the queues, and what hangs below the root.
define show_qdiscs
  set $qdisc = $device->qdisc
  show_qdisc
  set $queue = 0
  while $queue < $device->num_tx_queues
    set $qdisc = $device->_tx[$queue].qdisc_sleeping
    if $qdisc && $qdisc != $device->qdisc
      show_qdisc
    end
    set $queue = $queue + 1
  end
  set $bucket = 0
  while $bucket < 16
    set $node = $device->qdisc_hash[$bucket].first
    while $node
      set $qdisc = (typeof($no_qdisc))((char *)$node - $qdisc_hash)
      # Those of the queues have been shown.
      if $qdisc != $device->qdisc && $qdisc->dev_queue->qdisc_sleeping != $qdisc
        show_qdisc
      end
      set $node = $node->next
    end
    set $bucket = $bucket + 1
  end
end

# Calls show_device or show_qdiscs for each device of each namespace.
define for_each_device
  set $n = net_namespace_list.next
  while $n != &net_namespace_list
    set $net = (typeof($no_net))((char *)$n - $net_list)
    set $d = $net->dev_base_head.next
    while $d != &$net->dev_base_head
      set $device = (typeof($no_device))((char *)$d - $dev_list)
      if $arg0
        show_device
      else
        show_qdiscs
      end
      set $d = $d->next
    end
    set $n = $n->next
  end
end

printf "     NETNS  IF DEVICE          RX_ERROR  RX_DROP NO_HANDLER TX_ERROR  TX_DROP\n"
for_each_device 1
printf "\n     NETNS DEVICE          QDISC            HANDLE     QLEN    DROPS OVERLIMITS\n"
for_each_device 0
