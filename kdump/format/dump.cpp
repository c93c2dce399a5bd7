// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/dump.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "kdump/format/formats.h"

namespace whydrop::kdump {

namespace {

struct Format {
    bool (*is)(std::span<const uint8_t> head);
    Result<std::unique_ptr<Dump>> (*open)(std::unique_ptr<Source> source);
};
constexpr Format kFormats[] = {
    {is_elf, open_elf},
    {is_compressed, open_compressed},
};

// The first bytes, as many as there are.
struct Head {
    std::array<uint8_t, head_bytes> bytes{};
    size_t count = 0;

    [[nodiscard]] std::span<const uint8_t> all() const { return {bytes.data(), count}; }
};

Result<Head> head_of(Source &source) {
    Head head;
    head.count = std::min<uint64_t>(head_bytes, source.size_bytes());
    if (auto done = source.read(0, {head.bytes.data(), head.count}); !done)
        return done.error();
    return head;
}

}  // namespace

DumpFacts facts_of(const Source &source, const std::string &format) {
    DumpFacts facts;
    facts.format = (source.flattened() ? "flattened " : "") + format;
    facts.file_bytes = source.file_bytes();
    facts.incomplete = source.cut();
    return facts;
}

Error page_error(uint64_t pfn, const std::string &what) {
    char name[32];
    std::snprintf(name, sizeof name, "page 0x%llx ", static_cast<unsigned long long>(pfn));
    return {Errc::failed, name + what, ""};
}

Result<std::unique_ptr<Dump>> open_dump(std::unique_ptr<Source> source) {
    auto head = head_of(*source);
    if (head && is_flattened(head->all())) {
        auto unfolded = unfold(std::move(source));
        if (!unfolded)
            return unfolded.error();
        source = std::move(*unfolded);
        head = head_of(*source);
    }
    if (!head)
        return head.error();
    for (const Format &format : kFormats)
        if (format.is(head->all()))
            return format.open(std::move(source));
    return not_a_dump(head->all());
}

Result<std::unique_ptr<Dump>> open_dump(const std::string &path) {
    auto source = open_source(path);
    if (!source)
        return source.error();
    auto dump = open_dump(std::move(*source));
    if (dump)
        return dump;
    Error error = dump.error();
    error.what = path + ": " + error.what;
    return error;
}

}  // namespace whydrop::kdump
