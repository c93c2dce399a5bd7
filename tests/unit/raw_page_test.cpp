// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/raw_page.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "source/tracefs/event_format.h"

extern "C" {  // which it does not say itself
#include <traceevent/kbuffer.h>
}

namespace whydrop {
namespace {

constexpr uint32_t kTimeExtend = 30, kTimeStamp = 31, kPadding = 29;
constexpr uint64_t kMissedBit = 1U << 31;

// A page of this machine's byte order, little-endian, as the kernel writes it.
class PageBuilder {
  public:
    PageBuilder &head(uint32_t type, uint32_t time) { return word(type | time << 5); }
    PageBuilder &word(uint32_t value) {
        const auto *bytes = reinterpret_cast<const std::byte *>(&value);
        data_.insert(data_.end(), bytes, bytes + sizeof value);
        return *this;
    }
    PageBuilder &text(const std::string &text) {
        const auto *bytes = reinterpret_cast<const std::byte *>(text.data());
        data_.insert(data_.end(), bytes, bytes + text.size());
        return *this;
    }
    [[nodiscard]] std::vector<std::byte> page(uint64_t time, uint64_t flags = 0,
                                              int64_t more = 0) const {
        constexpr size_t page_size = 4096, header = 16;
        std::vector<std::byte> made(page_size);
        const uint64_t commit = (data_.size() + static_cast<uint64_t>(more)) | flags;
        std::memcpy(made.data(), &time, sizeof time);
        std::memcpy(made.data() + 8, &commit, sizeof commit);
        std::memcpy(made.data() + header, data_.data(), data_.size());
        return made;
    }

