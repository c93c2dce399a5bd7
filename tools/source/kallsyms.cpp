// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/kallsyms.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "sys/handle.h"

namespace whydrop {

namespace {

constexpr auto kPatience = std::chrono::seconds(1);
// The list has no sizes. A function ends where the next symbol of its module begins; the last one
// of a module can only be cut somewhere, or it would claim what lies behind an unloaded module.
constexpr uint64_t kMaxFunctionBytes = 64 << 10;

struct Line {
    uint64_t address = 0;
    char type = 0;
    std::string_view name, module;  // module: empty for vmlinux
};

// "ffffffff81000000 T _stext" or "ffffffffc0a01000 t do_it\t[module]".
std::optional<Line> parse(std::string_view text) {
    Line line;
    size_t at = 0;
    for (; at < text.size(); at++) {
        const char c = text[at];
        if (c >= '0' && c <= '9')
            line.address = line.address << 4 | static_cast<uint64_t>(c - '0');
        else if (c >= 'a' && c <= 'f')
            line.address = line.address << 4 | static_cast<uint64_t>(c - 'a' + 10);
        else
            break;
    }
    constexpr size_t type_and_spaces = 3;
    constexpr size_t address_digits = 16;
    if (at == 0 || at > address_digits || text.size() - at <= type_and_spaces || text[at] != ' ' ||
        text[at + 2] != ' ')
        return {};
    line.type = text[at + 1];
    line.name = text.substr(at + type_and_spaces);
    const size_t tab = line.name.find('\t');
    if (tab == std::string_view::npos)
        return line;
    line.module = line.name.substr(tab + 1);
    line.name = line.name.substr(0, tab);
    if (line.module.size() > 2 && line.module.front() == '[' && line.module.back() == ']')
        line.module = line.module.substr(1, line.module.size() - 2);
    return line;
}

bool is_text(char type) {
    return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

// Calls take(Line) for every text symbol until it says false. Returns errno, or 0.
template <typename Take>
int each_text_symbol(const std::string &path, Take take) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return errno;
    constexpr size_t buffer_bytes = 64 << 10;
    std::string buffer(buffer_bytes, '\0');
    size_t filled = 0;
    for (;;) {
        const ssize_t got = read(fd.get(), buffer.data() + filled, buffer.size() - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        filled += static_cast<size_t>(got);
        const std::string_view text(buffer.data(), filled);
        size_t begin = 0;
        for (size_t end; (end = text.find('\n', begin)) != std::string_view::npos;
             begin = end + 1) {
            const auto line = parse(text.substr(begin, end - begin));
            if (line && is_text(line->type) && !take(*line))
                return 0;
        }
        if (begin == 0 && filled == buffer.size())
            begin = filled;  // a line this long is no symbol
        filled -= begin;
        std::memmove(buffer.data(), buffer.data() + begin, filled);
    }
}

// A symbol as it was met, and where it stands among the addresses asked for.
struct Found {
    uint64_t start = 0;
    std::string name, module;
};

// The symbols that lie between two addresses asked for: all that matters is the highest, which the
// upper address may be in, and the lowest, which the function of the lower one ends at.
struct Gap {
    Found highest;
    uint64_t lowest = UINT64_MAX;
    std::string lowest_module;
};

// Sorts symbols, which come in any order, into the gaps of some addresses.
class Gaps {
  public:
    explicit Gaps(const std::vector<uint64_t> &sorted) : asked_(sorted), gaps_(sorted.size() + 1) {}

    void add(const Line &line) {
        // Nearly every symbol is in the gap of the one before.
        if (!(line.address <= upper(last_) && line.address > lower(last_)))
            last_ = static_cast<size_t>(
                std::lower_bound(asked_.begin(), asked_.end(), line.address) - asked_.begin());
        Gap &gap = gaps_[last_];
        if (line.address > gap.highest.start) {  // of several names the first is the usual one
            gap.highest.start = line.address;
            gap.highest.name = line.name;
            gap.highest.module = line.module;
        }
        if (line.address < gap.lowest) {
            gap.lowest = line.address;
            gap.lowest_module = line.module;
        }
    }

    // Calls take(address, Found, end) for each address that is in a function.
    template <typename Take>
    void each(Take take) const {
        const Found *below = nullptr;
        for (size_t i = 0; i < asked_.size(); i++) {
            if (gaps_[i].highest.start != 0)
                below = &gaps_[i].highest;
            if (below == nullptr)
                continue;
            const uint64_t end = end_of(*below, i + 1);
            if (asked_[i] < end)
                take(*below, end);
        }
    }

  private:
    [[nodiscard]] uint64_t lower(size_t gap) const { return gap == 0 ? 0 : asked_[gap - 1]; }
    [[nodiscard]] uint64_t upper(size_t gap) const {
        return gap == asked_.size() ? UINT64_MAX : asked_[gap];
    }
    [[nodiscard]] uint64_t end_of(const Found &found, size_t gap) const {
        const uint64_t cut = found.start + kMaxFunctionBytes;
        for (; gap < gaps_.size(); gap++)
            if (gaps_[gap].lowest != UINT64_MAX) {
                const bool same = gaps_[gap].lowest_module == found.module;
                return same ? gaps_[gap].lowest : std::min(cut, gaps_[gap].lowest);
            }
        return cut;
    }

    const std::vector<uint64_t> &asked_;
    std::vector<Gap> gaps_;
    size_t last_ = 0;
};

}  // namespace

const std::pair<const uint64_t, Symbolizer::Function> *Symbolizer::known(uint64_t address) const {
    auto at = functions_.upper_bound(address);
    if (at == functions_.begin())
        return nullptr;
    --at;
    return address < at->second.end ? &*at : nullptr;
}

Symbol Symbolizer::resolve(uint64_t address) {
    resolve_all({&address, 1});
    Symbol symbol{address, "", 0, ""};
    if (const auto *function = known(address)) {
        symbol.name = function->second.name;
        symbol.module = function->second.module;
        symbol.offset = address - function->first;
    }
    return symbol;
}

uint64_t Symbolizer::size_of(uint64_t address) {
    resolve_all({&address, 1});
    const auto *function = known(address);
    return function ? function->second.end - function->first : 0;
}

void Symbolizer::resolve_all(std::span<const uint64_t> addresses) {
    constexpr size_t most_nameless = 4096;
    const auto now = Clock::now();
    std::vector<uint64_t> asked;
    for (const uint64_t address : addresses) {
        if (address == 0 || known(address) != nullptr)
            continue;
        const auto tried = nameless_.find(address);
        if (tried == nameless_.end() || now - tried->second >= kPatience)
            asked.push_back(address);
    }
    if (asked.empty() || hidden())
        return;
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
    if (keep_table_)
        find_in_table(asked);
    else
        read_some(asked);
    if (nameless_.size() > most_nameless)
        nameless_.clear();
    for (const uint64_t address : asked) {
        if (known(address) != nullptr)
            nameless_.erase(address);
        else
            nameless_[address] = now;
    }
}

void Symbolizer::read_some(const std::vector<uint64_t> &sorted) {
    Gaps gaps(sorted);
    error_ = each_text_symbol(path_, [&](const Line &line) {
        gaps.add(line);
        return true;
    });
    gaps.each([&](const Found &found, uint64_t end) {
        functions_[found.start] = {end, found.name, found.module};
    });
}

void Symbolizer::read_table() {
    table_.clear();
    names_.clear();
    modules_.assign(1, "");
    error_ = each_text_symbol(path_, [&](const Line &line) {
        // Modules come one after the other.
        if (line.module != modules_.back())
            modules_.emplace_back(line.module);
        const auto module = static_cast<uint16_t>(modules_.size() - 1);
        table_.push_back({line.address, static_cast<uint32_t>(names_.size()), module});
        names_.append(line.name).push_back('\0');
        return modules_.size() < UINT16_MAX;
    });
    const auto before = [](const Entry &a, const Entry &b) { return a.address < b.address; };
    if (!std::is_sorted(table_.begin(), table_.end(), before))
        std::stable_sort(table_.begin(), table_.end(), before);
    table_.shrink_to_fit();
    names_.shrink_to_fit();
    table_read_ = Clock::now();
}

void Symbolizer::find_in_table(const std::vector<uint64_t> &sorted) {
    const auto before = [](uint64_t a, const Entry &entry) { return a < entry.address; };
    for (int reading = 0; reading < 2; reading++) {
        bool all = true;
        for (const uint64_t address : sorted) {
            const auto next = std::upper_bound(table_.begin(), table_.end(), address, before);
            if (next == table_.begin()) {
                all = false;
                continue;
            }
            auto own = std::prev(next);
            const uint64_t start = own->address;
            while (own != table_.begin() && std::prev(own)->address == start)
                --own;  // of several names the first is the usual one
            uint64_t end = start + kMaxFunctionBytes;
            if (next != table_.end())
                end = next->module == own->module ? next->address : std::min(end, next->address);
            if (address < end)
                functions_[start] = {end, &names_[own->name], modules_[own->module]};
            else
                all = false;
        }
        if (all || (!table_.empty() && Clock::now() - table_read_ < kPatience))
            return;
        read_table();
    }
}

void Symbolizer::look_at_first() {
    constexpr int enough = 101;
    int seen = 0;
    bool zeros = true;
    error_ = each_text_symbol(path_, [&](const Line &line) {
        zeros = line.address == 0;
        return zeros && ++seen < enough;
    });
    hidden_ = error_ == 0 && seen > 0 && zeros;
}

bool Symbolizer::hidden() {
    if (!hidden_)
        look_at_first();
    return *hidden_;
}

std::string Symbolizer::problem() {
    if (hidden()) {
        std::string level;
        std::ifstream("/proc/sys/kernel/kptr_restrict") >> level;
        const std::string now = level.empty() ? "" : " (it is " + level + ")";
        return "the kernel hides its addresses, so functions have no names: run as root or with "
               "CAP_SYSLOG, and with the sysctl kernel.kptr_restrict below 2" +
               now;
    }
    if (error_ != 0)
        return "functions have no names: cannot read " + path_ + ": " + std::strerror(error_);
    return "";
}

}  // namespace whydrop
