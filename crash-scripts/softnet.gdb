# SPDX-License-Identifier: GPL-2.0-or-later
# The loop of softnet.crash.

# Relocated kernels move the start as well.
set $softnet_of_all = &softnet_data
set $softnet_at = (char *)&softnet_data - (char *)&__per_cpu_start
printf "CPU  PROCESSED    DROPPED  TIME_SQUEEZE  RECEIVED_RPS  INPUT_QLEN  PROCESS_QLEN\n"
set $cpu = 0
while $cpu < nr_cpu_ids
  if (__cpu_present_mask.bits[$cpu / 64] >> ($cpu % 64)) & 1
    set $softnet = (typeof($softnet_of_all))(__per_cpu_offset[$cpu] + $softnet_at)
    if $dropped_at >= 0
      # An integer; an atomic one in 6.12.
      set $dropped = *(unsigned int *)((char *)$softnet + $dropped_at)
    else
      # Two of them in 7.x.
      set $dropped = $softnet->drop_counters.drops0.counter + $softnet->drop_counters.drops1.counter
    end
    printf "%3d %10u %10u %13u", $cpu, $softnet->processed, $dropped, $softnet->time_squeeze
    printf " %13u %11u", $softnet->received_rps, $softnet->input_pkt_queue.qlen
    printf " %13u\n", $softnet->process_queue.qlen
  end
  set $cpu = $cpu + 1
end
