// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/vmcore/source_lines.h"

#include <algorithm>

#include "kdump/walk/module_symbols.h"
#include "kdump/walk/modules.h"
#include "source/debuginfo/locations.h"

namespace whydrop {

namespace {

using namespace kdump;

// The kernel keeps 20 bytes of a module's id, whatever its length.
bool same_id(std::string a, std::string b) {
    const size_t digits = std::max(a.size(), b.size());
    a.resize(digits, '0');
    b.resize(digits, '0');
    return a == b;
}

Error other_build(const DebugFile &file, const std::string &id, const std::string &who) {
    return {Errc::usage,
            file.path() + " is of another build: its build id is " + file.build_id() +
                ", that of " + who + " in the dump is " + id,
            "only the debug files of the same build say the right lines"};
}

std::string release_of(Kernel &kernel) {
    return std::string(kernel.info().value("OSRELEASE").value_or(""));
}

// How far the kernel was moved from where it was linked to be. Absent: nobody knows.
std::optional<uint64_t> slide_of(Kernel &kernel, const DebugFile &vmlinux) {
    if (const auto said = kernel.info().value("KERNELOFFSET"))
        if (const auto slide = number_of_hex(*said))
            return slide;
    const auto linked = vmlinux.symbols_of("_stext");
    const uint64_t stext = kernel.symbols().address_of("_stext");
    return linked.empty() || !stext ? std::nullopt : std::optional(stext - linked.front().address);
}

// Without build ids: a symbol that is not where the file says; empty: all of them are.
std::string misplaced_symbol(Kernel &kernel, const DebugFile &vmlinux) {
    const auto distance = [&](const std::string &name) -> std::optional<uint64_t> {
        const auto start = vmlinux.symbols_of("_stext"), there = vmlinux.symbols_of(name);
        if (start.empty() || there.empty())
            return {};
        return there.front().address - start.front().address;
    };
    const uint64_t stext = kernel.symbols().address_of("_stext");
    for (const char *name : {"_etext", "init_task", "linux_banner", "init_uts_ns"}) {
        const uint64_t address = kernel.symbols().address_of(name);
        const auto expected = distance(name);
        if (address && expected && address - stext != *expected)
            return name;
    }
    return {};
}

}  // namespace

Result<SourceLines> SourceLines::open(DebugWanted wanted) {
    SourceLines lines;
    lines.wanted_ = std::move(wanted);
    if (!lines.wanted_.vmlinux.empty()) {
        auto file = DebugFile::open(lines.wanted_.vmlinux);
        if (!file)
            return file.error();
        if (file->relocatable())
            return Error{Errc::usage, file->path() + " is no vmlinux but a module",
                         "that one is given by --module"};
        lines.vmlinux_ = std::move(*file);
    }
    for (const std::string &path : lines.wanted_.modules) {
        auto file = DebugFile::open(path);
        if (!file)
            return file.error();
        if (!file->has_lines())
            return no_debug_info(*file);
        const std::string name = file->module_name();
        lines.modules_[name].file = std::move(*file);
    }
    return lines;
}

Result<std::vector<uint8_t>> SourceLines::types_for(Kernel &kernel) {
    if (!vmlinux(kernel, false))
        return Error{Errc::failed,
                     "the kernel has no BTF in this dump, and its vmlinux is not in the usual "
                     "places",
                     "give its vmlinux with debug information by --vmlinux FILE"};
    if (auto same = compare_vmlinux(kernel); !same)
        return same.error();
    return vmlinux_->types();
}

Status SourceLines::attach(Kernel &kernel) {
    if (vmlinux_) {
        if (auto same = compare_vmlinux(kernel); !same)
            return same;
        if (!vmlinux_->has_lines())
            doubts_.push_back(vmlinux_->path() +
                              " has no source lines: it was compiled without -g");
    }
    for (auto &[name, module_file] : modules_) {
        const auto &loaded = kernel.modules();
        const auto module = std::find_if(loaded.begin(), loaded.end(),
                                         [&](const Module &one) { return one.name == name; });
        if (module == loaded.end())
            return Error{Errc::usage,
                         module_file.file->path() + ": no module '" + name + "' was loaded",
                         "'whydrop vmcore mod CORE' lists them"};
        if (auto same = compare_module(kernel, *module, *module_file.file); !same)
            return same;
        module_file.sections = module_sections(kernel, *module);
    }
    return success();
}

Status SourceLines::compare_vmlinux(Kernel &kernel) {
    const std::string here = vmlinux_->build_id(), there = kernel_build_id(kernel);
    if (!here.empty() && !there.empty())
        return same_id(here, there) ? success()
                                    : Status(other_build(*vmlinux_, there, "the kernel"));
    if (const std::string name = misplaced_symbol(kernel, *vmlinux_); !name.empty())
        return Error{Errc::usage,
                     vmlinux_->path() + " is of another build: " + name +
                         " is elsewhere in the dump's kernel",
                     ""};
    const std::string doubt = vmlinux_->path() + " cannot be compared with the kernel: " +
                              (here.empty() ? "it" : "the dump") + " has no build id";
    if (std::find(doubts_.begin(), doubts_.end(), doubt) == doubts_.end())
        doubts_.push_back(doubt);
    return success();
}

Status SourceLines::compare_module(Kernel &kernel, const Module &module, const DebugFile &file) {
    const std::string here = file.build_id(), there = module_build_id(kernel, module);
    if (!here.empty() && !there.empty())
        return same_id(here, there) ? success() : Status(other_build(file, there, module.name));
    const std::string source = file.modinfo("srcversion");
    if (!source.empty() && !module.srcversion.empty() && source != module.srcversion)
        return Error{Errc::usage,
                     file.path() + " is of another build: its srcversion is " + source +
                         ", that of the module in the dump is " + module.srcversion,
                     ""};
    doubts_.push_back(file.path() + " cannot be compared with the module: " +
                      (here.empty() ? "it" : "the dump") + " has no build id");
    return success();
}

// Nobody has named these: they count only when both ids are there and the same.
std::optional<DebugFile> SourceLines::find(const std::vector<std::string> &places,
                                           const std::string &id, bool for_lines) {
    for (const std::string &path : places) {
        auto file = DebugFile::open(path);
        if (file && same_id(file->build_id(), id) && (file->has_lines() || !for_lines))
            return std::move(*file);
    }
    return {};
}

DebugFile *SourceLines::vmlinux(Kernel &kernel, bool for_lines) {
    const std::string id = vmlinux_ || looked_ ? "" : kernel_build_id(kernel);
    if (wanted_.look && !id.empty()) {
        looked_ = for_lines;
        vmlinux_ = find(places_by_id(wanted_.root, id), id, for_lines);
        if (!vmlinux_)
            vmlinux_ = find(vmlinux_places(wanted_.root, release_of(kernel)), id, for_lines);
    }
    return vmlinux_ ? &*vmlinux_ : nullptr;
}

std::optional<DebugFile> SourceLines::find_module(Kernel &kernel, const Module &module) {
    const std::string id = module_build_id(kernel, module);
    if (!wanted_.look || id.empty())
        return {};
    if (auto file = find(places_by_id(wanted_.root, id), id, true))
        return file;
    if (!places_)
        places_ = module_places(wanted_.root, release_of(kernel));
    std::vector<std::string> paths;
    for (auto [at, end] = places_->equal_range(module.name); at != end; ++at)
        paths.push_back(at->second);
    return find(paths, id, true);
}

const std::vector<SourceLine> &SourceLines::at(Kernel &kernel, uint64_t code) {
    const auto [known, is_new] = known_.emplace(code, std::vector<SourceLine>());
    if (!is_new)
        return known->second;
    const auto &loaded = kernel.modules();
    const auto module = std::find_if(loaded.begin(), loaded.end(),
                                     [code](const Module &one) { return one.holds(code); });
    known->second =
        module == loaded.end() ? in_kernel(kernel, code) : in_module(kernel, *module, code);
    return known->second;
}

std::vector<SourceLine> SourceLines::in_kernel(Kernel &kernel, uint64_t code) {
    DebugFile *file = vmlinux(kernel, true);
    if (file && !slide_)
        slide_ = slide_of(kernel, *file);
    return slide_ ? file->lines(code - *slide_) : std::vector<SourceLine>();
}

std::vector<SourceLine> SourceLines::in_module(Kernel &kernel, const Module &module,
                                               uint64_t code) {
    const auto [at, is_new] = modules_.emplace(module.name, ModuleFile());
    ModuleFile &found = at->second;
    if (is_new) {
        found.file = find_module(kernel, module);
        found.sections =
            found.file ? module_sections(kernel, module) : std::vector<ModuleSection>();
    }
    if (!found.file)
        return {};
    for (const DebugSection &section : found.file->sections())
        for (const ModuleSection &put : found.sections)
            if (put.name == section.name && code - put.address < section.size_bytes)
                return found.file->lines(section.address + (code - put.address));
    // The kernel does not say where its sections are: by a symbol that only one place has.
    const auto symbol = kernel.symbols_of(module).symbol_at(code);
    const auto same = symbol ? found.file->symbols_of(symbol->name) : std::vector<DebugSymbol>();
    return same.size() == 1 ? found.file->lines(same.front().address + (code - symbol->address))
                            : std::vector<SourceLine>();
}

}  // namespace whydrop
