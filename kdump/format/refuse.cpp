// SPDX-License-Identifier: GPL-2.0-or-later
// What a file is that is no dump we can read, by its first bytes.
#include <elf.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "kdump/format/formats.h"

namespace whydrop::kdump {

namespace {

using namespace std::string_view_literals;

struct Known {
    std::string_view begins;
    const char *what, *hint;
};
constexpr Known kKnown[] = {
    {"\x1f\x8b"sv, "it is packed with gzip", "unpack it first: gunzip FILE"},
    {"\x28\xb5\x2f\xfd"sv, "it is packed with zstd", "unpack it first: zstd -d FILE"},
    {"\xfd\x37zXZ\0"sv, "it is packed with xz", "unpack it first: unxz FILE"},
    {"BZh"sv, "it is packed with bzip2", "unpack it first: bunzip2 FILE"},
    {"\x04\x22\x4d\x18"sv, "it is packed with lz4", "unpack it first: lz4 -d FILE"},
    {"PK\x03\x04"sv, "it is packed with zip", "unpack it first: unzip FILE"},
    {"makedumpfile"sv, "it is flattened inside of a flattened file",
     "unfold it once: makedumpfile -R DUMP <FILE"},
    {"QEVM"sv, "it is a saved state of QEMU",
     "restore it, and write the memory with dump-guest-memory"},
    {"LibvirtQemudSave"sv, "it is a saved state of libvirt",
     "write the memory alone: virsh dump --memory-only DOMAIN FILE"},
    {"QFI\xfb"sv, "it is a disk of QEMU", ""},
    {"PAGEDU64"sv, "it is a dump of Windows", ""},
};

// Enough of ELF's numbers that a dump from somewhere else is named.
struct Machine {
    uint16_t number;
    const char *name;
};
constexpr Machine kMachines[] = {
    {EM_386, "i386"},        {EM_MIPS, "mips"},       {EM_PPC, "ppc"},     {EM_PPC64, "ppc64"},
    {EM_S390, "s390x"},      {EM_ARM, "arm"},         {EM_IA_64, "ia64"},  {EM_X86_64, "x86_64"},
    {EM_SPARCV9, "sparc64"}, {EM_AARCH64, "aarch64"}, {EM_RISCV, "riscv"}, {258, "loongarch"},
};

bool is_text(std::span<const uint8_t> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) {
        return byte >= 0x80 || std::isprint(byte) != 0 || std::isspace(byte) != 0;
    });
}

std::string in_hex(std::span<const uint8_t> bytes) {
    std::string text;
    for (const uint8_t byte : bytes) {
        char two[4];
        std::snprintf(two, sizeof two, "%s%02x", text.empty() ? "" : " ", byte);
        text += two;
    }
    return text;
}

Error no_dump(const std::string &what, const char *hint) {
    return {Errc::usage, "no kernel dump: " + what, hint};
}

}  // namespace

bool begins_with(std::span<const uint8_t> bytes, std::string_view with) {
    return bytes.size() >= with.size() &&
           std::equal(with.begin(), with.end(), bytes.begin(),
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

Error not_a_dump(std::span<const uint8_t> head) {
    for (const Known &known : kKnown)
        if (begins_with(head, known.begins))
            return no_dump(known.what, known.hint);
    const char *const hint =
        "dumps are ELF cores, or what makedumpfile and QEMU write (kdump-compressed, flattened)";
    if (is_text(head))
        return no_dump("it is text", hint);
    constexpr size_t shown = 8;
    return no_dump("it begins with " + in_hex(head.first(std::min(shown, head.size()))), hint);
}

Error other_machine(const std::string &machine) {
    return {Errc::usage, "a dump of another architecture: " + machine,
            "dumps of x86_64 machines can be read"};
}

std::string machine_name(uint16_t machine) {
    for (const Machine &known : kMachines)
        if (known.number == machine)
            return known.name;
    return "ELF machine " + std::to_string(machine);
}

}  // namespace whydrop::kdump
