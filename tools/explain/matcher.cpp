// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/matcher.h"

#include <algorithm>

namespace whydrop {
namespace {

bool holds(const Conditions &conditions, const DropRecord &drop, const HostView &host) {
    return std::ranges::all_of(conditions, [&](const Condition &condition) {
        const Answer answer = condition.predicate->ask(drop, host);
        return answer && *answer != condition.negated;
    });
}

bool is_at(const Entry &entry, std::string_view function) {
    return entry.at.empty() || std::ranges::any_of(entry.at, [&](const std::string &pattern) {
               return glob_matches(pattern, function);
           });
}

bool is_for(const Entry &entry, const std::optional<Reason> &reason) {
    return entry.derived_for == DerivedFor::any ||
           (entry.derived_for == DerivedFor::none) == !reason.has_value();
}

// What is to be explained: one sample, or a group of which no sample was taken.
struct Subject {
    std::optional<Reason> reason;
    std::string_view function;
    const DropRecord *drop = nullptr;  // nullptr: nothing is known of the packet
};

const Rule *rule_for(RuleBook &book, const Subject &subject, const HostView &host) {
    for (const Candidate &candidate : book.candidates(subject.reason)) {
        const Entry &entry = *candidate.entry;
        if (!is_for(entry, subject.reason) || !is_at(entry, subject.function))
            continue;
        if (entry.when.empty() ||
            (subject.drop != nullptr && holds(entry.when, *subject.drop, host)))
            return candidate.rule;
    }
    return nullptr;
}

// What the keys of a group say about its packets, in the form of one.
std::optional<DropRecord> drop_of_keys(const DropGroup &group) {
    if (!group.flow)
        return {};
    DropRecord drop;
    drop.netns = group.netns.value_or(0);
    drop.dev = group.dev;
    PacketLevel &level = drop.packet.levels.emplace_back();
    level.protocol = group.flow->protocol;
    if (group.flow->src.family == 4) {
        level.ethertype = 0x0800;
        Ipv4 &ip = level.ipv4.emplace();
        ip.src = group.flow->src;
        ip.dst = group.flow->dst;
        ip.ttl = 64;  // the keys say nothing of the rest, which must not look wrong
        ip.header_bytes = 20;
    } else {
        level.ethertype = 0x86dd;
        Ipv6 &ip = level.ipv6.emplace();
        ip.src = group.flow->src;
        ip.dst = group.flow->dst;
        ip.hop_limit = 64;
    }
    return drop;
}

Subject subject_of(const DropGroup &group, const DropRecord *drop) {
    Subject subject;
    subject.drop = drop;
    if (has(group.keys, GroupKey::reason) || drop == nullptr)
        subject.reason = group.reason;
    else
        subject.reason = drop->reason;
    if (group.location)
        subject.function = plain_function(group.location->name);
    else if (drop != nullptr)
        subject.function = plain_function(drop->location.name);
    return subject;
}

struct Votes {
    const Rule *rule = nullptr;
    size_t count = 0;
    const DropRecord *first = nullptr;
};

void vote(std::vector<Votes> &votes, const Rule *rule, const DropRecord &drop) {
    const auto found = std::ranges::find(votes, rule, &Votes::rule);
    if (found == votes.end())
        votes.push_back({rule, 1, &drop});
    else
        found->count++;
}

// Most votes first; of two with as many, one that explains, then the first seen.
void rank(std::vector<Votes> &votes) {
    std::ranges::stable_sort(votes, [](const Votes &a, const Votes &b) {
        if (a.count != b.count)
            return a.count > b.count;
        return (a.rule != nullptr) && (b.rule == nullptr);
    });
}

bool was_derived(const std::optional<Reason> &reason) {
    return !reason || is_unspecified(*reason);
}

Verdict judge_by_keys(RuleBook &book, const DropGroup &group, const HostView &host) {
    const std::optional<DropRecord> drop = drop_of_keys(group);
    const Subject subject = subject_of(group, nullptr);
    Verdict verdict;
    verdict.rule =
        rule_for(book, {subject.reason, subject.function, drop ? &*drop : nullptr}, host);
    verdict.derived = was_derived(subject.reason);
    verdict.unanimous = true;
    return verdict;
}

}  // namespace

std::string_view plain_function(std::string_view symbol) {
    return symbol.substr(0, symbol.find('.', 1));
}

bool glob_matches(std::string_view pattern, std::string_view text) {
    const size_t star = pattern.find('*');
    if (star == std::string_view::npos)
        return pattern == text;
    if (!text.starts_with(pattern.substr(0, star)))
        return false;
    text.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    for (size_t at = 0; at <= text.size(); at++)
        if (glob_matches(pattern, text.substr(at)))
            return true;
    return false;
}

Verdict judge(RuleBook &book, const DropGroup &group, const HostView &host) {
    if (group.samples.empty())
        return judge_by_keys(book, group, host);
    std::vector<Votes> votes;
    for (const DropRecord &drop : group.samples)
        vote(votes, rule_for(book, subject_of(group, &drop), host), drop);
    rank(votes);
    Verdict verdict;
    verdict.rule = votes.front().rule;
    verdict.example = votes.front().first;
    verdict.samples_agree = votes.front().count;
    verdict.unanimous = votes.size() == 1;
    verdict.derived = was_derived(subject_of(group, verdict.example).reason);
    for (size_t i = 1; i < votes.size(); i++)
        if (votes[i].rule != nullptr)
            verdict.also.push_back(votes[i].rule->id);
    if (verdict.rule != nullptr && !verdict.rule->expect.empty())
        verdict.samples_agree =
            static_cast<size_t>(std::ranges::count_if(group.samples, [&](const DropRecord &drop) {
                return holds(verdict.rule->expect, drop, host);
            }));
    return verdict;
}

}  // namespace whydrop
