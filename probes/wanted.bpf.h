// SPDX-License-Identifier: GPL-2.0-or-later
// Which packets are asked for: the filters of the command line, applied before anything is counted.
#pragma once

#include "groups.bpf.h"

static __always_inline bool reason_wanted(__u32 reason)
{
    bool named = false;

    if (!config.reason_filter)
        return true;
    if (reason < WIRE_REASON_WORDS * 64) {
        named = config.reason_bits[reason / 64] >> (reason % 64) & 1;
    } else {
        for (__u32 i = 0; i < WIRE_SUBSYS_REASONS; i++)
            if (i < config.subsys_reason_count && config.subsys_reasons[i] == reason)
                named = true;
    }
    return named == (config.reason_filter == 1);
}

static __always_inline bool flow_wanted(const struct flow *flow)
{
    if (config.proto_has_ethertype && flow->ethertype != config.proto_ethertype)
        return false;
    return !config.proto_has_l4 || (flow->has_l4 && flow->l4proto == config.proto_l4);
}

static __always_inline bool pid_wanted(void)
{
    struct bpf_pidns_info info = {};

    if (!config.pidns_ino)
        return bpf_get_current_pid_tgid() >> 32 == config.tgid;
    return !bpf_get_ns_current_pid_tgid(config.pidns_dev, config.pidns_ino, &info, sizeof(info)) &&
           info.tgid == config.tgid;
}

static __always_inline bool comm_wanted(void)
{
    char comm[WIRE_NAME_BYTES] = {};

    bpf_get_current_comm(comm, sizeof(comm));
    for (int i = 0; i < WIRE_NAME_BYTES; i++) {
        if (comm[i] != config.comm[i])
            return false;
        if (!comm[i])
            break;
    }
    return true;
}

// -p and --comm speak of the process that was running; in softirq that is nobody's doing.
static __always_inline bool task_wanted(const struct event *event)
{
    if (!config.filter_pid && !config.filter_comm)
        return true;
    if (event->context & WIRE_EVENT_INTERRUPT) {
        __sync_fetch_and_add(&event->cpu->in_interrupt, 1);
        return false;
    }
    return (!config.filter_pid || pid_wanted()) && (!config.filter_comm || comm_wanted());
}
