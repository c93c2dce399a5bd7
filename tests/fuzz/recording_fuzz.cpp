// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of a recording: whatever they are, what is read of them can be written again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/document_json.h"
#include "source/recording/recording.h"

using namespace whydrop;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const Fd memory(::memfd_create("recording", MFD_CLOEXEC));
    if (::write(memory.get(), data, size) != static_cast<ssize_t>(size))
        return 0;
    auto recording = Recording::open("/proc/self/fd/" + std::to_string(memory.get()));
    if (!recording)
        return 0;
    volatile size_t seen = 0;
    while (const auto item = recording->next()) {
        if (const auto *section = std::get_if<Section>(&*item)) {
            for (const auto &row : section->rows)
                if (row.size() != section->columns.size())
                    std::abort();
            seen = seen + section_line(*section).size() + to_json_lines(*section).size();
        } else if (const auto *drop = std::get_if<DropRecord>(&std::get<JsonLine>(*item))) {
            seen = seen + to_json(*drop).size();
        }
    }
    seen = seen + recording->losses().size();
    return 0;
}
