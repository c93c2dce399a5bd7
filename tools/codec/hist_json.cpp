// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/hist_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "codec/json.h"
#include "codec/values.h"

namespace whydrop {

namespace {

using Json = nlohmann::ordered_json;

bool is_stack(const std::string &key) {
    return key == "stacktrace" || key == "common_stacktrace" || key.ends_with(".stacktrace");
}

// Which field of a line has a key as a table shows it (engine/hist_section.cpp).
std::string field_of(const std::string &key) {
    const size_t dot = key.find('.');
    const std::string name = key.substr(0, dot);
    const std::string how = dot == std::string::npos ? "" : key.substr(dot + 1);
    if (is_stack(key))
        return "stack";
    if (how == "sym" || how == "sym-offset" || how == "execname" || how == "syscall")
        return name + "_name";
    if (how == "log2" || how.starts_with("buckets="))
        return name + "_range";
    return name;
}

template <typename T>
std::optional<T> value_of(const Json &object, const std::string &name) {
    const auto found = object.find(name);
    if (found == object.end())
        return {};
    if constexpr (std::is_same_v<T, std::string>) {
        if (!found->is_string())
            return {};
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!found->is_boolean())
            return {};
    } else if constexpr (std::is_same_v<T, uint64_t>) {
        if (!found->is_number_unsigned())
            return {};
    } else if (!found->is_number()) {
        return {};
    }
    return found->get<T>();
}

std::optional<std::vector<std::string>> texts_of(const Json &object, const std::string &name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_array())
        return {};
    std::vector<std::string> texts;
    for (const Json &item : *found) {
        if (!item.is_string())
            return {};
        texts.push_back(item.get<std::string>());
    }
    return texts;
}

// A name, a number, or the lines of a stack.
std::optional<std::vector<std::string>> key_of(const Json &object, const std::string &field) {
    if (auto list = texts_of(object, field))
        return list;
    if (auto text = value_of<std::string>(object, field))
        return std::vector{*text};
    if (const auto number = value_of<uint64_t>(object, field))
        return std::vector{std::to_string(*number)};
    return {};
}

// "0x1f" of a sum in hexadecimal.
std::optional<uint64_t> sum_of(const Json &object, const std::string &value) {
    const std::string field = value.substr(0, value.find('.')) + "_sum";
    if (const auto text = value_of<std::string>(object, field))
        return parse_hex_number(*text);
    return value_of<uint64_t>(object, field);
}

bool read_hist(const Json &object, RecordedHist &hist) {
    const auto event = value_of<std::string>(object, "event");
    const auto keys = texts_of(object, "keys"), values = texts_of(object, "values");
    const auto hits = value_of<uint64_t>(object, "hits");
    if (!event || !keys || keys->empty() || !values || !hits)
        return false;
    hist.event = *event;
    hist.keys = *keys;
    hist.values = *values;
    hist.hits = *hits;
    hist.seconds = value_of<double>(object, "seconds").value_or(0);
    hist.final = value_of<bool>(object, "final").value_or(false);
    hist.entries.clear();
    return true;
}

bool read_entry(const Json &object, RecordedHist &hist) {
    RecordedHistEntry entry;
    for (const std::string &key : hist.keys) {
        auto text = key_of(object, field_of(key));
        if (!text)
            return false;
        entry.keys.push_back(std::move(*text));
    }
    for (const std::string &value : hist.values) {
        const auto sum = sum_of(object, value);
        if (!sum)
            return false;
        entry.sums.push_back(*sum);
    }
    const auto hits = value_of<uint64_t>(object, "hits");
    entry.hits = hits.value_or(0);
    hist.entries.push_back(std::move(entry));
    return hits.has_value();
}

bool read_line(const std::string &line, RecordedHist &hist) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object())
        return false;
    const std::string type = value_of<std::string>(object, "type").value_or("");
    if (type == "hist")
        return read_hist(object, hist);
    if (type == "hist_entry")
        return !hist.keys.empty() && read_entry(object, hist);
    JsonLine known;
    if (type == "session" && from_json(line, known))
        hist.session = std::get<Session>(known);
    return !type.empty();
}

}  // namespace

Result<RecordedHist> read_hist_lines(const std::string &text) {
    RecordedHist hist;
    std::istringstream lines(text);
    size_t number = 1;
    for (std::string line; std::getline(lines, line); number++)
        if (!line.empty() && !read_line(line, hist))
            return Error{Errc::usage, "line " + std::to_string(number) + " is none of a histogram",
                         "'whydrop hist EVENT -o FILE' writes such files"};
    if (hist.keys.empty())
        return Error{Errc::usage, "there is no histogram in it",
                     "'whydrop hist EVENT -o FILE' writes such files"};
    return hist;
}

}  // namespace whydrop
