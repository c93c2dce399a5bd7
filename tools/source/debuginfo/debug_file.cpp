// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/debug_file.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>

#include "kdump/hex.h"
#include "source/debuginfo/btf_of_dwarf.h"
#include "source/debuginfo/inlined.h"
#include "sys/handle.h"

namespace whydrop {

namespace {

// Debug information that lies elsewhere is the caller's matter, and libdwfl's own search would
// ask servers.
int no_search(Dwfl_Module *, void **, const char *, Dwarf_Addr, const char *, const char *,
              GElf_Word, char **) {
    return -1;
}

constexpr Dwfl_Callbacks callbacks = {nullptr, no_search, dwfl_offline_section_address, nullptr};

Error not_usable(const std::string &path, const std::string &why) {
    return {Errc::usage, path + ": " + why,
            "it takes a vmlinux (not a bzImage) or a module (.ko), compiled with -g"};
}

struct Range {
    Dwarf_Addr begin, end;
    Dwarf_Off unit;
};

}  // namespace

struct DebugFile::State {
    std::string path;
    Handle<Dwfl, &dwfl_end> dwfl;
    Dwfl_Module *module = nullptr;  // the dwfl's
    Elf *elf = nullptr;             // the module's
    GElf_Addr elf_bias = 0;
    GElf_Half kind = ET_NONE;
    // Made when they are asked for.
    std::optional<Dwarf *> dwarf;
    Dwarf_Addr dwarf_bias = 0;
    std::optional<std::vector<Range>> units;
    std::optional<std::vector<DebugSymbol>> symbols;

    Status load();
    Dwarf *debug_info();
    void each_section(const std::function<bool(Elf_Scn *, const GElf_Shdr &, std::string)> &visit);
    std::optional<Dwarf_Die> unit_at(Dwarf_Addr address);
    void read_units();
    void read_symbols();
};

Status DebugFile::State::load() {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0)
        return Error{Errc::usage, errno_error("cannot open " + path, errno).what, ""};
    if (!S_ISREG(status.st_mode))
        return not_usable(path, "not a regular file");
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return Error{Errc::usage, errno_error("cannot open " + path, errno).what, ""};
    dwfl.reset(dwfl_begin(&callbacks));
    if (!dwfl)
        return not_usable(path, dwfl_errmsg(-1));
    dwfl_report_begin(dwfl.get());
    module = dwfl_report_offline(dwfl.get(), "", path.c_str(), fd.get());
    if (!module)
        return not_usable(path, std::string("no ELF file: ") + dwfl_errmsg(-1));
    (void)fd.release();  // is the dwfl's now
    if (dwfl_report_end(dwfl.get(), nullptr, nullptr) != 0)
        return not_usable(path, dwfl_errmsg(-1));
    elf = dwfl_module_getelf(module, &elf_bias);
    GElf_Ehdr header;
    if (!elf || !gelf_getehdr(elf, &header))
        return not_usable(path, std::string("no ELF file: ") + dwfl_errmsg(-1));
    kind = header.e_type;
    if (kind != ET_REL && kind != ET_EXEC && kind != ET_DYN)
        return not_usable(path, "an ELF file that is neither a program nor a module");
    return success();
}

Dwarf *DebugFile::State::debug_info() {
    if (!dwarf)
        dwarf = dwfl_module_getdwarf(module, &dwarf_bias);
    return *dwarf;
}

void DebugFile::State::each_section(
    const std::function<bool(Elf_Scn *, const GElf_Shdr &, std::string)> &visit) {
    size_t names = 0;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return;
    for (Elf_Scn *section = nullptr; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header))
            continue;
        const char *name = elf_strptr(elf, names, header.sh_name);
        if (!visit(section, header, name ? name : ""))
            return;
    }
}

void DebugFile::State::read_units() {
    units.emplace();
    Dwarf_Off offset = 0, next = 0;
    size_t header_bytes = 0;
    while (dwarf_nextcu(debug_info(), offset, &next, &header_bytes, nullptr, nullptr, nullptr) ==
           0) {
        Dwarf_Die die;
        if (dwarf_offdie(debug_info(), offset + header_bytes, &die)) {
            Dwarf_Addr base = 0, begin = 0, end = 0;
            for (ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &begin, &end)) > 0;)
                if (begin < end)
                    units->push_back({begin, end, dwarf_dieoffset(&die)});
        }
        offset = next;
    }
    std::sort(units->begin(), units->end(),
              [](const Range &a, const Range &b) { return a.begin < b.begin; });
}

// By .debug_aranges, which is quick; clang does not write it, then by the ranges of every unit.
std::optional<Dwarf_Die> DebugFile::State::unit_at(Dwarf_Addr address) {
    Dwarf_Die die;
    if (dwarf_addrdie(debug_info(), address, &die))
        return die;
    if (!units)
        read_units();
    auto at = std::upper_bound(units->begin(), units->end(), address,
                               [](Dwarf_Addr a, const Range &range) { return a < range.begin; });
    if (at == units->begin() || address >= (--at)->end)
        return {};
    return dwarf_offdie(debug_info(), at->unit, &die) ? std::optional<Dwarf_Die>(die)
                                                      : std::nullopt;
}

