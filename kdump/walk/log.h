// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log: struct printk_ringbuffer (kernel/printk/printk_ringbuffer.h), since 5.10.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop::kdump {

class Kernel;

struct LogRecord {
    uint64_t sequence = 0;
    uint64_t time_ns = 0;  // since boot, by the scheduler's clock
    uint32_t level = 0;    // 0 emergency .. 7 debug
    std::string text;      // may have several lines
};

struct Log {
    std::vector<LogRecord> records;  // oldest first
    uint64_t lost = 0;  // sequence numbers that are not there any more, or not readable
};

// The last `most` records; 0: all. Errors: failed.
Result<Log> read_log(Kernel &kernel, size_t most = 0);

}  // namespace whydrop::kdump
