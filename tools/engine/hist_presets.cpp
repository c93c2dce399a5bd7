// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_presets.h"

namespace whydrop {

const std::vector<HistPreset> &hist_presets() {
    static const std::vector<HistPreset> all = {
        {"drops",
         "why and where packets are lost",
         "skb:kfree_skb",
         {"reason", "location.sym"},
         {},
         {},
         nullptr,
         ""},
        {"receive",
         "which devices receive, and on which ways",
         "net:netif_receive_skb",
         {"name", "stacktrace"},
         {"len"},
         {},
         nullptr,
         ""},
        {"xdp",
         "what XDP programs return that is an error",
         "xdp:xdp_exception",
         {"prog_id", "act", "ifindex"},
         {},
         {},
         nullptr,
         ""},
        {"kmalloc",
         "who takes memory, by bytes",
         "kmem:kmalloc",
         {"stacktrace"},
         {"bytes_req", "bytes_alloc"},
         {"bytes_alloc"},
         nullptr,
         ""},
        {"qdisc",
         "what queueing disciplines hand to devices",
         "qdisc:qdisc_dequeue",
         {"ifindex", "handle.hex", "parent.hex"},
         {"packets"},
         {},
         nullptr,
         ""},
        {"napi",
         "how much a poll finds to do, by device",
         "napi:napi_poll",
         {"dev_name", "work"},
         {"budget"},
         {},
         nullptr,
         ""},
        {"softirq",
         "which softirqs run, on which CPUs",
         "irq:softirq_entry",
         {"vec", "common_cpu"},
         {},
         {},
         nullptr,
         ""},
        {"syscalls",
         "which system calls a thread makes",
         "raw_syscalls:sys_enter",
         {"id.syscall"},
         {},
         {},
         "PID",
         "common_pid == "},
    };
    return all;
}

const HistPreset *hist_preset(const std::string &name) {
    for (const HistPreset &preset : hist_presets())
        if (name == preset.name)
            return &preset;
    return nullptr;
}

}  // namespace whydrop
