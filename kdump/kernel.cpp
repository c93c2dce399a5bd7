// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/kernel.h"

#include <algorithm>

#include "kdump/walk/module_symbols.h"
#include "kdump/walk/modules.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t lowest_address = 0xffff800000000000;  // of the kernel's half
constexpr uint32_t most_cpus = 8192;                     // CONFIG_NR_CPUS at its largest

// What nearly every report asks for: looked for in one pass where the names are not sorted.
const std::vector<std::string_view> usual_symbols = {
    "__start_BTF",
    "__stop_BTF",
    "__per_cpu_offset",
    "nr_cpu_ids",
    "__cpu_present_mask",
    "init_task",
    "init_uts_ns",
    "modules",
    "prb",
    "panic_cpu",
    "tainted_mask",
    "jiffies",
    "jiffies_64",
    "runqueues",
    "avenrun",
    "tk_core",
    "timekeeper_data",
    "vm_zone_stat",
    "_totalram_pages",
    "net_namespace_list",
    "softnet_data",
    "workqueues",
    "map_idr",
    "prog_idr",
    "btf_modules",
    "__start_orc_unwind_ip",
    "__stop_orc_unwind_ip",
    "__start_orc_unwind",
    "_etext",
    "_sinittext",
    "_einittext",
    "linux_banner",
    "pcpu_hot",
    "current_task",
    "saved_command_line",
    "crash_notes",
    "panic_buf",
    "cpu_khz",
};

}  // namespace

std::string name_and_distance(const std::string &name, uint64_t distance) {
    return distance ? name + "+" + hex(distance) : name;
}

Kernel::~Kernel() = default;

Result<std::unique_ptr<Kernel>> Kernel::open(std::unique_ptr<Dump> dump,
                                             const TypesElsewhere &elsewhere) {
    std::unique_ptr<Kernel> kernel(new Kernel);
    auto memory = Memory::open(std::move(dump));
    if (!memory)
        return memory.error();
    kernel->memory_ = std::move(*memory);
    auto symbols = Kallsyms::find(*kernel->memory_, kernel->info(), usual_symbols);
    if (!symbols)
        return symbols.error();
    kernel->symbols_.emplace(std::move(*symbols));
    if (auto loaded = kernel->load_types(elsewhere); !loaded)
        return loaded.error();
    return kernel;
}

Status Kernel::load_types(const TypesElsewhere &elsewhere) {
    const uint64_t begin = symbols_->address_of("__start_BTF");
    const uint64_t end = symbols_->address_of("__stop_BTF");
    auto types = Types::load(*memory_, begin, end);
    if (!types && elsewhere) {
        auto found = elsewhere(*this);
        if (!found)
            return found.error();
        types_are_its_own_ = end > begin && found->size() == end - begin;
        types = Types::of(std::move(*found));
    }
    if (!types)
        return types.error();
    types_ = std::move(*types);
    return success();
}

Ref Kernel::at(std::string_view structure, uint64_t address) {
    const uint32_t id = types_->structure(structure);
    if (!id)
        return Ref(Error{Errc::failed, "this kernel has no struct " + std::string(structure), ""});
    return {*types_, *memory_, address, id};
}

Ref Kernel::variable(std::string_view symbol, std::string_view structure) {
    const uint64_t address = symbols_->address_of(symbol);
    if (!address)
        return Ref(Error{Errc::failed, "this kernel has no symbol " + std::string(symbol), ""});
    return at(structure, address);
}

const std::vector<uint32_t> &Kernel::cpus() {
    if (!cpus_.empty())
        return cpus_;
    const uint32_t possible = std::min(
        value<uint32_t>("nr_cpu_ids").ok() ? *value<uint32_t>("nr_cpu_ids") : 1, most_cpus);
    const uint64_t mask = symbols_->address_of("__cpu_present_mask");
    for (uint32_t cpu = 0; cpu < possible; cpu++) {
        const auto byte = memory_->load<uint8_t>(mask + cpu / 8);
        if (byte && *byte >> (cpu % 8) & 1)
            cpus_.push_back(cpu);
    }
    if (cpus_.empty())
        cpus_.push_back(0);
    return cpus_;
}

Result<uint64_t> Kernel::per_cpu(uint64_t address, uint32_t cpu) {
    const uint64_t offsets = symbols_->address_of("__per_cpu_offset");
    auto offset = memory_->load<uint64_t>(offsets + uint64_t{cpu} * sizeof(uint64_t));
    if (!offset)
        return offset.error();
    return address + *offset;
}

const std::vector<Module> &Kernel::modules() {
    if (!modules_)
        modules_ = read_modules(*this);
    return *modules_;
}

const ModuleSymbols &Kernel::symbols_of(const Module &module) {
    auto &known = module_symbols_[module.address];
    if (!known)
        known = std::make_unique<ModuleSymbols>(*this, module);
    return *known;
}

uint64_t Kernel::address_of(std::string_view symbol) {
    uint64_t address = symbols_->address_of(symbol);
    for (auto module = modules().begin(); !address && module != modules().end(); ++module)
        address = symbols_of(*module).address_of(symbol);
    return address;
}

std::string Kernel::name_in(const Module &module, uint64_t address, uint64_t code) {
    const auto symbol = symbols_of(module).symbol_at(code);
    const std::string name =
        symbol ? name_and_distance(symbol->name, address - symbol->address) : hex(address);
    return name + " [" + module.name + "]";
}

std::string Kernel::name_of(uint64_t address, bool is_return) {
    const uint64_t code = address - (is_return ? 1 : 0);
    if (code < lowest_address)
        return hex(address);
    for (const Module &module : modules())
        if (module.holds(code))
            return name_in(module, address, code);
    const auto symbol = symbols_->symbol_at(code);
    constexpr uint64_t far = 16u << 20;  // behind the last symbol, or between two
    if (!symbol || address - symbol->address > far)
        return hex(address);
    return name_and_distance(symbol->name, address - symbol->address);
}

}  // namespace whydrop::kdump
