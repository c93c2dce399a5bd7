// SPDX-License-Identifier: GPL-2.0-or-later
// What people open that is no dump, and what they are told.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "../unit/temp_dir.h"
#include "bytes_writer.h"
#include "dump_walk.h"
#include "kdump/format/dump.h"
#include "synth.h"

namespace whydrop {
namespace {

using namespace test;

constexpr std::string_view kPage = "page 0x1000 fill 5a\nvmcoreinfo A=1\nprstatus 01";

// An ELF core with a few numbers of its header replaced.
template <typename T>
Bytes elf_with(size_t at, T value) {
    Bytes elf = synth_elf(synth_memory(kPage));
    put(elf, at, value);
    return elf;
}

void expect_usage(const std::string &path, const std::string &says, const std::string &hint) {
    const auto dump = kdump::open_dump(path);
    ASSERT_FALSE(dump) << path;
    EXPECT_EQ(dump.error().code, Errc::usage) << dump.error().what;
    EXPECT_NE(dump.error().what.find(says), std::string::npos) << dump.error().what;
    EXPECT_NE(dump.error().what.find(path), std::string::npos) << dump.error().what;
    EXPECT_NE(dump.error().hint.find(hint), std::string::npos) << dump.error().hint;
}

TEST(Open, FilesOfEveryFormat) {
    const TempDir directory;
    for (const SynthFile &file : synth_files(synth_memory(kPage))) {
        auto dump = kdump::open_dump(directory.write("vmcore", file.bytes));
        ASSERT_TRUE(dump) << file.name << ": " << dump.error().what;
        EXPECT_EQ((*dump)->facts().format, file.format);
        EXPECT_EQ(broken_promise(**dump), "") << file.name;
    }
}

TEST(Open, WhatIsNoFileOfBytes) {
    const TempDir directory;
    const std::string pipe = directory.path() + "/pipe", socket = directory.path() + "/socket";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    ::close(fd);

    expect_usage(directory.path() + "/none", "No such file", "");
    expect_usage(directory.write("file", std::string("x")) + "/under", "Not a directory", "");
    expect_usage(directory.path(), "is a directory", "a file in it");
    expect_usage(pipe, "is a pipe", "to a file first");
    expect_usage(socket, "is a socket", "to a file first");
    expect_usage("/dev/null", "is a device", "to a file first");
    expect_usage(directory.write("empty", std::string()), "is empty", "");
}

TEST(Open, WhatMayNotBeRead) {
    const bool root = ::geteuid() == 0;
    const TempDir directory;
    const std::string path = directory.write("vmcore", synth_elf(synth_memory(kPage)));
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
    constexpr uid_t nobody = 65534;  // root may read everything, for the moment that it is root
    if (root && ::seteuid(nobody) != 0)
        GTEST_SKIP() << "root may read everything, and nobody else can be had here";
    expect_usage(path, "Permission denied", "sudo");
    ASSERT_TRUE(!root || ::seteuid(0) == 0);
}

TEST(Open, FilesOfSomethingElse) {
    const TempDir directory;
    Bytes process = synth_elf({{0, Bytes(4096, 1)}}, synth_note("CORE", NT_AUXV, {1}));
    const struct {
        const char *why;
        Bytes bytes;
        const char *says, *hint;
    } rows[] = {
        {"the log beside the dump", {'[', ' ', '1', '.', '0', ']', '\n'}, "it is text", "ELF"},
        {"one byte", {0x7f}, "it begins with 7f", "ELF"},
        {"noise", {1, 2, 3, 4, 5, 6, 7, 8, 9}, "begins with 01 02 03 04 05 06 07 08", "ELF"},
        {"gzip", {0x1f, 0x8b, 8, 0}, "packed with gzip", "gunzip"},
        {"zstd", {0x28, 0xb5, 0x2f, 0xfd, 0}, "packed with zstd", "zstd -d"},
        {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, "packed with xz", "unxz"},
        {"a saved guest", {'Q', 'E', 'V', 'M', 0}, "saved state of QEMU", "dump-guest-memory"},
        {"a program", elf_with<uint16_t>(offsetof(Elf64_Ehdr, e_type), ET_EXEC), "a program",
         "vmcore"},
        {"of 32 bits", elf_with<uint8_t>(EI_CLASS, ELFCLASS32), "architecture: 32-bit", "x86_64"},
        {"i386", elf_with<uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_386), "architecture: i386",
         "x86_64"},
        {"arm64", elf_with<uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_AARCH64),
         "architecture: aarch64", "x86_64"},
        {"nobody knows", elf_with<uint16_t>(offsetof(Elf64_Ehdr, e_machine), 4099),
         "architecture: ELF machine 4099", "x86_64"},
        {"big-endian", elf_with<uint8_t>(EI_DATA, ELFDATA2MSB), "big-endian", "x86_64"},
        {"the core of a process", process, "the core of a process", ""},
        {"kdump of arm64", synth_kdump(synth_memory(kPage), {.machine = "aarch64"}),
         "architecture: aarch64", "x86_64"},
        {"flattened twice", synth_flattened(synth_flattened(synth_elf(synth_memory(kPage)))),
         "flattened inside", "makedumpfile -R"},
        {"flattened text", synth_records({{0, {'h', 'i', '\n'}}}), "it is text", "ELF"},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(row.why);
        expect_usage(directory.write("vmcore", row.bytes), row.says, row.hint);
    }
    expect_usage("/proc/self/exe", "a program", "vmlinux");
}

