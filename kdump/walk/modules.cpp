// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/modules.h"

#include <algorithm>

#include "kdump/kernel.h"

namespace whydrop::kdump {

namespace {

constexpr size_t most_modules = 4096;
constexpr uint64_t most_module_bytes = 1u << 30;

void add_range(std::vector<Range> &ranges, const Result<uint64_t> &begin,
               const Result<uint64_t> &size) {
    if (begin && size && *begin && *size && *size < most_module_bytes)
        ranges.push_back({*begin, *begin + *size});
}

// module.mem[] since ac3b43283923 (6.4); core_layout and init_layout before.
void read_memory(Kernel &kernel, const Ref &module, Module &found) {
    if (const Ref areas = module["mem"]; areas.ok()) {
        const uint64_t each = kernel.types().size_of("module_memory");
        const uint64_t count = each ? areas.size_bytes() / each : 0;
        for (uint64_t i = 0; i < count; i++) {
            const Ref area = areas.at(i);
            add_range(found.memory, area["base"].number(), area["size"].number());
            const std::string kind = kernel.types().enumerator("mod_mem_type", i);
            if (kind == "MOD_TEXT" || kind == "MOD_INIT_TEXT")
                add_range(found.text, area["base"].number(), area["size"].number());
        }
        return;
    }
    for (const char *name : {"core_layout", "init_layout"}) {
        const Ref layout = module[name];
        add_range(found.memory, layout["base"].number(), layout["size"].number());
        add_range(found.text, layout["base"].number(), layout["text_size"].number());
    }
}

std::string pointed_text(Kernel &kernel, const Ref &pointer) {
    const uint64_t address = pointer.number_or(0);
    const auto text = address ? kernel.memory().text(address, 64) : Result<std::string>("");
    return text ? *text : std::string();
}

Result<Module> read_module(Kernel &kernel, const Ref &module) {
    auto name = module["name"].text();
    if (!name)
        return name.error();
    Module found;
    found.name = std::move(*name);
    found.address = module.address();
    found.state = short_name(
        kernel.types().enumerator("module_state", module["state"].number_or(0)), "MODULE_STATE_");
    read_memory(kernel, module, found);
    for (const Range &range : found.memory)
        found.size_bytes += range.end - range.begin;
    found.taints = taint_letters(module["taints"].number_or(0));
    found.version = pointed_text(kernel, module["version"]);
    found.srcversion = pointed_text(kernel, module["srcversion"]);
    // The kernel counts from one (MODULE_REF_BASE).
    const auto references = module["refcnt.counter"].signed_number();
    found.references = references ? *references - 1 : 0;
    found.orc_count = module["arch.num_orcs"].number_or(0);
    found.orc_ips = module["arch.orc_unwind_ip"].number_or(0);
    found.orc_entries = module["arch.orc_unwind"].number_or(0);
    return found;
}

}  // namespace

std::string taint_letters(uint64_t mask) {
    static const char letters[] = "PFSRMBUDAWCIOELKXTNJ";
    std::string text;
    for (size_t bit = 0; bit + 1 < sizeof letters; bit++)
        if (mask >> bit & 1)
            text += letters[bit];
    return text;
}

bool Module::holds(uint64_t at) const {
    return std::any_of(memory.begin(), memory.end(),
                       [at](const Range &range) { return at >= range.begin && at < range.end; });
}

std::vector<Module> read_modules(Kernel &kernel) {
    std::vector<Module> modules;
    const Ref head = kernel.variable("modules", "list_head");
    (void)for_each_in_list(
        head, "module", "list",
        [&](const Ref &ref) {
            if (auto module = read_module(kernel, ref))
                modules.push_back(std::move(*module));
            return true;
        },
        most_modules)
        .ok();
    return modules;
}

}  // namespace whydrop::kdump
