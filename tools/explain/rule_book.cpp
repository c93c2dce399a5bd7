// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/rule_book.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

#include "explain/loader.h"

namespace whydrop {
namespace {

namespace fs = std::filesystem;

// "" for the entries that derive a cause.
std::string key_of(const std::optional<Reason> &reason) {
    if (!reason || is_unspecified(*reason))
        return {};
    return reason->subsystem + "/" + reason->name;
}

size_t specificity(const Entry &entry) {
    return (entry.when.empty() ? 0 : 2) + (entry.at.empty() ? 0 : 1);
}

bool tried_before(const Candidate &a, const Candidate &b) {
    const auto rank = [](const Candidate &candidate) {
        const RuleOrigin &origin = candidate.rule->origin;
        const size_t conditions = specificity(*candidate.entry);
        return std::make_tuple(~origin.layer, ~conditions, origin.file, origin.line);
    };
    return rank(a) < rank(b);
}

Result<std::vector<fs::path>> rule_files(const std::string &path) {
    std::error_code failed;
    std::vector<fs::path> files;
    fs::directory_iterator entries(path, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed))
        if (entries->path().extension() == ".yaml" && entries->is_regular_file(failed))
            files.push_back(entries->path());
    if (failed)
        return Error{Errc::usage, "cannot read the rules in " + path + ": " + failed.message(),
                     "--rules takes a directory of .yaml files"};
    std::ranges::sort(files);
    return files;
}

}  // namespace

void RuleBook::add_built_in(const EmbeddedFile *files, size_t count) {
    for (size_t i = 0; i < count; i++)
        built_in_.push_back({files[i], ++files_, false});
    std::ranges::sort(built_in_, {}, [](const BuiltIn &file) { return file.file.name; });
}

Status RuleBook::add_directory(const std::string &path, bool may_be_missing) {
    std::error_code ignored;
    if (may_be_missing && !fs::exists(path, ignored))
        return success();
    auto files = rule_files(path);
    if (!files)
        return std::move(files).error();
    const size_t layer = layers_++;
    for (const fs::path &file : *files) {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream text;
        if (in.peek() != std::ifstream::traits_type::eof())
            text << in.rdbuf();
        if (!in && !in.eof())
            return errno_error("cannot read " + file.string(), errno);
        auto rules = parse_rules(file.string(), text.str(), {layer, ++files_, 0});
        if (!rules)
            return std::move(rules).error();
        insert(std::move(rules).value());
    }
    return success();
}

Status RuleBook::add_text(const std::string &name, std::string_view text) {
    const size_t layer = layers_++;
    auto rules = parse_rules(name, text, {layer, ++files_, 0});
    if (!rules)
        return std::move(rules).error();
    insert(std::move(rules).value());
    return success();
}

// Of two rules with one id, the later layer or file stays, in whatever order they are read.
void RuleBook::insert(std::vector<Rule> rules) {
    for (Rule &rule : rules) {
        auto &place = rules_[rule.id];
        if (place == nullptr || place->origin < rule.origin)
            place = std::make_unique<Rule>(std::move(rule));
    }
    known_.clear();
}

Status RuleBook::parse(BuiltIn &file) {
    if (file.parsed)
        return success();
    file.parsed = true;
    auto rules = parse_rules(std::string(file.file.name), file.file.text, {0, file.number, 0});
    if (!rules)
        return std::move(rules).error();
    insert(std::move(rules).value());
    return success();
}

// A file that a unit test has read is never broken here: nothing is lost with its Status.
void RuleBook::parse_files_with(std::string_view word) {
    for (BuiltIn &file : built_in_)
        if (!file.parsed && file.file.text.find(word) != std::string_view::npos)
            (void)parse(file);
}

std::vector<Candidate> RuleBook::collect(const std::string &key) const {
    std::vector<Candidate> found;
    for (const auto &[id, rule] : rules_)
        for (const Entry &entry : rule->entries)
            if (entry.reason == key)
                found.push_back({rule.get(), &entry});
    std::ranges::stable_sort(found, tried_before);
    return found;
}

const std::vector<Candidate> &RuleBook::candidates(const std::optional<Reason> &reason) {
    const std::string key = key_of(reason);
    if (const auto known = known_.find(key); known != known_.end())
        return known->second;
    parse_files_with(key.empty() ? "derived:" : std::string_view(reason->name));
    return known_.emplace(key, collect(key)).first->second;
}

const Rule *RuleBook::by_id(const std::string &id) {
    if (rules_.count(id) == 0)
        parse_files_with("id: " + id);
    const auto found = rules_.find(id);
    return found == rules_.end() ? nullptr : found->second.get();
}

Status RuleBook::parse_all() {
    for (BuiltIn &file : built_in_)
        if (Status status = parse(file); !status)
            return status;
    return success();
}

std::vector<const Rule *> RuleBook::all() {
    std::vector<const Rule *> rules;
    for (const auto &[id, rule] : rules_)
        rules.push_back(rule.get());
    return rules;
}

}  // namespace whydrop
