// SPDX-License-Identifier: GPL-2.0-or-later
// For kernels before 6.0, which do not write down where their table of symbols is. In memory:
// offsets, relative base, count, names, markers, tokens, index of the tokens, each at a multiple of
// eight (scripts/kallsyms.c of 5.10).
#include <algorithm>
#include <array>
#include <cstring>

#include "kdump/symbols/kallsyms.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t image_most = 64u << 20;  // of the kernel, from _stext on
constexpr uint64_t window = 1u << 20, overlap = 64u << 10;
constexpr uint64_t names_most = 16u << 20;
constexpr size_t tokens = 256, digit_zero = '0', digits = 10;
constexpr size_t token_most = 64;
constexpr uint32_t per_marker = 256;

// A piece of the image; what is missing in it is zero.
struct Image {
    uint64_t address = 0;
    std::vector<uint8_t> bytes;

    [[nodiscard]] uint32_t number(size_t at) const {
        uint32_t value = 0;
        if (at + sizeof value <= bytes.size())
            std::memcpy(&value, bytes.data() + at, sizeof value);
        return value;
    }
};

Image read_image(const Reader &memory, uint64_t address, uint64_t count) {
    Image image{address, std::vector<uint8_t>(count)};
    for (uint64_t at = 0; at < count; at += page_bytes) {
        const size_t piece = std::min<uint64_t>(page_bytes, count - at);
        (void)memory.read(address + at, {image.bytes.data() + at, piece}).ok();
    }
    return image;
}

// Each token ends with a zero; those of the digits are the digits, as every name has some.
constexpr auto digits_pattern = [] {
    std::array<uint8_t, 2 * digits> bytes{};
    for (size_t i = 0; i < digits; i++)
        bytes[2 * i] = static_cast<uint8_t>('0' + i);
    return bytes;
}();

// Where the first of the tokens is, if those of the digits are at `at`.
std::optional<size_t> first_token(const Image &image, size_t at) {
    for (size_t token = digit_zero; token > 0; token--) {
        if (at < 2 || image.bytes[at - 1] != 0)
            return {};
        size_t begin = at - 1;
        while (begin > 0 && image.bytes[begin - 1] != 0 && at - begin <= token_most)
            begin--;
        if (begin == at - 1 || at - begin > token_most)
            return {};
        at = begin;
    }
    return at;
}

// The index behind the tokens says where each of them begins: nothing else looks like that.
std::optional<size_t> index_behind(const Image &image, size_t table) {
    std::array<uint16_t, tokens> index{};
    size_t at = table;
    for (uint16_t &begin : index) {
        begin = static_cast<uint16_t>(at - table);
        while (at < image.bytes.size() && image.bytes[at] != 0)
            at++;
        at++;
    }
    for (size_t pad = 0; pad < 16; pad++)
        if (at + pad + sizeof index <= image.bytes.size() &&
            std::memcmp(image.bytes.data() + at + pad, index.data(), sizeof index) == 0)
            return at + pad;
    return {};
}

struct Tokens {
    uint64_t table = 0, index = 0;
};

std::optional<Tokens> find_tokens(const Reader &memory, uint64_t stext) {
    for (uint64_t at = 0; at < image_most; at += window) {
        const Image image = read_image(memory, stext + at, window + overlap);
        auto begin = image.bytes.begin();
        while (true) {
            begin =
                std::search(begin, image.bytes.end(), digits_pattern.begin(), digits_pattern.end());
            if (begin == image.bytes.end())
                break;
            const auto table =
                first_token(image, static_cast<size_t>(begin++ - image.bytes.begin()));
            const auto index = table ? index_behind(image, *table) : std::nullopt;
            if (index)
                return Tokens{image.address + *table, image.address + *index};
        }
    }
    return {};
}

// The markers end where the tokens begin: numbers that grow from 0.
std::optional<size_t> first_marker(const Image &image) {
    size_t at = image.bytes.size() / 8 * 8;
    while (at >= 4 && image.number(at - 4) == 0)
        at -= 4;
    while (at >= 8 && image.number(at - 8) < image.number(at - 4))
        at -= 4;
    return at >= 4 && image.number(at - 4) == 0 ? std::optional(at - 4) : std::nullopt;
}

// Do `count` names from here on fit the markers, and end where they begin?
bool names_fit(const Image &image, size_t names, uint32_t count, size_t markers) {
    size_t at = names;
    for (uint32_t i = 0; i < count; i++) {
        if (at >= markers ||
            (i % per_marker == 0 && at - names != image.number(markers + i / per_marker * 4)))
            return false;
        at += 1 + size_t{image.bytes[at]};
    }
    return at <= markers && markers - at < 16;
}

}  // namespace

std::optional<KallsymsPlace> kallsyms_by_scan(const Reader &memory, uint64_t stext) {
    const auto found = find_tokens(memory, stext);
    if (!found)
        return {};
    const uint64_t before = std::min<uint64_t>(names_most, found->table - stext);
    const uint64_t start = (found->table - before) / 8 * 8;
    const Image image = read_image(memory, start, found->table / 8 * 8 - start);
    const auto markers = first_marker(image);
    if (!markers)
        return {};
    const size_t marker_count = (image.bytes.size() - *markers) / 4;
    for (size_t at = *markers / 8 * 8; at >= 16; at -= 8) {
        const uint32_t count = image.number(at - 8);
        const size_t needed = (size_t{count} + per_marker - 1) / per_marker;
        // Behind the last marker there may be four bytes to the next multiple of eight.
        if (!count || needed > marker_count || marker_count - needed > 1 ||
            !names_fit(image, at, count, *markers))
            continue;
        const uint64_t names = start + at, base = names - 16;
        const uint64_t offsets = base - (uint64_t{count} * 4 + 7) / 8 * 8;
        return KallsymsPlace{names, found->table, found->index, offsets, base, count};
    }
    return {};
}

}  // namespace whydrop::kdump