TEST(Open, CutHeadersAreBroken) {
    const TempDir directory;
    const Bytes elf = synth_elf(synth_memory(kPage)), kdump = synth_kdump(synth_memory(kPage));
    const Bytes flattened = synth_flattened(elf);
    const struct {
        const char *why;
        const Bytes &whole;
        size_t bytes;
        const char *says;
    } rows[] = {
        {"ELF", elf, 63, "its ELF header is cut: the file ends at byte 63"},
        {"its segments", elf, 64 + 56,
         "its ELF program headers are cut: the file ends at byte 120"},
        {"kdump", kdump, 463, "its kdump header is cut: the file ends at byte 463"},
        {"its sub-header", kdump, 4099, "its kdump sub-header is cut: the file ends at byte 4099"},
        {"its bitmap", kdump, 3 * 4096, "its bitmap of pages is cut: the file ends at byte 12288"},
        {"flattened", flattened, 31, "its flattened header is cut: the file ends at byte 31"},
        {"with nothing in it", flattened, 4096 + 16, "it is a flattened file with nothing in it"},
    };
    for (const auto &row : rows) {
        const Bytes cut(row.whole.begin(), row.whole.begin() + static_cast<long>(row.bytes));
        const std::string path = directory.write("vmcore", cut);
        const auto dump = kdump::open_dump(path);
        ASSERT_FALSE(dump) << row.why;
        EXPECT_EQ(dump.error().code, Errc::failed) << row.why;
        EXPECT_EQ(dump.error().what.find(path + ": " + row.says), 0u) << dump.error().what;
    }
}

// What /proc shows is read and not mapped, and mostly without a size.
TEST(Open, FilesOfProc) {
    for (const char *const path :
         {"/proc/self/limits", "/proc/version", "/proc/filesystems", "/proc/devices",
          "/proc/sys/kernel/ostype", "/proc/sys/kernel/osrelease"}) {
        std::ifstream file(path, std::ios::binary);
        const Bytes wanted{std::istreambuf_iterator<char>(file), {}};
        ASSERT_GT(wanted.size(), 4u) << path;
        auto source = kdump::open_source(path);
        ASSERT_TRUE(source) << source.error().what;
        ASSERT_EQ((*source)->size_bytes(), wanted.size()) << path;
        EXPECT_TRUE((*source)->view(0, 1).empty()) << path;
        Bytes all(wanted.size()), part(5);
        ASSERT_TRUE((*source)->read(0, all)) << path;
        EXPECT_EQ(all, wanted) << path;
        ASSERT_TRUE((*source)->read(wanted.size() - 5, part)) << path;
        EXPECT_EQ(part, Bytes(wanted.end() - 5, wanted.end())) << path;
        const auto read = (*source)->read(wanted.size() - 4, part);
        ASSERT_FALSE(read) << path;
        EXPECT_EQ(read.error().what, "the file ends at byte " + std::to_string(wanted.size()));
    }
    expect_usage("/proc/self/limits", "it is text", "");
}

// The kernel gives a page of such a file at a time.
TEST(Open, ReadsThatComeInParts) {
    constexpr size_t part = 509, page = 4096, lines = 97;
    auto *many = static_cast<uint8_t *>(
        ::mmap(nullptr, 2 * lines * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(many, MAP_FAILED);
    for (size_t i = 0; i < lines; i++)
        ASSERT_EQ(::mprotect(many + 2 * i * page, page, PROT_NONE), 0);
    Bytes whole(1 << 20), parts(1 << 20);  // no mapping is made between the reads of the mappings
    auto source = kdump::open_source("/proc/self/maps");
    ASSERT_TRUE(source) << source.error().what;
    const size_t bytes = std::min<size_t>((*source)->size_bytes(), whole.size());
    ASSERT_GT(bytes, page);
    ASSERT_TRUE((*source)->read(0, {whole.data(), bytes}));
    for (size_t at = 0; at < bytes; at += part)
        ASSERT_TRUE((*source)->read(at, {&parts[at], std::min(part, bytes - at)}));
    EXPECT_EQ(whole, parts);
    ::munmap(many, 2 * lines * page);
}

TEST(Open, ReadsOfAFileEndWithIt) {
    const TempDir directory;
    auto source = kdump::open_source(directory.write("file", std::string("0123456789abc")));
    ASSERT_TRUE(source);
    const struct {
        const char *why;
        uint64_t offset, bytes;
        bool works;
    } rows[] = {
        {"all", 0, 13, true},
        {"nothing at the end", 13, 0, true},
        {"one too many", 0, 14, false},
        {"behind the end", 14, 0, false},
        {"more than there are numbers", UINT64_MAX - 3, 7, false},
    };
    for (const auto &row : rows) {
        Bytes to(row.bytes);
        EXPECT_EQ((*source)->read(row.offset, to).ok(), row.works) << row.why;
        EXPECT_EQ((*source)->view(row.offset, row.bytes).size(), row.works ? row.bytes : 0)
            << row.why;
    }
}

}  // namespace
}  // namespace whydrop
