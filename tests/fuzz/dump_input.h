// SPDX-License-Identifier: GPL-2.0-or-later
// A dump as the fuzzer writes it: mostly zeros, so only the rest of it. Shared with the tests that
// make the seeds.
//
// byte 0     bit 0: in a flattened file, each record one of its own; bit 1: without its end mark;
//            bit 2: as a file that cannot be mapped
// then records until the input ends:
//   2 bytes  offset, 2 bytes length, both little-endian; the bytes
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kdump/bytes.h"

namespace whydrop::test {

struct DumpInput {
    bool flattened = false, cut = false, views = true;
    std::vector<std::pair<uint16_t, std::span<const uint8_t>>> records;
};

inline DumpInput dump_input(std::span<const uint8_t> input) {
    DumpInput found;
    const auto bits = kdump::number_at<uint8_t>(input, 0);
    found.flattened = (bits & 1) != 0;
    found.cut = (bits & 2) != 0;
    found.views = (bits & 4) == 0;
    for (size_t at = 1; at + 4 <= input.size();) {
        const auto offset = kdump::number_at<uint16_t>(input, at);
        const size_t length = kdump::number_at<uint16_t>(input, at + 2);
        at += 4;
        const size_t bytes = std::min(length, input.size() - at);
        found.records.emplace_back(offset, input.subspan(at, bytes));
        at += bytes;
    }
    return found;
}

// The file, of 128 KiB at most, or as much as the records make of a flattened one.
inline std::vector<uint8_t> file_of(const DumpInput &input) {
    std::vector<uint8_t> file;
    const auto add = [&file](std::span<const uint8_t> bytes) {
        file.insert(file.end(), bytes.begin(), bytes.end());
    };
    const auto add_number = [&](uint64_t number) {
        number = __builtin_bswap64(number);
        add(kdump::bytes_of(number));
    };
    if (!input.flattened) {
        for (const auto &[offset, bytes] : input.records) {
            file.resize(std::max(file.size(), offset + bytes.size()));
            std::copy(bytes.begin(), bytes.end(), file.begin() + offset);
        }
        return file;
    }
    for (const char letter : {'m', 'a', 'k', 'e', 'd', 'u', 'm', 'p', 'f', 'i', 'l', 'e'})
        file.push_back(static_cast<uint8_t>(letter));
    file.resize(16);
    add_number(1);
    file.resize(4096);
    for (const auto &[offset, bytes] : input.records) {
        add_number(offset);
        add_number(bytes.size());
        add(bytes);
    }
    if (!input.cut) {
        add_number(UINT64_MAX);
        add_number(UINT64_MAX);
    }
    return file;
}

// The input that makes this file, of less than 64 KiB; `bits` are those of byte 0.
inline std::vector<uint8_t> fuzz_from_file(std::span<const uint8_t> file, uint8_t bits) {
    constexpr size_t gap = 5;  // zeros that are worth a record of their own
    std::vector<uint8_t> input = {bits};
    const auto add = [&](size_t begin, size_t end) {
        for (const size_t number : {begin, end - begin}) {
            input.push_back(static_cast<uint8_t>(number));
            input.push_back(static_cast<uint8_t>(number >> 8));
        }
        input.insert(input.end(), file.begin() + static_cast<long>(begin),
                     file.begin() + static_cast<long>(end));
    };
    for (size_t at = 0; at < file.size();) {
        const auto from = file.begin() + static_cast<long>(at);
        const auto begin = static_cast<size_t>(
            std::find_if(from, file.end(), [](uint8_t byte) { return byte != 0; }) - file.begin());
        if (begin == file.size()) {
            add(file.size() - 1, file.size());  // how long it is
            break;
        }
        const auto zeros = std::search_n(file.begin() + static_cast<long>(begin), file.end(),
                                         static_cast<int>(gap), uint8_t{0});
        const auto end = static_cast<size_t>(zeros - file.begin());
        add(begin, end);
        at = end;
    }
    return input;
}

}  // namespace whydrop::test
