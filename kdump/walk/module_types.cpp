// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/module_types.h"

#include "kdump/kernel.h"

namespace whydrop::kdump {

std::vector<ModuleTypes> read_module_types(Kernel &kernel, uint64_t &lost) {
    std::vector<ModuleTypes> all;
    const Ref head = kernel.variable("btf_modules", "list_head");
    if (!head.ok() || !kernel.types_are_its_own())
        return all;
    const auto add = [&](const Ref &entry) {
        const Ref btf = entry["btf"].target();
        auto name = btf["name"].text();
        const auto data = btf["data"].number(), bytes = btf["data_size"].number();
        auto types = name && data && bytes
                         ? Types::load(kernel.memory(), *data, *data + *bytes, &kernel.types())
                         : Result<std::unique_ptr<Types>>(Error{});
        if (types)
            all.push_back({std::move(*name), std::move(*types)});
        else
            lost++;
        return true;
    };
    if (!for_each_in_list(head, "btf_module", "list", add))
        lost++;
    return all;
}

}  // namespace whydrop::kdump
