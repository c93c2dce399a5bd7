// SPDX-License-Identifier: GPL-2.0-or-later
// The dead kernel's virtual memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "kdump/missing_pages.h"
#include "kdump/paging/paging.h"
#include "kdump/vmcoreinfo.h"
#include "sys/result.h"

namespace whydrop::kdump {

// What can read kernel memory: a Memory, or bytes that a test has made up.
class Reader {
  public:
    virtual ~Reader() = default;
    // All bytes or an error: failed, with the address and which page is missing.
    virtual Status read(uint64_t address, std::span<uint8_t> to) const = 0;

    // A number of the dead machine, which is little-endian as this one.
    template <typename T>
    [[nodiscard]] Result<T> load(uint64_t address) const {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        if (auto done = read(address, {reinterpret_cast<uint8_t *>(&value), sizeof value}); !done)
            return done.error();
        return value;
    }
    // Up to the first zero, or `most` bytes where there is none.
    [[nodiscard]] Result<std::string> text(uint64_t address, size_t most = 256) const;
    [[nodiscard]] Result<std::vector<uint8_t>> bytes(uint64_t address, size_t count) const;
};

// Kernel addresses translated as the dead kernel did.
class Memory : public Reader {
  public:
    // Finds VMCOREINFO (note, header, or by scanning the memory) and the page tables. Errors:
    // usage for a machine of another architecture; failed where it is not found.
    static Result<std::unique_ptr<Memory>> open(std::unique_ptr<Dump> dump);

    Status read(uint64_t address, std::span<uint8_t> to) const override;
    [[nodiscard]] Result<uint64_t> physical(uint64_t address) const;

    [[nodiscard]] Dump &dump() const { return *dump_; }
    [[nodiscard]] const VmcoreInfo &info() const { return info_; }
    // How many pages were wanted in vain since the last call.
    [[nodiscard]] uint64_t take_missing() const { return dump_->take(); }

  private:
    explicit Memory(std::unique_ptr<Dump> dump)
        : dump_(std::make_unique<MissingPages>(std::move(dump))) {}

    [[nodiscard]] size_t neighbours(uint64_t address, uint64_t physical, size_t most) const;

    std::unique_ptr<MissingPages> dump_;
    VmcoreInfo info_;
    std::unique_ptr<Paging> paging_;
};

}  // namespace whydrop::kdump
