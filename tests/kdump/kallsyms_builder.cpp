// SPDX-License-Identifier: GPL-2.0-or-later
#include "kallsyms_builder.h"

#include <algorithm>
#include <numeric>
#include <sstream>

namespace whydrop::test {

namespace {

constexpr uint32_t per_marker = 256;
constexpr uint64_t absolute_below = 1u << 20;

// The tokens: each character stands for itself, and a few syllables for numbers that no name has.
struct Tokens {
    std::vector<std::string> texts;

    Tokens() {
        for (int i = 0; i < 256; i++)
            texts.emplace_back(1, static_cast<char>(i ? i : 1));
        texts[0x80] = "Tip_";
        texts[0x81] = "rcv";
        texts[0x82] = "Dinit_";
        texts[0x83] = "_text";
    }
    // The longest first.
    [[nodiscard]] std::vector<uint8_t> pack(std::string_view name) const {
        std::vector<uint8_t> packed;
        while (!name.empty()) {
            size_t best = static_cast<uint8_t>(name.front());
            for (size_t i = 0x80; i <= 0x83; i++)
                if (name.starts_with(texts[i]))
                    best = i;
            packed.push_back(static_cast<uint8_t>(best));
            name.remove_prefix(texts[best].size());
        }
        return packed;
    }
};

class Writer {
  public:
    Writer(KallsymsSample &sample, uint64_t at) : sample_(sample), at_(at) {}

    uint64_t align() { return at_ = (at_ + 7) / 8 * 8; }
    template <typename T>
    void number(T value) {
        sample_.memory.put(at_, value);
        at_ += sizeof value;
    }
    void bytes(const std::vector<uint8_t> &bytes) {
        sample_.memory.put(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }

  private:
    KallsymsSample &sample_;
    uint64_t at_;
};

void write_names(Writer &writer, KallsymsSample &sample, const Symbols &symbols,
                 uint64_t &count_at) {
    const Tokens tokens;
    count_at = writer.align();
    writer.number(static_cast<uint32_t>(symbols.size()));
    sample.place.names = writer.align();
    std::vector<uint32_t> markers;
    uint32_t offset = 0;
    for (size_t i = 0; i < symbols.size(); i++) {
        if (i % per_marker == 0)
            markers.push_back(offset);
        const auto packed = tokens.pack(symbols[i].second);
        if (packed.size() > 0x7f)
            writer.number(static_cast<uint8_t>(0x80 | (packed.size() & 0x7f))),
                writer.number(static_cast<uint8_t>(packed.size() >> 7)), offset++;
        else
            writer.number(static_cast<uint8_t>(packed.size()));
        writer.bytes(packed);
        offset += 1 + static_cast<uint32_t>(packed.size());
    }
    writer.align();
    for (const uint32_t marker : markers)
        writer.number(marker);
    sample.place.token_table = writer.align();
    std::vector<uint16_t> index;
    uint16_t at = 0;
    for (const std::string &token : tokens.texts) {
        index.push_back(at);
        writer.bytes({token.begin(), token.end()});
        writer.number(uint8_t{0});
        at = static_cast<uint16_t>(at + token.size() + 1);
    }
    sample.place.token_index = writer.align();
    for (const uint16_t begin : index)
        writer.number(begin);
}

void write_offsets(Writer &writer, KallsymsSample &sample, const Symbols &symbols, KallsymsAge age,
                   uint64_t base) {
    sample.place.offsets = writer.align();
    for (size_t i = 0; i < symbols.size(); i++) {
        const uint64_t address = symbols[i].first;
        if (age == KallsymsAge::relative)
            writer.number(static_cast<int32_t>(address - (sample.place.offsets + i * 4)));
        else
            writer.number(address < absolute_below ? static_cast<int32_t>(address)
                                                   : static_cast<int32_t>(base - 1 - address));
    }
    if (age == KallsymsAge::relative)
        return;
    sample.place.relative_base = writer.align();
    writer.number(base);
}

void write_order(Writer &writer, const Symbols &symbols) {
    std::vector<uint32_t> order(symbols.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return std::pair(symbols[a].second.substr(1), a) <
               std::pair(symbols[b].second.substr(1), b);
    });
    writer.align();
    for (const uint32_t index : order)
        writer.bytes({static_cast<uint8_t>(index >> 16), static_cast<uint8_t>(index >> 8),
                      static_cast<uint8_t>(index)});
}

std::string keys(const KallsymsSample &sample, uint64_t count_at, uint64_t stext, bool all) {
    std::ostringstream text;
    text << std::hex << "SYMBOL(_stext)=" << stext << '\n';
    if (all) {
        text << "SYMBOL(kallsyms_names)=" << sample.place.names << '\n'
             << "SYMBOL(kallsyms_num_syms)=" << count_at << '\n'
             << "SYMBOL(kallsyms_token_table)=" << sample.place.token_table << '\n'
             << "SYMBOL(kallsyms_token_index)=" << sample.place.token_index << '\n'
             << "SYMBOL(kallsyms_offsets)=" << sample.place.offsets << '\n';
        if (sample.place.relative_base)
            text << "SYMBOL(kallsyms_relative_base)=" << sample.place.relative_base << '\n';
    }
    return text.str();
}

}  // namespace

KallsymsSample kallsyms_sample(KallsymsAge age, const Symbols &symbols, uint64_t stext,
                               size_t image_bytes) {
    KallsymsSample sample{PlainMemory(stext, image_bytes), {}, {}};
    sample.place.count = static_cast<uint32_t>(symbols.size());
    Writer writer(sample, stext + image_bytes / 4);
    uint64_t count_at = 0;
    const bool old = age == KallsymsAge::before_keys || age == KallsymsAge::with_keys;
    if (old)
        write_offsets(writer, sample, symbols, age, stext);
    write_names(writer, sample, symbols, count_at);
    if (!old) {
        write_offsets(writer, sample, symbols, age, stext);
        write_order(writer, symbols);
    }
    sample.info = kdump::VmcoreInfo(keys(sample, count_at, stext, age != KallsymsAge::before_keys));
    return sample;
}

}  // namespace whydrop::test