void DebugFile::State::read_symbols() {
    symbols.emplace();
    const int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address = 0;
        GElf_Word section = SHN_UNDEF;
        const char *name =
            dwfl_module_getsym_info(module, i, &symbol, &address, &section, nullptr, nullptr);
        const unsigned type = GELF_ST_TYPE(symbol.st_info);
        if (name && *name && section != SHN_UNDEF && section != SHN_ABS && type <= STT_FUNC)
            symbols->push_back({name, address, symbol.st_size, type == STT_FUNC});
    }
}

DebugFile::DebugFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
DebugFile::DebugFile(DebugFile &&) noexcept = default;
DebugFile &DebugFile::operator=(DebugFile &&) noexcept = default;
DebugFile::~DebugFile() = default;

Result<DebugFile> DebugFile::open(const std::string &path) {
    auto state = std::make_unique<State>();
    state->path = path;
    if (auto loaded = state->load(); !loaded)
        return loaded.error();
    return DebugFile(std::move(state));
}

const std::string &DebugFile::path() const {
    return state_->path;
}

bool DebugFile::relocatable() const {
    return state_->kind == ET_REL;
}

std::string DebugFile::build_id() const {
    const void *bytes = nullptr;
    const ssize_t count = dwelf_elf_gnu_build_id(state_->elf, &bytes);
    if (count <= 0)
        return {};
    return kdump::hex_digits({static_cast<const uint8_t *>(bytes), static_cast<size_t>(count)});
}

std::string DebugFile::modinfo(std::string_view key) const {
    const std::vector<uint8_t> said = section_bytes(".modinfo");
    const std::string_view text(reinterpret_cast<const char *>(said.data()), said.size());
    for (size_t at = 0; at < text.size();) {
        const std::string_view entry = text.substr(at, text.find('\0', at) - at);
        if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=')
            return std::string(entry.substr(key.size() + 1));
        at += entry.size() + 1;
    }
    return {};
}

std::string DebugFile::module_name() const {
    if (std::string said = modinfo("name"); !said.empty())
        return said;
    std::string name = state_->path.substr(state_->path.rfind('/') + 1);
    name = name.substr(0, name.find('.'));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

bool DebugFile::has_lines() const {
    Dwarf_Off next = 0;
    size_t header_bytes = 0;
    return state_->debug_info() && dwarf_nextcu(state_->debug_info(), 0, &next, &header_bytes,
                                                nullptr, nullptr, nullptr) == 0;
}

std::vector<DebugSection> DebugFile::sections() const {
    std::vector<DebugSection> sections;
    state_->each_section([&](Elf_Scn *, const GElf_Shdr &header, std::string name) {
        if (header.sh_flags & SHF_ALLOC && header.sh_size)
            sections.push_back(
                {std::move(name), header.sh_addr + state_->elf_bias, header.sh_size});
        return true;
    });
    return sections;
}

const std::vector<DebugSymbol> &DebugFile::symbols() const {
    if (!state_->symbols)
        state_->read_symbols();
    return *state_->symbols;
}

std::vector<DebugSymbol> DebugFile::symbols_of(std::string_view name) const {
    std::vector<DebugSymbol> found;
    for (const DebugSymbol &symbol : symbols())
        if (symbol.name == name)
            found.push_back(symbol);
    return found;
}

std::vector<uint8_t> DebugFile::section_bytes(std::string_view wanted) const {
    std::vector<uint8_t> bytes;
    state_->each_section([&](Elf_Scn *section, const GElf_Shdr &header, const std::string &name) {
        if (name != wanted)
            return true;
        const Elf_Data *data =
            header.sh_type == SHT_NOBITS ? nullptr : elf_rawdata(section, nullptr);
        if (data && data->d_buf) {
            const auto *begin = static_cast<const uint8_t *>(data->d_buf);
            bytes.assign(begin, begin + data->d_size);
        }
        return false;
    });
    return bytes;
}

std::vector<SourceLine> DebugFile::lines(uint64_t address) const {
    if (!state_->debug_info())
        return {};
    const Dwarf_Addr in_file = address - state_->dwarf_bias;
    const auto unit = state_->unit_at(in_file);
    return unit ? lines_in_unit(*unit, in_file) : std::vector<SourceLine>();
}

Result<std::vector<uint8_t>> DebugFile::types() const {
    if (std::vector<uint8_t> own = section_bytes(".BTF"); !own.empty())
        return own;
    return types_of_dwarf();
}

Result<std::vector<uint8_t>> DebugFile::types_of_dwarf() const {
    if (!has_lines())
        return not_usable(state_->path, "it has no debug information (DWARF) and no BTF");
    return btf_of_dwarf(state_->debug_info());
}

}  // namespace whydrop
