// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a kernel's table of symbols as scripts/kallsyms.c of different ages does, into memory of a
// test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kdump/memory.h"
#include "kdump/symbols/kallsyms.h"

namespace whydrop::test {

// Kernel memory in one piece; what is outside is missing.
class PlainMemory : public kdump::Reader {
  public:
    PlainMemory(uint64_t begin, size_t bytes) : begin_(begin), bytes_(bytes) {}

    Status read(uint64_t address, std::span<uint8_t> to) const override {
        if (address < begin_ || address - begin_ > bytes_.size() ||
            to.size() > bytes_.size() - (address - begin_))
            return Error{Errc::failed, "not there", ""};
        std::copy_n(bytes_.begin() + static_cast<long>(address - begin_), to.size(), to.begin());
        return success();
    }
    template <typename T>
    void put(uint64_t address, const T &value) {
        put(address, &value, sizeof value);
    }
    void put(uint64_t address, const void *from, size_t count) {
        const auto *bytes = static_cast<const uint8_t *>(from);
        std::copy_n(bytes, count, bytes_.begin() + static_cast<long>(address - begin_));
    }
    [[nodiscard]] std::vector<uint8_t> &bytes() { return bytes_; }

  private:
    uint64_t begin_;
    std::vector<uint8_t> bytes_;
};

enum class KallsymsAge {
    before_keys,  // 5.10: offsets, base, count, names, markers, tokens; VMCOREINFO says nothing
    with_keys,    // 6.1: the same, and VMCOREINFO says where
    sorted,       // 6.5 to 6.x: tokens before the offsets, then the order of the names
    relative,     // 7.x: as sorted, without a base: offsets are relative to themselves
};

struct KallsymsSample {
    PlainMemory memory;
    kdump::VmcoreInfo info;
    kdump::KallsymsPlace place;
};

// Symbols as {address, letter of the type and name}, by ascending address; addresses below 1 MB are
// absolute (per-CPU) ones.
using Symbols = std::vector<std::pair<uint64_t, std::string>>;
// The table begins at a quarter of `image_bytes`, which begin at _stext.
KallsymsSample kallsyms_sample(KallsymsAge age, const Symbols &symbols, uint64_t stext,
                               size_t image_bytes = 4u << 20);

}  // namespace whydrop::test
