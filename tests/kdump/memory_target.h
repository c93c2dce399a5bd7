// SPDX-License-Identifier: GPL-2.0-or-later
// A file in memory that can be full.
#pragma once

#include <algorithm>

#include "kdump/save/out_file.h"
#include "synth.h"

namespace whydrop::test {

class MemoryTarget : public kdump::Target {
  public:
    explicit MemoryTarget(uint64_t most_bytes = UINT64_MAX) : most_(most_bytes) {}

    Status write(uint64_t offset, std::span<const uint8_t> bytes) override {
        if (offset + bytes.size() > most_)
            return full();
        if (file.size() < offset + bytes.size())
            file.resize(offset + bytes.size());
        std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<long>(offset));
        return success();
    }
    Status reserve(uint64_t bytes) override { return bytes > most_ ? full() : resize(bytes); }
    Status resize(uint64_t bytes) override {
        file.resize(bytes);
        return success();
    }

    Bytes file;

  private:
    static Status full() { return Error{Errc::failed, "No space left on device", ""}; }

    uint64_t most_;
};

}  // namespace whydrop::test
