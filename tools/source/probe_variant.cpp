// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/probe_variant.h"

#include <algorithm>

#include "source/kernel_btf.h"

namespace whydrop {

namespace {

// In the names of the programs.
std::string reads(bool cast) {
    return cast ? "cast_" : "probe_";
}

Result<ProbeVariant> for_drops(KernelBtf &btf, bool cast) {
    auto arguments = btf.kfree_skb_arguments();
    if (!arguments)
        return arguments.error();
    const unsigned least = cast ? 3 : 2;  // direct reads are newer than reasons
    const std::string taken = std::to_string(std::clamp(*arguments, least, 4u));
    return ProbeVariant{cast,
                        {{reads(cast) + taken, "kfree_skb"}},
                        "tp_btf/kfree_skb, " + std::to_string(*arguments) + " arguments"};
}

Result<ProbeVariant> for_receive(const std::vector<std::string> &tracepoints, KernelBtf &btf,
                                 bool cast) {
    if (auto loaded = btf.load(); !loaded)
        return loaded.error();
    ProbeVariant variant{cast, {}, ""};
    for (const std::string &tracepoint : tracepoints) {
        if (!btf.tracepoint_arguments(tracepoint))
            return Error{Errc::unsupported,
                         "this kernel's BTF does not know the tracepoint net:" + tracepoint,
                         "'--at receive', the default, is where every kernel has one"};
        variant.description += (variant.hooks.empty() ? "tp_btf/" : ", tp_btf/") + tracepoint;
        const std::string number = std::to_string(variant.hooks.size());
        variant.hooks.push_back({reads(cast) + number, tracepoint});
    }
    return variant;
}

}  // namespace

Result<std::vector<ProbeVariant>> variants_for(PacketEvent event,
                                               const std::vector<std::string> &tracepoints,
                                               KernelBtf &btf) {
    std::vector<ProbeVariant> variants;
    for (const bool cast : {true, false}) {
        if (cast && !btf.has_function("bpf_rdonly_cast"))
            continue;
        auto variant =
            event == PacketEvent::drop ? for_drops(btf, cast) : for_receive(tracepoints, btf, cast);
        if (!variant)
            return variant.error();
        variant->description += cast ? ", direct reads" : ", probe reads";
        variants.push_back(std::move(*variant));
    }
    return variants;
}

}  // namespace whydrop