  private:
    std::vector<std::byte> data_;
};

// "time:text " of each record, "!" where it is damaged.
std::string records(const std::vector<std::byte> &bytes) {
    RawPage page(bytes, {});
    std::string all = page.missed() ? "missed " : "";
    while (const auto record = page.next())
        all +=
            std::to_string(record->time) + ":" +
            std::string(reinterpret_cast<const char *>(record->data.data()), record->data.size()) +
            " ";
    return all + (page.damaged() ? "!" : "");
}

struct PageRow {
    const char *why;
    std::vector<std::byte> page;
    const char *records;
};

const PageRow kPages[] = {
    {"an empty page", PageBuilder().page(1000), ""},
    {"a short record", PageBuilder().head(2, 7).text("abcdefgh").page(1000), "1007:abcdefgh "},
    {"times add up",
     PageBuilder().head(1, 7).text("abcd").head(1, 0).text("efgh").head(1, 3).text("ijkl").page(10),
     "17:abcd 17:efgh 20:ijkl "},
    {"a long record, whose length is in words of its own",
     PageBuilder().head(0, 7).word(12).text("abcdefgh").head(1, 1).text("ijkl").page(10),
     "17:abcdefgh 18:ijkl "},
    {"a length that is no whole word",
     PageBuilder().head(0, 7).word(10).text("abcdef__").head(1, 1).text("ijkl").page(10),
     "17:abcdef 18:ijkl "},
    {"a long time between",
     PageBuilder().head(kTimeExtend, 5).word(2).head(1, 1).text("abcd").page(10),
     "268435472:abcd "},
    {"an absolute time", PageBuilder().head(kTimeStamp, 5).word(2).head(1, 1).text("abcd").page(10),
     "268435462:abcd "},
    {"an absolute time takes its highest bits from the page",
     PageBuilder().head(kTimeStamp, 5).word(2).head(1, 1).text("abcd").page(1ULL << 63),
     "9223372037123211270:abcd "},
    {"a record that was given up, its time counts",
     PageBuilder().head(kPadding, 5).word(8).text("xxxx").head(1, 1).text("abcd").page(10),
     "16:abcd "},
    {"the rest is unused",
     PageBuilder().head(1, 1).text("abcd").head(kPadding, 0).text("xxxxxxxx").page(10), "11:abcd "},
    {"records are missing before it", PageBuilder().head(1, 1).text("abcd").page(10, kMissedBit),
     "missed 11:abcd "},
    {"how many, behind what is used",
     PageBuilder().head(1, 1).text("abcd").page(10, kMissedBit | 1U << 30), "missed 11:abcd "},
    {"more used than there is", PageBuilder().head(1, 1).text("abcd").page(10, 0, 5000), "!"},
    {"a record beyond what is used",
     PageBuilder().head(1, 1).text("abcd").head(9, 1).text("efgh").page(10), "11:abcd !"},
    {"a long record beyond it", PageBuilder().head(0, 1).word(4000).text("abcd").page(10), "!"},
    {"a long record shorter than its own length",
     PageBuilder().head(0, 1).word(3).text("abcd").page(10), "!"},
    {"a length that would go round",
     PageBuilder().head(0, 1).word(0xffffffff).text("abcd").page(10), "!"},
    {"padding that would go round",
     PageBuilder().head(kPadding, 1).word(0xfffffff8).head(1, 1).text("abcd").page(10), "!"},
    {"the word behind a long time is cut", PageBuilder().head(kTimeExtend, 5).page(10), "!"},
    {"three bytes left", PageBuilder().head(1, 1).text("abcd").text("xyz").page(10), "11:abcd !"},
};

TEST(RawPage, Pages) {
    for (const PageRow &row : kPages) {
        SCOPED_TRACE(row.why);
        EXPECT_EQ(records(row.page), row.records);
    }
    EXPECT_EQ(records(std::vector<std::byte>(15)), "!");
    EXPECT_EQ(records({}), "!");
}

std::string file(const std::string &name) {
    std::ostringstream text;
    text << std::ifstream(std::string(WHYDROP_FIXTURES) + "/pages/" + name, std::ios::binary)
                .rdbuf();
    return text.str();
}

struct LayoutRow {
    const char *why, *text;
    bool known;
};

const LayoutRow kLayouts[] = {
    {"of 64 bits",
     "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
     "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
     "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
     "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n",
     true},
    {"no data", "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n", false},
    {"data over the commit",
     "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
     "\tfield: char data;\toffset:12;\tsize:4080;\tsigned:0;\n",
     false},
};

TEST(RawPage, Layouts) {
    for (const LayoutRow &row : kLayouts) {
        SCOPED_TRACE(row.why);
        const auto layout = RawPageLayout::of(*parse_event_format(row.text));
        ASSERT_EQ(layout.has_value(), row.known);
        if (layout) {
            EXPECT_EQ(layout->commit_size, 8U);
            EXPECT_EQ(layout->data_offset, 16U);
        }
    }
}

struct KernelPage : testing::TestWithParam<const char *> {};

// What the kernels' pages hold, read by libtraceevent and by us (tests/fixtures/pages/collect).
TEST_P(KernelPage, TheSameAsLibtraceevent) {
    const std::string bytes = file(std::string(GetParam()) + ".raw");
    constexpr size_t page_size = 4096;
    ASSERT_GE(bytes.size(), page_size);
    ASSERT_EQ(bytes.size() % page_size, 0U);
    size_t found = 0;
    for (size_t at = 0; at < bytes.size(); at += page_size) {
        std::vector<std::byte> page(page_size);
        std::memcpy(page.data(), bytes.data() + at, page_size);
        const std::unique_ptr<kbuffer, void (*)(kbuffer *)> theirs(
            kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST), kbuffer_free);
        ASSERT_EQ(kbuffer_load_subbuffer(theirs.get(), page.data()), 0);
        RawPage ours(page, {});
        unsigned long long time = 0;
        for (void *event = kbuffer_read_event(theirs.get(), &time); event;
             event = kbuffer_next_event(theirs.get(), &time)) {
            const auto record = ours.next();
            ASSERT_TRUE(record);
            EXPECT_EQ(record->data.data(), static_cast<const std::byte *>(event));
            EXPECT_EQ(record->data.size(), static_cast<size_t>(kbuffer_event_size(theirs.get())));
            EXPECT_EQ(record->time, time);
            found++;
        }
        EXPECT_FALSE(ours.next());
        EXPECT_FALSE(ours.damaged());
    }
    EXPECT_GT(found, 30U);
}

INSTANTIATE_TEST_SUITE_P(Debian, KernelPage, testing::Values("5.10", "6.1", "7.2"));

}  // namespace
}  // namespace whydrop
