// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/words.h"

#include <fmt/format.h>

#include <sstream>

namespace whydrop {
namespace {

bool is_control(unsigned char c) {
    return c < 0x20 || c == 0x7f;
}
bool is_continuation(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

}  // namespace

std::string escaped(const std::string &name) {
    std::string safe;
    for (unsigned char c : name) {
        if (is_control(c) || c >= 0x80)
            safe += fmt::format("\\x{:02x}", c);
        else
            safe += static_cast<char>(c);
    }
    return safe;
}

std::string without_controls(const std::string &prose) {
    std::string safe;
    for (size_t i = 0; i < prose.size(); ++i) {
        auto c = static_cast<unsigned char>(prose[i]);
        auto next = i + 1 < prose.size() ? static_cast<unsigned char>(prose[i + 1]) : 0u;
        if (c == 0xc2 && next >= 0x80 && next < 0xa0)
            ++i;  // C1 control characters, which some terminals obey
        else if (is_control(c))
            safe += ' ';
        else
            safe += prose[i];
    }
    return safe;
}

std::vector<std::string> wrapped_lines(const std::string &prose, size_t columns) {
    std::istringstream text(wrap("", prose, columns));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

size_t width(const std::string &text) {
    size_t columns = 0;
    for (unsigned char c : text)
        columns += !is_continuation(c);
    return columns;
}

std::string cut(const std::string &text, size_t columns) {
    if (width(text) <= columns)
        return text;
    size_t keep = columns > 3 ? columns - 3 : 0, end = 0;
    for (size_t seen = 0; end < text.size(); ++end) {
        seen += !is_continuation(static_cast<unsigned char>(text[end]));
        if (seen > keep)
            break;
    }
    return text.substr(0, end) + std::string("...").substr(0, std::min<size_t>(3, columns));
}

std::string wrap(const std::string &first, const std::string &prose, size_t columns) {
    std::istringstream words(without_controls(prose));
    std::string out = first, word;
    const size_t indent = width(first);
    size_t column = indent;
    while (words >> word) {
        if (column > indent && column + 1 + width(word) > columns) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        }
        if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += width(word);
    }
    return out + "\n";
}

}  // namespace whydrop
