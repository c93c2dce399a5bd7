// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/summary.h"

#include <charconv>

#include "kdump/kernel.h"
#include "kdump/walk/build_ids.h"
#include "kdump/walk/modules.h"

namespace whydrop::kdump {

namespace {

constexpr double load_one = 2048;  // FIXED_1
constexpr uint64_t ns_per_s = 1'000'000'000;
constexpr uint32_t no_cpu = UINT32_MAX;  // PANIC_CPU_INVALID

template <typename T>
std::optional<T> optional_of(const Result<T> &result) {
    return result ? std::optional<T>(*result) : std::nullopt;
}

std::string text_or_nothing(const Ref &ref) {
    const auto text = ref.text();
    return text ? *text : std::string();
}

// tk_core: a sequence number and struct timekeeper, of a type without a name until it became
// tk_data (6.13), and the first of timekeeper_data[] (6.17).
Ref timekeeper(Kernel &kernel) {
    uint64_t core = kernel.symbols().address_of("tk_core");
    if (!core)
        core = kernel.symbols().address_of("timekeeper_data");
    if (const auto field = kernel.types().field("tk_data", "timekeeper"))
        return kernel.at("timekeeper", core + field->offset_bytes);
    const Btf &btf = kernel.types().btf();
    for (const uint32_t id : btf.ids_of(BtfKind::structure)) {
        const auto type = btf.type(id);
        if (!type || !type->name.empty() || type->entries != 2)
            continue;
        for (const BtfMember &member : btf.members(id))
            if (member.name == "timekeeper")
                return kernel.at("timekeeper", core + member.bit_offset / 8);
    }
    return kernel.at("timekeeper", core + sizeof(uint64_t));
}

void read_times(Kernel &kernel, Summary &summary) {
    const Ref keeper = timekeeper(kernel);
    summary.time_unix_s = optional_of(keeper["xtime_sec"].number());
    // Written at the time of the crash itself.
    if (const auto crash = kernel.info().value("CRASHTIME")) {
        uint64_t seconds = 0;
        if (std::from_chars(crash->data(), crash->data() + crash->size(), seconds).ec ==
            std::errc())
            summary.time_unix_s = seconds;
    }
    const auto monotonic = keeper["ktime_sec"].number(), slept = keeper["offs_boot"].number();
    if (monotonic)
        summary.uptime_s = *monotonic + (slept ? *slept / ns_per_s : 0);
}

void read_load(Kernel &kernel, Summary &summary) {
    const uint64_t at = kernel.symbols().address_of("avenrun");
    std::array<double, 3> load{};
    for (size_t i = 0; i < load.size(); i++) {
        const auto value = kernel.memory().load<uint64_t>(at + i * sizeof(uint64_t));
        if (!at || !value)
            return;
        load[i] = static_cast<double>(*value) / load_one;
    }
    summary.load = load;
}

std::string text_at(Kernel &kernel, const char *pointer) {
    const auto address = kernel.value<uint64_t>(pointer);
    const auto text = address ? kernel.memory().text(*address, 2048) : Result<std::string>("");
    return text ? *text : std::string();
}

}  // namespace

Summary read_summary(Kernel &kernel) {
    Summary summary;
    const Ref name = kernel.variable("init_uts_ns", "uts_namespace")["name"];
    summary.release = text_or_nothing(name["release"]);
    summary.version = text_or_nothing(name["version"]);
    summary.machine = text_or_nothing(name["machine"]);
    summary.node = text_or_nothing(name["nodename"]);
    summary.build_id = kernel_build_id(kernel);
    summary.cpus = static_cast<uint32_t>(kernel.cpus().size());
    if (const auto khz = kernel.value<uint32_t>("cpu_khz"); khz && *khz)
        summary.cpu_mhz = *khz / 1000;
    read_times(kernel, summary);
    read_load(kernel, summary);
    if (const auto pages = kernel.value<uint64_t>("_totalram_pages"))
        summary.memory_bytes = *pages * page_bytes;
    if (const auto mask = kernel.value<uint64_t>("tainted_mask"))
        summary.taints = taint_letters(*mask);
    summary.command_line = text_at(kernel, "saved_command_line");
    if (const auto cpu = kernel.value<uint32_t>("panic_cpu"); cpu && *cpu != no_cpu)
        summary.panic_cpu = *cpu;
    return summary;
}

}  // namespace whydrop::kdump
