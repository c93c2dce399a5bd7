// SPDX-License-Identifier: GPL-2.0-or-later
// A vmlinux or a module with debug information: source lines and inlined functions, by elfutils.
// What is read are files of this machine; no server is ever asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sys/result.h"

namespace whydrop {

struct SourceLine {
    std::string function;  // empty: not known
    std::string file;      // relative to the folder it was compiled in, where it lies below that
    std::string path;      // the same, as the compiler found it
    uint32_t line = 0;     // of `function`; 0: not known
    bool inlined = false;  // this function is part of the next one
};

// Addresses here are the file's own: of a vmlinux those it was linked for, of a module (an ET_REL
// file) those that libdwfl gives to its sections.
struct DebugSection {
    std::string name;
    uint64_t address = 0, size_bytes = 0;
};
struct DebugSymbol {
    std::string name;
    uint64_t address = 0, size_bytes = 0;
    bool function = false;
};

class DebugFile {
  public:
    // Also of files packed by gzip, bzip2, xz (or zstd, where libdw is built with it). Errors:
    // usage, it cannot be opened or is no ELF file of this kind.
    static Result<DebugFile> open(const std::string &path);
    DebugFile(DebugFile &&) noexcept;
    DebugFile &operator=(DebugFile &&) noexcept;
    ~DebugFile();

    [[nodiscard]] const std::string &path() const;
    [[nodiscard]] bool relocatable() const;      // a module: ET_REL
    [[nodiscard]] std::string build_id() const;  // hexadecimal; empty: it has none
    // What a module says of itself: "name", "srcversion"; empty: nothing.
    [[nodiscard]] std::string modinfo(std::string_view key) const;
    // Of a module, as it says itself or as its file is called: "snd_hda_intel".
    [[nodiscard]] std::string module_name() const;
    // Was it compiled with -g? The first call takes longer: a module is relocated.
    [[nodiscard]] bool has_lines() const;

    // Sections that are loaded, and the symbols in them.
    [[nodiscard]] std::vector<DebugSection> sections() const;
    [[nodiscard]] const std::vector<DebugSymbol> &symbols() const;
    [[nodiscard]] std::vector<DebugSymbol> symbols_of(std::string_view name) const;
    // What a section holds; empty: there is none.
    [[nodiscard]] std::vector<uint8_t> section_bytes(std::string_view name) const;

    // Where the instruction comes from: the innermost function first, those after it are what it
    // was inlined into. Empty: not known.
    [[nodiscard]] std::vector<SourceLine> lines(uint64_t address) const;

    // BTF: the section of that name, or else made of DWARF (btf_of_dwarf.h), which takes seconds
    // for a vmlinux. Errors: usage, it has neither.
    [[nodiscard]] Result<std::vector<uint8_t>> types() const;
    [[nodiscard]] Result<std::vector<uint8_t>> types_of_dwarf() const;

  private:
    struct State;
    explicit DebugFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
