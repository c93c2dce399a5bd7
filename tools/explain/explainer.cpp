// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/explainer.h"

#include <algorithm>
#include <mutex>

#include "explain/matcher.h"
#include "explain/rule_book.h"
#include "explain/texts.h"
#include "sys/embedded.h"

namespace whydrop {

extern const EmbeddedFile explain_rules[];  // made by cmake/embed.cmake from rules/*.yaml
extern const size_t explain_rules_count;

namespace {

constexpr const char *site_rules = "/etc/whydrop/rules.d";

std::string reason_word(const Reason &reason) {
    std::string word = reason.name.empty() ? std::to_string(reason.code) : reason.name;
    std::ranges::transform(word, word.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    return word;
}

// The kernel names a reason, but no rule knows it: newer than these rules, or a module's own.
Explanation unknown_reason(const Reason &reason) {
    const std::string name = reason.name.empty() ? std::to_string(reason.code) : reason.name;
    Explanation explanation;
    explanation.cause_id = "reason." + reason_word(reason);
    explanation.cause = "The kernel gives the reason " + name + " (" + reason.subsystem +
                        "), for which whydrop has no rule yet.";
    explanation.usual = {"a kernel or module that is newer than these rules"};
    explanation.next = {
        "grep -rn " + name + " net/ drivers/net/ include/net/  # in the source of this kernel",
        std::string("write a rule for it in ") + site_rules};
    return explanation;
}

// For the case that not even the rule of that id is there.
Explanation unexplained() {
    Explanation explanation;
    explanation.cause_id = "unexplained";
    explanation.cause = "The kernel freed the packet at {location} and did not say why.";
    explanation.usual = {"a place that no rule knows"};
    explanation.next = {"whydrop drops -s  # shows the way to that place"};
    return explanation;
}

Explanation from_rule(const Rule &rule) {
    Explanation explanation;
    explanation.cause_id = rule.id;
    explanation.cause = rule.cause;
    explanation.usual = rule.usual;
    explanation.next = rule.next;
    return explanation;
}

void fill(Explanation &explanation, const Filler &filler) {
    explanation.cause = filler.fill(explanation.cause);
    for (auto *list : {&explanation.usual, &explanation.next})
        for (std::string &text : *list)
            text = filler.fill(text);
}

// The reason that is to be explained, where the group itself does not carry it.
std::optional<Reason> reason_of(const DropGroup &group, const DropRecord *example) {
    if (group.reason || has(group.keys, GroupKey::reason) || example == nullptr)
        return group.reason;
    return example->reason;
}

}  // namespace

struct Explainer::Rules {
    RuleBook book;
    std::mutex mutex;  // of book, which parses files when they are first needed
};

Explainer::Explainer(std::unique_ptr<Rules> rules) : rules_(std::move(rules)) {}
Explainer::Explainer(Explainer &&) noexcept = default;
Explainer &Explainer::operator=(Explainer &&) noexcept = default;
Explainer::~Explainer() = default;

Result<Explainer> Explainer::load(const std::vector<std::string> &dirs) {
    auto rules = std::make_unique<Rules>();
    rules->book.add_built_in(explain_rules, explain_rules_count);
    if (Status status = rules->book.add_directory(site_rules, true); !status)
        return std::move(status).error();
    for (const std::string &dir : dirs)
        if (Status status = rules->book.add_directory(dir, false); !status)
            return std::move(status).error();
    return Explainer(std::move(rules));
}

void Explainer::explain(DropGroup &group, const HostView &host) const {
    const std::lock_guard lock(rules_->mutex);
    RuleBook &book = rules_->book;
    const Verdict verdict = judge(book, group, host);
    const std::optional<Reason> reason = reason_of(group, verdict.example);
    const bool named = reason && !is_unspecified(*reason);
    const Rule *rule = verdict.rule;
    if (rule == nullptr && !named)
        rule = book.by_id("unexplained");

    Explanation explanation = rule != nullptr ? from_rule(*rule)
                              : named         ? unknown_reason(*reason)
                                              : unexplained();
    fill(explanation, Filler(group, verdict.example));
    explanation.derived = verdict.derived && verdict.rule != nullptr;
    explanation.samples_seen = group.samples.size();
    explanation.samples_agree = verdict.rule != nullptr ? verdict.samples_agree : 0;
    explanation.also = verdict.also;
    group.folded = verdict.rule != nullptr && verdict.rule->fold && verdict.unanimous;
    group.explanation = std::move(explanation);
}

}  // namespace whydrop
