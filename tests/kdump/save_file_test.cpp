// SPDX-License-Identifier: GPL-2.0-or-later
// The file that a dump is saved to: under its name only when it is complete.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "../unit/temp_dir.h"
#include "kdump/save/save.h"
#include "synth.h"

namespace whydrop {
namespace {

using namespace test;
using kdump::OutFile;

const auto kNoProgress = [](const kdump::SaveProgress &) { return true; };

bool exists(const std::string &path) {
    return std::filesystem::exists(path);
}

struct Place {
    TempDir folder;
    std::string out = folder.path() + "/out", partial = out + ".partial";
    std::string in(std::string_view memory) {
        return folder.write("in", synth_elf(synth_memory(memory)));
    }
};

TEST(SaveFile, ItHasItsNameWhenItIsComplete) {
    Place place;
    const std::string in = place.in("page 0x1000 fill 5a\npage 0x2000 fill 5b");
    const auto report = kdump::save(in, place.out, {}, [&](auto &) {
        EXPECT_TRUE(exists(place.partial));
        EXPECT_FALSE(exists(place.out));
        return true;
    });
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_FALSE(exists(place.partial));
    auto dump = kdump::open_dump(place.out);
    ASSERT_TRUE(dump) << dump.error().what;
    EXPECT_EQ((*dump)->facts().pages, 2U);
    struct stat found {};
    ASSERT_EQ(::stat(place.out.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U) << "memory is nobody else's to read";
}

TEST(SaveFile, WhatIsThereIsNotOverwritten) {
    Place place;
    const std::string in = place.in("page 0x1000 fill 5a");
    for (const std::string &there : {place.out, place.partial}) {
        place.folder.write(std::filesystem::path(there).filename(), std::string("mine"));
        const auto report = kdump::save(in, place.out, {}, kNoProgress);
        ASSERT_FALSE(report);
        EXPECT_EQ(report.error().code, Errc::usage);
        EXPECT_NE(report.error().what.find(there + " is there already"), std::string::npos);
        EXPECT_NE(report.error().hint.find("--force"), std::string::npos);
        EXPECT_EQ(std::filesystem::file_size(there), 4U);
        std::filesystem::remove(there);
    }
    place.folder.write("out", std::string("mine"));
    EXPECT_TRUE(kdump::save(in, place.out, {.force = true}, kNoProgress));
    EXPECT_TRUE(kdump::open_dump(place.out));
}

TEST(SaveFile, WhatAppearsMeanwhileIsNotOverwrittenEither) {
    Place place;
    auto file = OutFile::create(place.out, false);
    ASSERT_TRUE(file);
    place.folder.write("out", std::string("mine"));
    EXPECT_FALSE((*file)->commit());
    EXPECT_EQ(std::filesystem::file_size(place.out), 4U);
    EXPECT_TRUE(exists(place.partial));
}

TEST(SaveFile, NothingIsLeftWhereNothingCouldBeSaved) {
    Place place;
    const std::string in = place.folder.write("in", std::string("hello"));
    EXPECT_FALSE(kdump::save(in, place.out, {}, kNoProgress));
    EXPECT_FALSE(exists(place.out) || exists(place.partial));
}

TEST(SaveFile, WhereNoFileCanBe) {
    Place place;
    const std::string in = place.in("page 0x1000 fill 5a");
    const std::pair<std::string, std::string> rows[] = {
        {place.folder.path(), "is a directory"},
        {place.folder.path() + "/none/out", "No such file"},
        {"/dev/full", "no regular file"},
        {in, "the same file"},
    };
    for (const auto &[out, says] : rows) {
        const auto report = kdump::save(in, out, {.force = true}, kNoProgress);
        ASSERT_FALSE(report) << out;
        EXPECT_EQ(report.error().code, Errc::usage) << out;
        EXPECT_NE(report.error().what.find(says), std::string::npos) << report.error().what;
    }
    EXPECT_TRUE(kdump::open_dump(in)) << "it is as it was";
}

// Files of this process may not be longer, for a moment.
class SizeLimit {
  public:
    explicit SizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    SizeLimit(const SizeLimit &) = delete;
    SizeLimit &operator=(const SizeLimit &) = delete;
    ~SizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

TEST(SaveFile, WhatDoesNotFitStaysPartial) {
    Place place;
    std::string memory;
    for (int page = 0; page < 101; page++)
        memory += "page " + std::to_string(page * 4096) + " noise " + std::to_string(page) + "\n";
    const std::string in = place.in(memory);
    auto report = [&] {
        const SizeLimit limit(200000);
        return kdump::save(in, place.out, {.batch_pages = 7}, kNoProgress);
    }();
    ASSERT_TRUE(report) << report.error().what;
    ASSERT_TRUE(report->stopped);
    EXPECT_NE(report->stopped->what.find("File too large"), std::string::npos);
    EXPECT_FALSE(exists(place.out));
    auto dump = kdump::open_dump(place.partial);
    ASSERT_TRUE(dump) << dump.error().what;
    EXPECT_TRUE((*dump)->facts().incomplete);
    EXPECT_GE(report->written_pages, 35U);
    std::array<uint8_t, 4096> page{};
    EXPECT_TRUE((*dump)->read((report->written_pages - 1) * 4096, page));
    EXPECT_FALSE((*dump)->read(report->written_pages * 4096, page));
}

TEST(SaveFile, ZerosTakeNoSpaceInElf) {
    Place place;
    std::string memory = "page 0x0 fill 1\n";
    for (int page = 1; page < 1009; page++)
        memory += "page " + std::to_string(page * 4096) + " fill 00\n";
    const auto report = kdump::save(place.in(memory), place.out, {.elf = true}, kNoProgress);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->zero_pages, 1008U);
    EXPECT_GT(report->file_bytes, 1009U * 4096);
    EXPECT_LT(report->disk_bytes, 50U * 4096);
}

}  // namespace
}  // namespace whydrop
