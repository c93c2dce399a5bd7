// SPDX-License-Identifier: GPL-2.0-or-later
// A dead kernel: its memory, names and types. Walkers (walk/) ask it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdump/hex.h"
#include "kdump/memory.h"
#include "kdump/symbols/kallsyms.h"
#include "kdump/types.h"
#include "sys/result.h"

namespace whydrop::kdump {

struct Module;
class ModuleSymbols;

class Kernel {
  public:
    // BTF for a kernel that was built without, or whose own is not in the dump; the Kernel has no
    // types yet.
    using TypesElsewhere = std::function<Result<std::vector<uint8_t>>(Kernel &)>;

    // Errors: as Memory::open() and Kallsyms::find(); failed where the kernel carries no BTF and
    // there are no types elsewhere; theirs.
    static Result<std::unique_ptr<Kernel>> open(std::unique_ptr<Dump> dump,
                                                const TypesElsewhere &elsewhere = {});
    ~Kernel();

    [[nodiscard]] const Memory &memory() const { return *memory_; }
    [[nodiscard]] Kallsyms &symbols() { return *symbols_; }
    [[nodiscard]] Types &types() { return *types_; }
    // Are those the types that BTF of modules refers to, by number?
    [[nodiscard]] bool types_are_its_own() const { return types_are_its_own_; }
    [[nodiscard]] const VmcoreInfo &info() const { return memory_->info(); }

    // A structure at an address, or at a symbol's.
    Ref at(std::string_view structure, uint64_t address);
    Ref variable(std::string_view symbol, std::string_view structure);
    // A plain number at a symbol.
    template <typename T>
    Result<T> value(std::string_view symbol) {
        const uint64_t address = symbols_->address_of(symbol);
        if (!address)
            return Error{Errc::failed, "this kernel has no symbol " + std::string(symbol), ""};
        return memory_->load<T>(address);
    }

    // Numbers of the CPUs that the machine has. A panic takes all but its own offline, so being
    // online says nothing.
    const std::vector<uint32_t> &cpus();
    // Of a CPU's copy: `address` as the symbol, or a __percpu pointer, gives it.
    Result<uint64_t> per_cpu(uint64_t address, uint32_t cpu);

    // Loaded modules, by address; read once.
    const std::vector<Module> &modules();
    const ModuleSymbols &symbols_of(const Module &module);  // read once
    // Of the kernel, or else of the first module that has it. 0: nobody has.
    uint64_t address_of(std::string_view symbol);
    // "ip_rcv+0x1c", "alx_reset+0x10 [alx]"; "0xffff..." where nobody has a name for it. A return
    // address may be the next function's first: it belongs to what is before it.
    std::string name_of(uint64_t address, bool is_return = false);

  private:
    Kernel() = default;
    Status load_types(const TypesElsewhere &elsewhere);
    std::string name_in(const Module &module, uint64_t address, uint64_t code);

    std::unique_ptr<Memory> memory_;
    std::optional<Kallsyms> symbols_;
    std::unique_ptr<Types> types_;
    bool types_are_its_own_ = true;
    std::vector<uint32_t> cpus_;
    std::optional<std::vector<Module>> modules_;
    std::map<uint64_t, std::unique_ptr<ModuleSymbols>> module_symbols_;  // by struct module
};

// "name+0x1c"; the name alone where the distance is 0.
std::string name_and_distance(const std::string &name, uint64_t distance);

}  // namespace whydrop::kdump
