// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's types, from the BTF that lies in its own memory, and typed places in that memory.
//
//     Ref task = kernel.at("task_struct", address);
//     auto pid = task["pid"].number();                  // Result<uint64_t>
//     auto state = task.any({"__state", "state"}).number();
//     auto parent = task["real_parent"]["tgid"].number();  // through the pointer
//
// A step that cannot be made (no such field, memory missing) gives a Ref that keeps the reason: it
// comes out where a value is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kdump/btf.h"
#include "kdump/memory.h"
#include "sys/result.h"

namespace whydrop::kdump {

// A member of a structure, also inside structures that are part of it.
struct Field {
    uint64_t offset_bytes = 0;
    uint32_t type = 0;
    uint32_t first_bit = 0, bits = 0;  // of a bit field, from offset_bytes on; bits 0: none
};

class Types {
  public:
    // Reads BTF at [begin, end) of the memory; a module's refers to the kernel's, which is its base
    // and has to outlive it. Errors: failed.
    static Result<std::unique_ptr<Types>> load(const Reader &memory, uint64_t begin, uint64_t end,
                                               const Types *base = nullptr);
    // The same of BTF that comes from elsewhere.
    static Result<std::unique_ptr<Types>> of(std::vector<uint8_t> bytes,
                                             const Types *base = nullptr);

    [[nodiscard]] const Btf &btf() const { return *btf_; }

    // Its own, not the base's. 0: there is none.
    uint32_t structure(std::string_view name);  // or union
    uint32_t enumeration(std::string_view name);
    // "state", "q.qlen", "se.on_rq": absent where a part of the path is not there.
    std::optional<Field> field(uint32_t structure, std::string_view path);
    std::optional<Field> field(std::string_view structure, std::string_view path);
    // 0: no such type.
    uint64_t size_of(std::string_view structure);
    // "" where the enumeration has no such value.
    std::string enumerator(std::string_view enumeration, uint64_t value);
    // All of the enumeration, which may have no name, that this enumerator is one of.
    std::vector<BtfEnumerator> enumerators_beside(std::string_view name);

  private:
    Types() = default;
    void index();
    [[nodiscard]] size_t place_of(std::string_view name) const;
    [[nodiscard]] uint32_t find(std::string_view name, bool enumeration) const;

    std::vector<uint8_t> bytes_;
    std::optional<Btf> btf_;
    // Ids of structures, unions and enumerations, at the place that their name's hash gives, or
    // behind it; 0: free. A power of two.
    std::vector<uint32_t> by_name_;
    std::unordered_map<std::string, std::optional<Field>> fields_;
};

// What an enumerator is called without what all of them begin with: "MODULE_STATE_LIVE" is "live".
std::string short_name(std::string_view enumerator, std::string_view prefix);

class Ref {
  public:
    Ref(Types &types, const Reader &memory, uint64_t address, uint32_t type)
        : types_(&types), memory_(&memory), address_(address), type_(type) {}
    explicit Ref(Error error) : error_(std::make_shared<Error>(std::move(error))) {}

    [[nodiscard]] bool ok() const { return !error_; }
    [[nodiscard]] const Error &error() const { return *error_; }
    [[nodiscard]] uint64_t address() const { return address_; }
    [[nodiscard]] uint32_t type() const { return type_; }

    // A member; through a pointer, of what it points to.
    Ref operator[](std::string_view path) const;
    // The first of these that there is: fields that were renamed.
    [[nodiscard]] Ref any(std::initializer_list<std::string_view> paths) const;
    [[nodiscard]] bool has(std::string_view path) const;
    // What a pointer points to.
    [[nodiscard]] Ref target() const;
    // An element of an array, or of what a pointer points to as to an array.
    [[nodiscard]] Ref at(uint64_t index) const;
    // The same place seen as another structure.
    [[nodiscard]] Ref as(std::string_view structure) const;
    // What a pointer without a type (void *) points to, as a structure.
    [[nodiscard]] Ref as_pointer_to(std::string_view structure) const;
    // The structure of which this place is the member: container_of().
    [[nodiscard]] Ref container(std::string_view structure, std::string_view member) const;

    // Integers, enumerations, pointers, bit fields.
    [[nodiscard]] Result<uint64_t> number() const;
    [[nodiscard]] Result<int64_t> signed_number() const;
    [[nodiscard]] uint64_t number_or(uint64_t otherwise) const;  // where it cannot be had
    // An array of characters, up to its first zero.
    [[nodiscard]] Result<std::string> text() const;
    [[nodiscard]] uint64_t size_bytes() const;
    // The first bytes of what is there, as they are.
    template <size_t count>
    [[nodiscard]] Result<std::array<uint8_t, count>> bytes() const {
        if (error_)
            return *error_;
        return memory_->load<std::array<uint8_t, count>>(address_);
    }

  private:
    [[nodiscard]] Ref failed(std::string what) const;

    Types *types_ = nullptr;
    const Reader *memory_ = nullptr;
    uint64_t address_ = 0;
    uint32_t type_ = 0;
    uint32_t first_bit_ = 0, bits_ = 0;
    std::shared_ptr<Error> error_;
};

// Each element of a struct list_head list, as the structure that `member` is part of; without the
// head. `on_element` gives false to stop. Errors: failed, where a link cannot be read, or the list
// does not come back to its head within `most` elements.
Status for_each_in_list(const Ref &head, std::string_view structure, std::string_view member,
                        const std::function<bool(const Ref &)> &on_element,
                        size_t most = size_t{1} << 20);

}  // namespace whydrop::kdump
