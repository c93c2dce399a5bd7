// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump_walk.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace whydrop::test {

namespace {

using kdump::page_bytes;
using kdump::pfn_of;
using kdump::Range;

constexpr size_t enough_ranges = 13;

std::string check_error(const Error &error) {
    if (error.code != Errc::failed)
        return "a read fails with failed: " + error.what;
    if (error.what.rfind("page 0x", 0) != 0)
        return "a failed read names the page: " + error.what;
    return "";
}

std::string check_ranges(const std::vector<Range> &ranges) {
    for (size_t i = 0; i < ranges.size(); i++) {
        if (ranges[i].begin >= ranges[i].end)
            return "no range is empty";
        if (i != 0 && ranges[i].begin <= ranges[i - 1].end)
            return "ranges ascend and do not touch each other";
    }
    return "";
}

// The page as a whole, and its middle alone: one answer.
std::string check_page(kdump::Dump &dump, uint64_t pfn) {
    std::array<uint8_t, page_bytes> page{};
    std::array<uint8_t, 17> part{};
    const uint64_t at = pfn * page_bytes;
    constexpr size_t middle = 2039;
    const auto whole = dump.read(at, page);
    if (!whole)
        return check_error(whole.error());
    if (!dump.has_page(pfn))
        return "a page that can be read is claimed";
    if (!dump.read(at + middle, part))
        return "what can be read as a whole can be read in parts";
    if (!std::equal(part.begin(), part.end(), page.begin() + middle))
        return "a part is as it is in the whole";
    return "";
}

// Pages that nobody claims cannot be read, and no number is too large to ask for.
std::string check_unclaimed(kdump::Dump &dump, uint64_t pfn) {
    std::array<uint8_t, page_bytes> page{};
    if (dump.has_page(pfn) || pfn > pfn_of(UINT64_MAX))
        return "";
    const auto read = dump.read(pfn * page_bytes, page);
    return read ? "a page that is not claimed cannot be read" : check_error(read.error());
}

std::string check_range(kdump::Dump &dump, const Range &range) {
    const uint64_t first = pfn_of(range.begin + page_bytes - 1), last = pfn_of(range.end);
    for (const uint64_t pfn : {first, first + 1, last - 2, last - 1}) {
        if (pfn < first || pfn >= last)
            continue;
        if (!dump.has_page(pfn))
            return "a page in a range is claimed";
        if (std::string broken = check_page(dump, pfn); !broken.empty())
            return broken;
    }
    for (const uint64_t pfn : {first - 1, last, last + 1})
        if (std::string broken = check_unclaimed(dump, pfn); !broken.empty())
            return broken;
    // From one page into the next, which may not be there.
    std::array<uint8_t, 31> across{};
    const auto read = dump.read(range.end - 7, across);
    return read ? "" : check_error(read.error());
}

}  // namespace

std::string broken_promise(kdump::Dump &dump) {
    const std::vector<Range> ranges = dump.ranges();
    if (std::string broken = check_ranges(ranges); !broken.empty())
        return broken;
    for (size_t i = 0; i < std::min(ranges.size(), enough_ranges); i++)
        if (std::string broken = check_range(dump, ranges[i]); !broken.empty())
            return broken;
    const uint64_t top = pfn_of(UINT64_MAX);
    for (const uint64_t pfn : {uint64_t{0}, uint64_t{1} << 35, top - 1, top, UINT64_MAX})
        if (std::string broken = check_unclaimed(dump, pfn); !broken.empty())
            return broken;
    std::array<uint8_t, 8> last{};
    if (dump.read(UINT64_MAX - 3, last))
        return "nothing lies behind the last address";
    return dump.facts().format.empty() ? "the format has a name" : "";
}

}  // namespace whydrop::test
