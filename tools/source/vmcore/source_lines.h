// SPDX-License-Identifier: GPL-2.0-or-later
// Source lines of a dead kernel's addresses, from debug files of the same build.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kdump/kernel.h"
#include "kdump/walk/build_ids.h"
#include "source/debuginfo/debug_file.h"
#include "source/debuginfo/usual_places.h"
#include "source/vmcore/vmcore.h"
#include "sys/result.h"

namespace whydrop {

class SourceLines {
  public:
    // Opens the files that are named. Errors: usage.
    static Result<SourceLines> open(DebugWanted wanted);

    // BTF for a kernel that was built without. Errors: usage, the vmlinux is of another build or
    // has no types; failed, there is none.
    Result<std::vector<uint8_t>> types_for(kdump::Kernel &kernel);
    // Compares the named files with what ran. Errors: usage, of another build, or not loaded.
    Status attach(kdump::Kernel &kernel);

    // As DebugFile::lines(); empty: not known. Looks for files in the usual places at the first
    // address that needs them.
    const std::vector<SourceLine> &at(kdump::Kernel &kernel, uint64_t code);

    // What could not be compared, a sentence each.
    [[nodiscard]] const std::vector<std::string> &doubts() const { return doubts_; }

  private:
    struct ModuleFile {
        std::optional<DebugFile> file;  // none: looked for, and there is none
        std::vector<kdump::ModuleSection> sections;
    };

    Status compare_vmlinux(kdump::Kernel &kernel);
    Status compare_module(kdump::Kernel &kernel, const kdump::Module &module,
                          const DebugFile &file);
    std::optional<DebugFile> find(const std::vector<std::string> &places, const std::string &id,
                                  bool for_lines);
    std::optional<DebugFile> find_module(kdump::Kernel &kernel, const kdump::Module &module);
    DebugFile *vmlinux(kdump::Kernel &kernel, bool for_lines);
    std::vector<SourceLine> in_kernel(kdump::Kernel &kernel, uint64_t code);
    std::vector<SourceLine> in_module(kdump::Kernel &kernel, const kdump::Module &module,
                                      uint64_t code);

    DebugWanted wanted_;
    std::optional<DebugFile> vmlinux_;
    bool looked_ = false;
    std::optional<uint64_t> slide_;
    std::optional<ModulePlaces> places_;
    std::map<std::string, ModuleFile> modules_;  // by the module's name
    std::unordered_map<uint64_t, std::vector<SourceLine>> known_;
    std::vector<std::string> doubts_;
};

}  // namespace whydrop
