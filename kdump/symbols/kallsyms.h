// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's own table of its symbols (kernel/kallsyms.c), as it lies in memory: compressed. No
// more of it is unpacked than is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kdump/lazy_bytes.h"
#include "kdump/memory.h"
#include "kdump/vmcoreinfo.h"
#include "sys/result.h"

namespace whydrop::kdump {

// Where the parts of the table are (scripts/kallsyms.c).
struct KallsymsPlace {
    uint64_t names = 0, token_table = 0, token_index = 0, offsets = 0;
    uint64_t relative_base =
        0;  // address of the number; 0: offsets are relative to their own place
    uint32_t count = 0;
};

// By the addresses in VMCOREINFO (5fd8fea935a1, "vmcoreinfo: include kallsyms symbols", 6.0).
std::optional<KallsymsPlace> kallsyms_by_info(const Reader &memory, const VmcoreInfo &info);
// By what the table looks like, for older kernels: the tokens of the ten digits are themselves.
std::optional<KallsymsPlace> kallsyms_by_scan(const Reader &memory, uint64_t stext);

struct KernelSymbol {
    std::string name;
    uint64_t address = 0;
    uint64_t size_bytes = 0;  // to the next symbol; 0: the last one
};

class Kallsyms {
  public:
    // Keeps a reference to the memory. Errors: failed, when there is none, or it does not say where
    // _stext is as VMCOREINFO does.
    // `soon`: names that will be asked for, see prepare().
    static Result<Kallsyms> find(const Reader &memory, const VmcoreInfo &info,
                                 std::vector<std::string_view> soon = {});

    [[nodiscard]] uint32_t count() const { return place_.count; }

    // The first symbol of that name. 0: there is none.
    uint64_t address_of(std::string_view name);
    // Looks for many in one pass, so that address_of() knows them.
    void prepare(const std::vector<std::string_view> &names);
    // The symbol in which an address lies: the first of several at the same place that is a name
    // of text or data. Absent: below the first one.
    std::optional<KernelSymbol> symbol_at(uint64_t address);

  private:
    struct Packed {  // a name, in the bytes of all names
        size_t begin = 0, length = 0;
        [[nodiscard]] size_t end() const { return begin + length; }
    };

    Status load(const Reader &memory);
    bool find_markers(const Reader &memory);
    void find_sorted(const Reader &memory);
    uint64_t address(uint32_t index);
    std::string name(uint32_t index);  // without the letter of its type; empty: cannot be read
    std::optional<Packed> packed_at(size_t offset);
    [[nodiscard]] bool is_name(std::span<const uint8_t> packed, std::string_view wanted) const;
    std::optional<uint32_t> find_in_sorted(std::string_view name);
    uint32_t index_at(uint64_t address);  // the last one at or below; count(): none

    KallsymsPlace place_;
    LazyBytes names_, offsets_, markers_, sorted_;
    bool has_markers_ = false, has_sorted_ = false;
    std::vector<uint32_t> own_markers_;
    std::vector<std::string> tokens_;
    uint64_t base_ = 0;
    bool negative_ = false;  // offsets below 0 are relative, others absolute (per-CPU)
    std::map<std::string, uint64_t> known_;  // 0: there is none
};

}  // namespace whydrop::kdump
