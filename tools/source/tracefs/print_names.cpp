// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/print_names.h"

#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

namespace whydrop {

namespace {

// Of C's expressions what stands in these tables: 0x10UL, -1, ((1 << 3) | 4), (gfp_t)(1).
class Constant {
  public:
    explicit Constant(std::string_view text) : text_(text) {}
    std::optional<uint64_t> value() {
        const auto found = either(0);
        skip_spaces();
        return found && text_.empty() ? found : std::nullopt;
    }

  private:
    static constexpr int max_depth = 64;

    void skip_spaces() {
        while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())))
            text_.remove_prefix(1);
    }
    bool take(std::string_view wanted) {
        skip_spaces();
        if (!text_.starts_with(wanted))
            return false;
        text_.remove_prefix(wanted.size());
        return true;
    }
    std::optional<uint64_t> either(int depth) {
        auto left = shifted(depth);
        while (left && take("|")) {
            const auto right = shifted(depth);
            left = right ? std::optional(*left | *right) : std::nullopt;
        }
        return left;
    }
    std::optional<uint64_t> shifted(int depth) {
        auto left = sum(depth);
        while (left && take("<<")) {
            const auto right = sum(depth);
            left = right && *right < 64 ? std::optional(*left << *right) : std::nullopt;
        }
        return left;
    }
    std::optional<uint64_t> sum(int depth) {
        auto left = single(depth);
        while (left) {
            const bool plus = take("+");
            if (!plus && !take("-"))
                break;
            const auto right = single(depth);
            left = right ? std::optional(plus ? *left + *right : *left - *right) : std::nullopt;
        }
        return left;
    }
    std::optional<uint64_t> single(int depth) {
        if (depth > max_depth)
            return {};
        if (take("-")) {
            const auto value = single(depth + 1);
            return value ? std::optional(0 - *value) : std::nullopt;
        }
        if (take("~")) {
            const auto value = single(depth + 1);
            return value ? std::optional(~*value) : std::nullopt;
        }
        if (!take("("))
            return number();
        if (skip_cast())
            return single(depth + 1);
        const auto inner = either(depth + 1);
        return inner && take(")") ? inner : std::nullopt;
    }
    // Behind "(": "gfp_t)", "unsigned long)".
    bool skip_cast() {
        const size_t close = text_.find(')');
        if (close == std::string_view::npos)
            return false;
        bool letters = false;
        for (const char letter : text_.substr(0, close)) {
            const auto byte = static_cast<unsigned char>(letter);
            if (!std::isalnum(byte) && letter != '_' && letter != ' ')
                return false;
            letters |= std::isalpha(byte) || letter == '_';
            if (!letters && std::isdigit(byte))
                return false;
        }
        if (letters)
            text_.remove_prefix(close + 1);
        return letters;
    }
    std::optional<uint64_t> number() {
        skip_spaces();
        int base = 10;
        if (text_.starts_with("0x") || text_.starts_with("0X")) {
            base = 16;
            text_.remove_prefix(2);
        } else if (text_.starts_with("0")) {
            base = 8;
        }
        uint64_t value = 0;
        const auto [end, bad] =
            std::from_chars(text_.data(), text_.data() + text_.size(), value, base);
        if (bad != std::errc())
            return {};
        text_.remove_prefix(static_cast<size_t>(end - text_.data()));
        while (!text_.empty() && (text_.front() == 'U' || text_.front() == 'L' ||
                                  text_.front() == 'u' || text_.front() == 'l'))
            text_.remove_prefix(1);
        return value;
    }

    std::string_view text_;
};

// Where the string that begins at `at` ends: behind its quote.
size_t behind_string(std::string_view text, size_t at) {
    for (at++; at < text.size() && text[at] != '"'; at++)
        if (text[at] == '\\')
            at++;
    return at < text.size() ? at + 1 : text.size();
}

// As far as a comma, or the end of the list, that stands in no bracket and no string.
size_t end_of_argument(std::string_view text, size_t at) {
    int depth = 0;
    while (at < text.size()) {
        const char letter = text[at];
        if (letter == '"') {
            at = behind_string(text, at);
            continue;
        }
        if (depth == 0 && (letter == ',' || letter == ')' || letter == '}'))
            return at;
        depth += letter == '(' || letter == '{';
        depth -= letter == ')' || letter == '}';
        at++;
    }
    return at;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
        text.remove_prefix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
        text.remove_suffix(1);
    return text;
}

// NAME of "REC->NAME" and "(REC->NAME)"; empty of anything else.
std::string plain_field(std::string_view text) {
    text = trimmed(text);
    while (text.size() >= 2 && text.front() == '(' && text.back() == ')')
        text = trimmed(text.substr(1, text.size() - 2));
    constexpr std::string_view rec = "REC->";
    if (!text.starts_with(rec))
        return {};
    text.remove_prefix(rec.size());
    for (const char letter : text)
        if (!std::isalnum(static_cast<unsigned char>(letter)) && letter != '_')
            return {};
    return std::string(text);
}

// { 2, "NOT_SPECIFIED" }
std::optional<std::pair<uint64_t, std::string>> pair_of(std::string_view text) {
    text = trimmed(text);
    if (text.size() < 2 || text.front() != '{' || text.back() != '}')
        return {};
    text = text.substr(1, text.size() - 2);
    const size_t comma = end_of_argument(text, 0);
    if (comma >= text.size() || text[comma] != ',')
        return {};
    const auto value = Constant(text.substr(0, comma)).value();
    const std::string_view name = trimmed(text.substr(comma + 1));
    if (!value || name.size() < 2 || name.front() != '"' || name.back() != '"')
        return {};
    return std::pair(*value, std::string(name.substr(1, name.size() - 2)));
}

// What stands behind "__print_symbolic(".
PrintNames read_table(std::string_view text, bool is_flags) {
    PrintNames table;
    table.is_flags = is_flags;
    bool first = true;
    for (size_t at = 0; at < text.size(); first = false) {
        const size_t end = end_of_argument(text, at);
        const std::string_view argument = text.substr(at, end - at);
        if (first)
            table.field = plain_field(argument);
        else if (auto pair = pair_of(argument))
            table.names.push_back(std::move(*pair));
        if (end >= text.size() || text[end] != ',')
            break;
        at = end + 1;
    }
    return table;
}

}  // namespace

std::vector<PrintNames> print_names(const std::string &print) {
    static constexpr std::string_view symbolic = "__print_symbolic(", flags = "__print_flags(";
    std::vector<PrintNames> tables;
    const std::string_view text = print;
    for (size_t at = 0; at < text.size();) {
        if (text[at] == '"') {
            at = behind_string(text, at);
            continue;
        }
        const bool is_flags = text.substr(at).starts_with(flags);
        if (is_flags || text.substr(at).starts_with(symbolic)) {
            at += is_flags ? flags.size() : symbolic.size();
            auto table = read_table(text.substr(at), is_flags);
            if (!table.field.empty() && !table.names.empty())
                tables.push_back(std::move(table));
            continue;
        }
        at++;
    }
    return tables;
}

}  // namespace whydrop
