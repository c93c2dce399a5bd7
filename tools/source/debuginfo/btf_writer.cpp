// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/btf_writer.h"

#include <algorithm>

namespace whydrop {

namespace {

size_t hash_of(const BtfWriter::Record &record) {
    const auto *bytes = reinterpret_cast<const char *>(record.data());
    return std::hash<std::string_view>()({bytes, record.size() * sizeof record[0]});
}

}  // namespace

BtfWriter::BtfWriter() : strings_(1, '\0') {}

uint32_t BtfWriter::string(std::string_view text) {
    if (text.empty())
        return 0;
    const auto [at, is_new] = string_places_.emplace(text, static_cast<uint32_t>(strings_.size()));
    if (is_new)
        strings_.append(text).push_back('\0');
    return at->second;
}

BtfWriter::Record BtfWriter::record(kdump::BtfKind kind, std::string_view name, size_t entries,
                                    uint64_t size_or_type, bool flag) {
    const uint32_t info = (flag ? 1u << 31 : 0) | static_cast<uint32_t>(kind) << 24 |
                          static_cast<uint32_t>(std::min(entries, most_entries));
    return {string(name), info, static_cast<uint32_t>(size_or_type)};
}

std::span<const uint32_t> BtfWriter::words_of(uint32_t id) const {
    return std::span(words_).subspan(places_[id - 1].begin, places_[id - 1].words);
}

uint32_t BtfWriter::intern(const Record &record) {
    const size_t hash = hash_of(record);
    for (auto [at, end] = interned_.equal_range(hash); at != end; ++at)
        if (std::ranges::equal(words_of(at->second), record))
            return at->second;
    const uint32_t id = reserve();
    set(id, record);
    interned_.emplace(hash, id);
    return id;
}

uint32_t BtfWriter::reserve() {
    places_.emplace_back();
    return static_cast<uint32_t>(places_.size());
}

void BtfWriter::set(uint32_t id, const Record &record) {
    places_[id - 1] = {words_.size(), record.size()};
    words_.insert(words_.end(), record.begin(), record.end());
}

std::vector<uint8_t> BtfWriter::bytes() const {
    const auto types = static_cast<uint32_t>(words_.size() * sizeof words_[0]);
    constexpr uint32_t magic_and_version = 0x0001eb9f, header_bytes = 24;
    std::vector<uint32_t> all = {
        magic_and_version, header_bytes, 0, types, types, static_cast<uint32_t>(strings_.size())};
    for (uint32_t id = 1; id <= places_.size(); id++) {
        const auto words = words_of(id);
        all.insert(all.end(), words.begin(), words.end());
    }
    const auto *begin = reinterpret_cast<const uint8_t *>(all.data());
    std::vector<uint8_t> bytes(begin, begin + all.size() * sizeof all[0]);
    bytes.insert(bytes.end(), strings_.begin(), strings_.end());
    return bytes;
}

}  // namespace whydrop
