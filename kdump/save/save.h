// SPDX-License-Identifier: GPL-2.0-or-later
// Copies a dump, /proc/vmcore or a file, without the pages that nobody will look at.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kdump/format/unpack.h"
#include "kdump/save/page_layout.h"
#include "kdump/save/pipeline.h"
#include "kdump/save/writer.h"
#include "sys/result.h"

namespace whydrop::kdump {

struct SaveOptions {
    uint32_t dump_level = level::all;
    bool elf = false;  // else kdump-compressed
    uint32_t packing = packing::zstd;
    bool force = false;    // OUT may be overwritten
    unsigned threads = 0;  // 0: as many as there are CPUs
    size_t batch_pages = 256;
};

struct SaveProgress {
    uint64_t pages = 0, of_pages = 0;
};
// Called between batches; false: stop, as if the disk were full.
using OnProgress = std::function<bool(const SaveProgress &)>;

struct SaveReport {
    std::string format, compression;
    uint32_t dump_level = 0;     // with that of IN
    uint64_t machine_pages = 0;  // as far as IN says
    uint64_t input_pages = 0;    // in IN
    PageCounts left_out{};       // of these
    uint64_t planned_pages = 0;  // the others
    uint64_t written_pages = 0;  // in OUT
    uint64_t zero_pages = 0;     // of these; they take no space, whatever the level
    uint64_t unknown_pages = 0;  // copied, because their struct page is not in IN
    std::string not_told;        // why pages could not be told apart; empty: they could
    Holes holes;
    std::string first_hole;  // why
    uint64_t file_bytes = 0, disk_bytes = 0;
    double seconds = 0;
    std::optional<Error> stopped;  // why OUT is incomplete
};

// From `in` to `out`.partial, which becomes `out` when it is complete and on the disk. A report
// with `stopped` is of a .partial that stays. Errors: as open_dump() and OutFile::create(); failed
// where not even the headers could be written, and then nothing stays.
Result<SaveReport> save(const std::string &in, const std::string &out, const SaveOptions &options,
                        const OnProgress &on_progress);

// The same without names: how the input is opened, and where the output goes.
Result<SaveReport> save_to(const DumpOpener &open, Target &target, const SaveOptions &options,
                           const OnProgress &on_progress);

}  // namespace whydrop::kdump
