// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/counter_book.h"

#include <algorithm>

#include "explain/matcher.h"
#include "explain/yaml_parts.h"
#include "sys/embedded.h"

namespace whydrop {

extern const EmbeddedFile explain_counters[];  // made by cmake/embed.cmake from counters/*.yaml
extern const size_t explain_counters_count;

namespace {

struct CounterEntry {
    std::vector<std::string> sources, names;
    CounterMeaning meaning;
};

CounterRating rating_at(const YAML::Node &node) {
    const std::string word = text_at(node, node["rated"], "rated");
    for (const auto rating : {CounterRating::bad, CounterRating::sign, CounterRating::normal})
        if (word == name_of(rating))
            return rating;
    refuse(node["rated"], "rated is neither bad, sign nor normal");
}

std::vector<std::string> optional_texts(const YAML::Node &node, const char *key) {
    const YAML::Node list = node[key];
    return list.IsDefined() ? texts_at(node, list, key) : std::vector<std::string>();
}

CounterEntry read_entry(const YAML::Node &node) {
    allow_keys(node, "a counter", {"names", "of", "rated", "means", "reasons", "next", "unseen"});
    CounterEntry entry;
    entry.names = texts_at(node, node["names"], "names");
    entry.sources = optional_texts(node, "of");
    CounterMeaning &meaning = entry.meaning;
    meaning.rating = rating_at(node);
    meaning.means = text_at(node, node["means"], "means");
    for (const std::string &reason : optional_texts(node, "reasons"))
        meaning.reasons.push_back(reason.find('/') == std::string::npos ? "core/" + reason
                                                                        : reason);
    meaning.next = optional_texts(node, "next");
    if (const YAML::Node unseen = node["unseen"]) {
        if (text_at(node, unseen, "unseen") != "true")
            refuse(unseen, "unseen is true, or not there");
        meaning.unseen = true;
    }
    return entry;
}

std::vector<CounterEntry> read_entries(std::string_view text) {
    const YAML::Node document = YAML::Load(std::string(text));
    std::vector<CounterEntry> entries;
    if (document.IsNull())  // a file of comments
        return entries;
    allow_keys(document, "the file", {"counters"});
    const YAML::Node list = document["counters"];
    if (!list.IsDefined() || !list.IsSequence())
        refuse(document, "counters is missing or not a list");
    for (const auto &node : list)
        entries.push_back(read_entry(node));
    return entries;
}

}  // namespace

const char *name_of(CounterRating rating) {
    switch (rating) {
        case CounterRating::bad:
            return "bad";
        case CounterRating::sign:
            return "sign";
        default:
            return "normal";
    }
}

Result<CounterBook> CounterBook::built_in() {
    CounterBook book;
    for (size_t i = 0; i < explain_counters_count; i++) {
        const EmbeddedFile &file = explain_counters[i];
        if (auto added = book.add_text(std::string(file.name), file.text); !added)
            return added.error();
    }
    return book;
}

Status CounterBook::add_text(const std::string &file, std::string_view text) {
    auto entries = refusals_as_errors<std::vector<CounterEntry>>(
        file, "tools/explain/counters/README.md shows the form of an entry",
        [&] { return read_entries(text); });
    if (!entries)
        return entries.error();
    for (CounterEntry &entry : *entries) {
        const size_t meaning = meanings_.size();
        meanings_.push_back(std::move(entry.meaning));
        if (entry.sources.empty())
            entry.sources.emplace_back();
        for (const std::string &source : entry.sources)
            for (const std::string &name : entry.names)
                if (name.find('*') != std::string::npos)
                    patterns_.push_back({source, name, meaning});
                else if (!exact_.try_emplace(source + "/" + name, meaning).second)
                    return Error{Errc::usage, file + ": " + name + " stands there twice", ""};
    }
    return success();
}

const CounterMeaning *CounterBook::find(const std::string &source, const std::string &name) const {
    for (const std::string &key : {source + "/" + name, "/" + name})
        if (const auto found = exact_.find(key); found != exact_.end())
            return &meanings_[found->second];
    const auto found = std::ranges::find_if(patterns_, [&](const Pattern &pattern) {
        return (pattern.source.empty() || pattern.source == source) &&
               glob_matches(pattern.name, name);
    });
    return found == patterns_.end() ? nullptr : &meanings_[found->meaning];
}

CounterMeaning CounterBook::explain(const std::string &source, const std::string &name) const {
    const CounterMeaning *known = find(source, name);
    return known ? *known : meaning_of_words(source, name);
}

std::vector<std::string> CounterBook::sources_of(const std::string &name) const {
    std::vector<std::string> sources;
    for (const auto &[key, meaning] : exact_)
        if (const size_t slash = key.rfind('/'); key.substr(slash + 1) == name)
            sources.push_back(key.substr(0, slash));
    std::ranges::sort(sources);
    return sources;
}

}  // namespace whydrop
