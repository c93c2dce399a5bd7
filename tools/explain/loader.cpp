// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/loader.h"

#include <algorithm>
#include <set>

#include "explain/texts.h"
#include "explain/yaml_parts.h"

namespace whydrop {
namespace {

void check_placeholders(const YAML::Node &node, const std::string &text) {
    if (const auto unknown = unknown_placeholder(text))
        refuse(node, "{" + *unknown + "} is not a word that texts may use",
               "known: " + placeholder_names());
}

Condition condition(const YAML::Node &node) {
    std::string name = text_at(node, node, "a condition");
    Condition result;
    constexpr std::string_view negation = "not ";
    if (name.starts_with(negation)) {
        result.negated = true;
        name.erase(0, negation.size());
    }
    result.predicate = predicate_by_name(name);
    if (result.predicate == nullptr)
        refuse(node, "there is no predicate \"" + name + "\"", "known: " + predicate_names());
    return result;
}

Conditions conditions(const YAML::Node &node) {
    Conditions all;
    if (!node.IsDefined())
        return all;
    if (node.IsScalar())
        return {condition(node)};
    if (!node.IsSequence() || node.size() == 0)
        refuse(node, "a condition is neither a name nor a list of names");
    for (const auto &item : node)
        all.push_back(condition(item));
    return all;
}

std::string full_reason(const std::string &name) {
    return name.find('/') == std::string::npos ? "core/" + name : name;
}

Entry reason_entry(const YAML::Node &node) {
    Entry entry;
    if (node.IsScalar()) {
        entry.reason = full_reason(text_at(node, node, "a reason"));
        return entry;
    }
    allow_keys(node, "a reason", {"is", "at", "when"});
    entry.reason = full_reason(text_at(node, node["is"], "is"));
    if (node["at"])
        entry.at = texts_at(node, node["at"], "at");
    entry.when = conditions(node["when"]);
    return entry;
}

Entry derived_entry(const YAML::Node &node) {
    allow_keys(node, "an entry of derived", {"at", "when", "reason"});
    Entry entry;
    entry.at = texts_at(node, node["at"], "at");
    entry.when = conditions(node["when"]);
    if (const YAML::Node reason = node["reason"]) {
        const std::string word = text_at(node, reason, "reason");
        if (word != "none" && word != "not_specified")
            refuse(reason, "reason is neither none nor not_specified");
        entry.derived_for = word == "none" ? DerivedFor::none : DerivedFor::not_specified;
    }
    return entry;
}

void read_entries(const YAML::Node &node, Rule &rule) {
    for (const char *key : {"reasons", "derived"}) {
        const YAML::Node list = node[key];
        if (!list.IsDefined())
            continue;
        if (!list.IsSequence() || list.size() == 0)
            refuse(list, std::string(key) + " is not a list");
        const bool derived = std::string_view(key) == "derived";
        for (const auto &item : list)
            rule.entries.push_back(derived ? derived_entry(item) : reason_entry(item));
    }
    if (rule.entries.empty())
        refuse(node, rule.id + " has neither reasons nor derived, so it can never apply");
}

// Lower case, digits and _ in words that dots separate.
bool good_id(const std::string &id) {
    return !id.empty() && id.front() != '.' && id.back() != '.' &&
           id.find("..") == std::string::npos && std::ranges::all_of(id, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
           });
}

Rule read_rule(const YAML::Node &node, RuleOrigin origin) {
    allow_keys(node, "a rule",
               {"id", "reasons", "derived", "expect", "fold", "cause", "usual", "next"});
    Rule rule;
    rule.origin = origin;
    rule.origin.line = static_cast<size_t>(node.Mark().line) + 1;
    rule.id = text_at(node, node["id"], "id");
    if (!good_id(rule.id))
        refuse(node["id"], "\"" + rule.id + "\" is not an id like ipv4.checksum");
    read_entries(node, rule);
    rule.expect = conditions(node["expect"]);
    rule.cause = text_at(node, node["cause"], "cause");
    rule.usual = texts_at(node, node["usual"], "usual");
    rule.next = texts_at(node, node["next"], "next");
    check_placeholders(node["cause"], rule.cause);
    for (const char *list : {"usual", "next"})
        for (const auto &item : node[list])
            check_placeholders(item, item.Scalar());
    if (const YAML::Node fold = node["fold"]) {
        const std::string word = text_at(node, fold, "fold");
        if (word != "true" && word != "false")
            refuse(fold, "fold is neither true nor false");
        rule.fold = word == "true";
    }
    return rule;
}

std::vector<Rule> read_rules(std::string_view text, RuleOrigin origin) {
    const YAML::Node document = YAML::Load(std::string(text));
    std::vector<Rule> rules;
    if (document.IsNull())  // a file of comments
        return rules;
    allow_keys(document, "the file", {"rules"});
    const YAML::Node list = document["rules"];
    if (!list.IsDefined() || !list.IsSequence())
        refuse(document, "rules is missing or not a list");
    std::set<std::string> ids;
    for (const auto &node : list) {
        rules.push_back(read_rule(node, origin));
        if (!ids.insert(rules.back().id).second)
            refuse(node, "the id " + rules.back().id + " stands twice in this file");
    }
    return rules;
}

}  // namespace

Result<std::vector<Rule>> parse_rules(const std::string &file_name, std::string_view text,
                                      RuleOrigin origin) {
    return refusals_as_errors<std::vector<Rule>>(
        file_name, "tools/explain/rules/README.md shows the form of a rule",
        [&] { return read_rules(text, origin); });
}

}  // namespace whydrop
