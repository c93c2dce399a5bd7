// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/symbols/kallsyms.h"

#include <algorithm>
#include <array>

namespace whydrop::kdump {

namespace {

constexpr uint32_t per_marker = 256;  // names
constexpr uint32_t most_names = 1u << 22;
constexpr size_t tokens = 256;
constexpr size_t most_token_bytes = 512;
constexpr uint32_t name_most = 512;  // KSYM_NAME_LEN since 6.1
constexpr uint64_t round_up8(uint64_t number) {
    return (number + 7) / 8 * 8;
}

}  // namespace

std::optional<KallsymsPlace> kallsyms_by_info(const Reader &memory, const VmcoreInfo &info) {
    const auto names = info.symbol("kallsyms_names"), count = info.symbol("kallsyms_num_syms"),
               table = info.symbol("kallsyms_token_table"),
               index = info.symbol("kallsyms_token_index"),
               offsets = info.symbol("kallsyms_offsets");
    if (!names || !count || !table || !index || !offsets)
        return {};
    const auto number = memory.load<uint32_t>(*count);
    if (!number || !*number || *number > most_names)
        return {};
    return KallsymsPlace{
        *names, *table, *index, *offsets, info.symbol("kallsyms_relative_base").value_or(0),
        *number};
}

Result<Kallsyms> Kallsyms::find(const Reader &memory, const VmcoreInfo &info,
                                std::vector<std::string_view> soon) {
    const auto stext = info.symbol("_stext");
    auto place = kallsyms_by_info(memory, info);
    if (!place && stext)
        place = kallsyms_by_scan(memory, *stext);
    if (!place)
        return Error{Errc::failed, "the kernel's table of symbols was not found in the dump",
                     "a kernel without CONFIG_KALLSYMS has none"};
    Kallsyms found;
    found.place_ = *place;
    if (auto loaded = found.load(memory); !loaded)
        return loaded.error();
    soon.emplace_back("_stext");
    found.prepare(soon);
    if (stext && found.address_of("_stext") != *stext)
        return Error{Errc::failed, "the kernel's table of symbols does not know where _stext is",
                     ""};
    return found;
}

Status Kallsyms::load(const Reader &memory) {
    std::vector<uint8_t> index(tokens * sizeof(uint16_t));
    if (auto read = memory.read(place_.token_index, index); !read)
        return read;
    const auto begin_of = [&index](size_t token) {
        return static_cast<size_t>(index[token * 2] | index[token * 2 + 1] << 8);
    };
    for (size_t i = 0; i < tokens; i++) {
        auto token = memory.text(place_.token_table + begin_of(i), most_token_bytes);
        if (!token)
            return token.error();
        if (token->empty())
            return Error{Errc::failed, "the kernel's table of symbols has a token of nothing", ""};
        tokens_.push_back(std::move(*token));
    }
    offsets_ = LazyBytes(memory, place_.offsets, size_t{place_.count} * sizeof(uint32_t));
    if (place_.relative_base) {
        auto base = memory.load<uint64_t>(place_.relative_base);
        if (!base)
            return base.error();
        base_ = *base;
        // The table is sorted: what is relative comes last.
        negative_ = offsets_.number<int32_t>(place_.count - 1) < 0;
    }
    if (!find_markers(memory))
        return Error{Errc::failed, "the kernel's table of symbols is damaged", ""};
    find_sorted(memory);
    return success();
}

// The position of every 256th name stands right before the tokens; where it does not (6.2 to 6.4
// have another table there), the names are walked once.
bool Kallsyms::find_markers(const Reader &memory) {
    const size_t count = (place_.count + per_marker - 1) / per_marker;
    const uint64_t at = place_.token_table - round_up8(count * sizeof(uint32_t));
    if (at > place_.names && at - place_.names < uint64_t{place_.count} * name_most) {
        names_ = LazyBytes(memory, place_.names, at - place_.names);
        markers_ = LazyBytes(memory, at, count * sizeof(uint32_t));
        has_markers_ = markers_.number<uint32_t>(0) == 0;
        for (size_t i = 1; i < count && has_markers_; i++) {
            const auto here = markers_.number<uint32_t>(i), last = markers_.number<uint32_t>(i - 1);
            has_markers_ = here > last && here < names_.size();
        }
        if (has_markers_)
            return true;
    }
    const uint64_t most = uint64_t{place_.count} * name_most;
    const uint64_t room =
        place_.token_table > place_.names ? place_.token_table - place_.names : most;
    names_ = LazyBytes(memory, place_.names, std::min(room, most));
    names_.fetch_all();
    std::optional<Packed> packed;
    for (uint32_t i = 0; i < place_.count; i++) {
        const size_t begin = packed ? packed->end() : 0;
        if (i % per_marker == 0)
            own_markers_.push_back(static_cast<uint32_t>(begin));
        packed = packed_at(begin);
        if (!packed)
            return false;
    }
    return true;
}

// Lengths of 128 and more take two bytes (73bbb94466fd, 6.1).
std::optional<Kallsyms::Packed> Kallsyms::packed_at(size_t offset) {
    const auto head = names_.at(offset, 2);
    if (head.empty())
        return {};
    if (head[0] & 0x80)
        return Packed{offset + 2, static_cast<size_t>((head[0] & 0x7f) | head[1] << 7)};
    return Packed{offset + 1, head[0]};
}

// The numbers of the symbols in the order of their names, three bytes each (60443c88f3a8, 6.2),
// behind the other parts since 404bad70fcf7 (6.5). That it is there shows in its being sorted.
void Kallsyms::find_sorted(const Reader &memory) {
    const uint64_t at = place_.relative_base
                            ? place_.relative_base + sizeof(uint64_t)
                            : place_.offsets + round_up8(uint64_t{place_.count} * sizeof(uint32_t));
    sorted_ = LazyBytes(memory, at, size_t{place_.count} * 3);
    has_sorted_ = true;
    std::string last;
    constexpr uint32_t looks = 8;
    for (uint32_t i = 0; i < looks && has_sorted_; i++) {
        const auto three = sorted_.at(size_t{i} * (place_.count / looks) * 3, 3);
        const uint32_t index =
            three.empty() ? place_.count
                          : static_cast<uint32_t>(three[0] << 16 | three[1] << 8 | three[2]);
        const std::string here = index < place_.count ? name(index) : "";
        has_sorted_ = !here.empty() && last <= here;
        last = here;
    }
}

uint64_t Kallsyms::address(uint32_t index) {
    const auto offset = offsets_.number<int32_t>(index);
    if (!place_.relative_base)
        return place_.offsets + uint64_t{index} * sizeof(offset) +
               static_cast<uint64_t>(int64_t{offset});
    if (!negative_)
        return base_ + static_cast<uint32_t>(offset);
    return offset >= 0 ? static_cast<uint64_t>(offset)
                       : base_ - 1 - static_cast<uint64_t>(int64_t{offset});
}

std::string Kallsyms::name(uint32_t index) {
    const size_t marker = index / per_marker;
    auto packed =
        packed_at(has_markers_ ? markers_.number<uint32_t>(marker) : size_t{own_markers_[marker]});
    for (uint32_t i = 0; i < index % per_marker && packed; i++)
        packed = packed_at(packed->end());
    std::string text;
    if (packed)
        for (const uint8_t token : names_.at(packed->begin, packed->length))
            if (text.size() < name_most)
                text += tokens_[token];
    return text.empty() ? text : text.substr(1);  // behind the letter of its type
}

std::optional<uint32_t> Kallsyms::find_in_sorted(std::string_view wanted) {
    uint32_t low = 0, high = place_.count;
    std::optional<uint32_t> found;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const auto three = sorted_.at(size_t{middle} * 3, 3);
        if (three.empty())
            return {};
        const auto index = static_cast<uint32_t>(three[0] << 16 | three[1] << 8 | three[2]);
        const std::string here = index < place_.count ? name(index) : "";
        if (here == wanted)
            found = index;
        if (here < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return found;
}

bool Kallsyms::is_name(std::span<const uint8_t> packed, std::string_view wanted) const {
    bool letter = true;  // of its type, which comes first
    for (const uint8_t token : packed) {
        std::string_view part = tokens_[token];
        if (letter && !part.empty()) {
            part.remove_prefix(1);
            letter = false;
        }
        if (!wanted.starts_with(part))
            return false;
        wanted.remove_prefix(part.size());
    }
    return wanted.empty();
}

namespace {

// Which of the wanted names begin with which token: nearly all of the 87,000 to 187,000 names are
// told from the wanted ones by their first or second token.
class Beginnings {
  public:
    Beginnings(const std::vector<std::string> &texts, const std::vector<std::string_view> &wanted) {
        for (size_t i = 0; i < texts.size(); i++) {
            const std::string_view text = texts[i], behind = text.substr(1);
            letter_alone_[i] = behind.empty();
            for (const std::string_view name : wanted) {
                if (name.starts_with(behind))
                    first_[i].push_back(name);
                if (name.starts_with(text))
                    second_[i].push_back(name);
            }
        }
    }
    [[nodiscard]] const std::vector<std::string_view> &of(std::span<const uint8_t> packed) const {
        return packed.size() > 1 && letter_alone_[packed[0]] ? second_[packed[1]]
                                                             : first_[packed[0]];
    }

  private:
    std::array<bool, tokens> letter_alone_{};  // of the type, with which each name begins
    std::array<std::vector<std::string_view>, tokens> first_, second_;
};

}  // namespace

void Kallsyms::prepare(const std::vector<std::string_view> &names) {
    if (has_sorted_)
        return;
    std::vector<std::string_view> wanted;
    for (const std::string_view name : names)
        if (!name.empty() && known_.try_emplace(std::string(name), 0).second)
            wanted.push_back(name);
    const Beginnings beginnings(tokens_, wanted);
    names_.fetch_all();
    size_t left = wanted.size();
    std::optional<Packed> packed = Packed{0, 0};
    for (uint32_t i = 0; i < place_.count && left; i++) {
        packed = packed_at(packed->end());
        if (!packed)
            return;
        const auto bytes = names_.at(packed->begin, packed->length);
        if (bytes.empty())
            continue;
        for (const std::string_view name : beginnings.of(bytes)) {
            if (!is_name(bytes, name))
                continue;
            if (uint64_t &known = known_[std::string(name)]; !known) {
                known = address(i);
                left--;
            }
            break;
        }
    }
}

uint64_t Kallsyms::address_of(std::string_view name) {
    if (const auto found = known_.find(std::string(name)); found != known_.end())
        return found->second;
    if (has_sorted_) {
        const auto index = find_in_sorted(name);
        return known_[std::string(name)] = index ? address(*index) : 0;
    }
    prepare({name});
    return known_[std::string(name)];
}

uint32_t Kallsyms::index_at(uint64_t wanted) {
    uint32_t low = 0, high = place_.count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (address(middle) <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : place_.count;
}

std::optional<KernelSymbol> Kallsyms::symbol_at(uint64_t wanted) {
    uint32_t index = index_at(wanted);
    if (index >= place_.count)
        return {};
    const uint64_t at = address(index);
    uint32_t next = index + 1;
    while (index > 0 && address(index - 1) == at)
        index--;
    while (next < place_.count && address(next) == at)
        next++;
    KernelSymbol symbol{name(index), at, next < place_.count ? address(next) - at : 0};
    if (symbol.name.empty())
        return {};
    return symbol;
}

}  // namespace whydrop::kdump
