// SPDX-License-Identifier: GPL-2.0-or-later
// Reads and packs pages on several threads, and hands them out in the order of their numbers.
// Beside what each open dump takes, it has 3 MiB for each thread and one more for all, however
// large the dump is: a thread that is ahead waits until its last batches are written.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kdump/format/dump.h"
#include "kdump/save/page_set.h"
#include "sys/result.h"

namespace whydrop::kdump {

struct PackedPage {
    uint64_t pfn = 0;
    uint32_t bytes = 0;  // of the batch's data; 0: the page is of zeros
    uint32_t flags = 0;  // how it is packed: unpack.h
    bool hole = false;   // it could not be read: zeros stand for it
};

struct Batch {
    std::vector<PackedPage> pages;  // their bytes lie one behind the other
    std::span<const uint8_t> data;
    std::string first_hole;  // why that could not be read; empty: there is none
};

using DumpOpener = std::function<Result<std::unique_ptr<Dump>>()>;

struct PipelineOptions {
    uint32_t packing = 0;
    unsigned threads = 1;
    size_t batch_pages = 256;
};

class Pipeline {
  public:
    // Every thread opens the dump for itself. The set is not to change before the pipeline ends.
    static Result<Pipeline> start(const DumpOpener &open, const PageSet &pages,
                                  const PipelineOptions &options);
    Pipeline(Pipeline &&) noexcept;
    Pipeline &operator=(Pipeline &&) = delete;
    ~Pipeline();  // ends the threads, whatever they have left to do

    // The next pages; nullptr: those were all. Stays until the next call.
    const Batch *next();

  private:
    struct State;
    explicit Pipeline(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop::kdump
