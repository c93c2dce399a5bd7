// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/kernel_btf.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "kdump/btf.h"
#include "source/file_bytes.h"

namespace whydrop {

using kdump::Btf;
using kdump::BtfKind;
using Clock = std::chrono::steady_clock;

namespace {

// BTF with the bytes it looks into.
struct LoadedBtf {
    FileBytes bytes;
    Btf btf;
};

Result<LoadedBtf> load_btf(const std::string &path, const Btf *base) {
    auto bytes = FileBytes::read(path);
    if (!bytes)
        return bytes.error();
    auto btf = Btf::parse(bytes->bytes(), base);
    if (!btf)
        return Error{btf.error().code, path + ": " + btf.error().what, btf.error().hint};
    return LoadedBtf{std::move(*bytes), std::move(*btf)};
}

std::string no_btf_hint() {
    return "whydrop needs a kernel built with CONFIG_DEBUG_INFO_BTF, 5.10 or newer (grep "
           "DEBUG_INFO_BTF /boot/config-$(uname -r)); distribution kernels have had it since 2021";
}

// Reasons are 32 bits wide, whatever the kind of enumeration.
template <typename Add>
void each_enumerator(const Btf &btf, uint32_t id, Add add) {
    for (const kdump::BtfEnumerator &one : btf.enumerators(id))
        add(one.name, static_cast<uint32_t>(one.value));
}

void add_others(ReasonTable &table, const Btf &btf) {
    for (const BtfKind kind : {BtfKind::enumeration, BtfKind::enumeration64})
        for (const uint32_t id : btf.ids_of(kind)) {
            const std::string_view name = btf.type(id)->name;
            if (name.ends_with("drop_reason") && name != "skb_drop_reason")
                each_enumerator(btf, id, [&](auto text, auto v) { table.add_other(text, v); });
        }
}

ReasonTable core_table(const Btf &btf) {
    ReasonTable table;
    if (const uint32_t id = btf.find_enumeration("skb_drop_reason_subsys"))
        each_enumerator(btf, id, [&](auto text, auto v) { table.add_subsystem(text, v); });
    if (const uint32_t id = btf.find_enumeration("skb_drop_reason"))
        each_enumerator(btf, id, [&](auto text, auto v) { table.add_core(text, v); });
    if (!table.empty())
        add_others(table, btf);
    table.sort();
    return table;
}

}  // namespace

struct KernelBtf::State {
    std::string root;
    std::optional<LoadedBtf> vmlinux;
    std::optional<Error> failure;
    std::optional<ReasonTable> table;
    std::vector<std::string> modules;  // those whose names are in the table
    std::optional<Clock::time_point> modules_read;

    const Btf *btf() {
        if (!vmlinux && !failure)
            load();
        return vmlinux ? &vmlinux->btf : nullptr;
    }

    void load() {
        auto loaded = load_btf(root + "/vmlinux", nullptr);
        if (loaded) {
            vmlinux = std::move(*loaded);
            return;
        }
        failure = loaded.error();
        if (failure->code == Errc::unsupported)
            *failure = {Errc::unsupported, "this kernel has no BTF: " + failure->what,
                        no_btf_hint()};
    }

    ReasonTable &core() {
        if (!table) {
            const Btf *kernel = btf();
            table = kernel != nullptr ? core_table(*kernel) : ReasonTable();
        }
        return *table;
    }

