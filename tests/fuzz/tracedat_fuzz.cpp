// SPDX-License-Identifier: GPL-2.0-or-later
// A trace.dat of anybody's: its head, its pages, packed or not, and its symbols. Nothing outside
// the file is read, no event is longer than the file, and reading ends.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "source/tracedat/trace_dat.h"

using namespace whydrop;

namespace {

uint64_t read_all(TraceDat &file, bool by_time) {
    uint64_t seen = 0;
    const EachRecorded each = [&](const TraceEventView &event, const tracedat::Buffer &) {
        if (!event.format)
            std::abort();
        for (const std::byte byte : event.record)
            seen += static_cast<uint64_t>(byte);
        seen += file.names().function(seen).name.size();
        return ++seen != 0;
    };
    by_time ? file.read_by_time(each, {}) : file.read_by_cpu(each, {});
    return seen + file.losses().size() + file.session().source.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const Fd memory(::memfd_create("trace", MFD_CLOEXEC));
    if (::write(memory.get(), data, size) != static_cast<ssize_t>(size))
        return 0;
    const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
    volatile uint64_t seen = 0;
    for (const bool by_time : {true, false})
        if (auto file = TraceDat::open(path))
            seen = seen + read_all(**file, by_time);
    return 0;
}