    // Modules come and go while a run lasts: names once read stay, new files are read.
    void read_modules() {
        constexpr auto patience = std::chrono::seconds(1);
        if (modules_read && Clock::now() - *modules_read < patience)
            return;
        modules_read = Clock::now();
        ReasonTable &names = core();
        if (names.empty())
            return;
        std::error_code error;
        std::filesystem::directory_iterator file(root, error);
        for (; !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
            const std::string name = file->path().filename();
            if (name == "vmlinux" ||
                std::find(modules.begin(), modules.end(), name) != modules.end())
                continue;
            const Btf *base = btf();
            if (base == nullptr)
                return;
            modules.push_back(name);
            // A module that is just being unloaded, or whose BTF does not fit, has no names for us.
            if (const auto module = load_btf(file->path(), base))
                add_others(names, module->btf);
        }
        names.sort();
    }
};

KernelBtf::KernelBtf(std::string root) : state_(std::make_unique<State>()) {
    state_->root = std::move(root);
}
KernelBtf::KernelBtf(KernelBtf &&) noexcept = default;
KernelBtf &KernelBtf::operator=(KernelBtf &&) noexcept = default;
KernelBtf::~KernelBtf() = default;

Status KernelBtf::load() {
    if (state_->btf() == nullptr)
        return *state_->failure;
    return success();
}

unsigned KernelBtf::tracepoint_arguments(std::string_view name) {
    const Btf *btf = state_->btf();
    if (!btf)
        return 0;
    // typedef void (*btf_trace_NAME)(void *, the arguments)
    const uint32_t type = btf->find(BtfKind::typedef_, "btf_trace_" + std::string(name));
    const auto pointer = btf->type(btf->strip(type));
    const size_t count = pointer ? btf->parameters(pointer->target).size() : 0;
    return count ? static_cast<unsigned>(count - 1) : 0;
}

Result<unsigned> KernelBtf::kfree_skb_arguments() {
    if (Status status = load(); !status)
        return status.error();
    const unsigned count = tracepoint_arguments("kfree_skb");
    constexpr unsigned least = 2;  // skb and location
    if (count < least)
        return Error{Errc::unsupported,
                     "this kernel's BTF does not know the tracepoint skb:kfree_skb",
                     "whydrop needs a kernel built with CONFIG_NET and CONFIG_TRACEPOINTS"};
    return count;
}

uint32_t KernelBtf::function_id(std::string_view name) {
    const Btf *btf = state_->btf();
    return btf ? btf->find(BtfKind::function, name) : 0;
}

uint32_t KernelBtf::struct_id(std::string_view name) {
    const Btf *btf = state_->btf();
    return btf ? btf->find(BtfKind::structure, name) : 0;
}

bool KernelBtf::has_function(std::string_view name) {
    return function_id(name) != 0;
}

bool KernelBtf::has_variable(std::string_view name) {
    const Btf *btf = state_->btf();
    return btf != nullptr && btf->find(BtfKind::variable, name) != 0;
}

bool KernelBtf::has_reasons() {
    if (state_->table)
        return !state_->table->empty();
    // On the way to attaching there is no time for all the names.
    const Btf *btf = state_->btf();
    return btf != nullptr && btf->find_enumeration("skb_drop_reason") != 0;
}

std::optional<uint32_t> KernelBtf::unspecified_reason() {
    if (!has_reasons())
        return 0;
    for (const ReasonTable::Entry &entry : reasons().entries())
        if (is_unspecified(entry.reason))
            return entry.reason.code;
    return {};
}

Reason KernelBtf::reason(uint32_t code) {
    ReasonTable &table = state_->core();
    constexpr uint32_t last_of_core = 0xffff;
    if (code > last_of_core && table.find(code) == nullptr && table.knows_subsystem(code))
        state_->read_modules();
    return table.reason(code);
}

Result<std::vector<uint32_t>> KernelBtf::reason_codes(std::string_view name) {
    if (Status status = load(); !status)
        return status.error();
    ReasonTable &table = state_->core();
    if (table.empty())
        return Error{
            Errc::unsupported, "this kernel does not say why it drops packets",
            "drop reasons came with 5.17; group by location, or filter by -i, -n, --proto"};
    auto codes = table.codes(name);
    if (codes.empty()) {
        state_->read_modules();
        codes = table.codes(name);
    }
    if (codes.empty())
        return table.unknown(name);
    return codes;
}

const ReasonTable &KernelBtf::reasons() {
    state_->core();
    state_->read_modules();
    return *state_->table;
}

void KernelBtf::release() {
    state_->core();
    state_->vmlinux.reset();
}

}  // namespace whydrop
