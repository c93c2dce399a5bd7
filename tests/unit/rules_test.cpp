// SPDX-License-Identifier: GPL-2.0-or-later
// The rules that are built in: complete, of one form, and no text twice. And what a rule of a
// user's own may not look like.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "explain/explainer.h"
#include "explain/loader.h"
#include "explain/rule_book.h"
#include "sys/embedded.h"
#include "temp_dir.h"

namespace whydrop {
extern const EmbeddedFile explain_rules[];
extern const size_t explain_rules_count;
}  // namespace whydrop

namespace whydrop::test {
namespace {

using Reasons = std::set<std::string>;  // "core/IP_CSUM"

// Lines "subsystem<tab>name<tab>number"; a comment and a header come first.
Reasons reasons_in(std::istream &table) {
    Reasons reasons;
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string subsystem, name;
        if (line.empty() || line.front() == '#' || line.starts_with("subsystem\t") ||
            !std::getline(fields, subsystem, '\t') || !std::getline(fields, name, '\t'))
            continue;
        reasons.insert(subsystem + "/" + name);
    }
    return reasons;
}

std::map<std::string, Reasons> fixtures() {
    std::map<std::string, Reasons> tables;
    for (const auto &entry :
         std::filesystem::directory_iterator(std::string(WHYDROP_FIXTURES) + "/reasons")) {
        if (entry.path().extension() != ".tsv")
            continue;
        std::ifstream file(entry.path());
        tables[entry.path().stem().string()] = reasons_in(file);
    }
    return tables;
}

RuleBook built_in() {
    RuleBook book;
    book.add_built_in(explain_rules, explain_rules_count);
    const Status parsed = book.parse_all();
    EXPECT_TRUE(parsed.ok()) << (parsed ? "" : parsed.error().what);
    return book;
}

Reason reason_of(const std::string &full) {
    const size_t slash = full.find('/');
    return {.code = 1, .name = full.substr(slash + 1), .subsystem = full.substr(0, slash)};
}

// Reasons for which no rule applies where nothing is known of place or packet.
std::vector<std::string> without_rule(RuleBook &book, const Reasons &reasons) {
    std::vector<std::string> missing;
    for (const std::string &reason : reasons) {
        if (reason == "core/NOT_SPECIFIED")  // asks for the derived ones, and then "unexplained"
            continue;
        const auto &found = book.candidates(reason_of(reason));
        if (std::ranges::none_of(found, [](const Candidate &candidate) {
                return candidate.entry->when.empty() && candidate.entry->at.empty();
            }))
            missing.push_back(reason);
    }
    return missing;
}

TEST(Rules, EveryReasonOfEveryKernelKnownHasOne) {
    RuleBook book = built_in();
    size_t kernels_with_reasons = 0;
    for (const auto &[kernel, reasons] : fixtures()) {
        kernels_with_reasons += reasons.size() > 50 ? 1 : 0;
        EXPECT_EQ(without_rule(book, reasons), std::vector<std::string>()) << kernel;
    }
    EXPECT_GE(kernels_with_reasons, 4u) << "tests/fixtures/reasons/collect makes the tables";
}

TEST(Rules, EveryReasonOfTheRunningKernelHasOne) {
    const std::string command =
        std::string(WHYDROP_FIXTURES) + "/reasons/collect --print 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE *)> pipe(popen(command.c_str(), "r"), pclose);
    std::stringstream table;
    char buffer[4096];
    while (pipe && fgets(buffer, sizeof buffer, pipe.get()) != nullptr)
        table << buffer;
    const Reasons reasons = reasons_in(table);
    if (reasons.empty())
        GTEST_SKIP() << "no reasons to be had: bpftool is missing, the kernel has no BTF, or it is "
                        "older than 5.17";
    RuleBook book = built_in();
    EXPECT_EQ(without_rule(book, reasons), std::vector<std::string>());
}

TEST(Rules, NameOnlyReasonsThatSomeKernelHas) {
    Reasons known;
    for (const auto &[kernel, reasons] : fixtures())
        known.insert(reasons.begin(), reasons.end());
    RuleBook book = built_in();
    for (const Rule *rule : book.all())
        for (const Entry &entry : rule->entries)
            EXPECT_TRUE(entry.reason.empty() || known.count(entry.reason) == 1)
                << rule->id << " names " << entry.reason;
}

std::string joined(const std::vector<std::string> &texts) {
    std::string all;
    for (const std::string &text : texts)
        all += text + "\n";
    return all;
}

TEST(Rules, NoTextIsMissingOrCopied) {
    RuleBook book = built_in();
    std::map<std::string, std::string> seen;  // text -> id
    for (const Rule *rule : book.all()) {
        EXPECT_GE(rule->cause.size(), 30u) << rule->id;
        EXPECT_TRUE(rule->cause.ends_with('.')) << rule->id << ": " << rule->cause;
        EXPECT_EQ(rule->cause.find(". "), std::string::npos) << rule->id << " says two sentences";
        EXPECT_FALSE(rule->usual.empty() || rule->next.empty()) << rule->id;
        for (const std::string &text : {rule->cause, joined(rule->usual), joined(rule->next)}) {
            const auto [place, is_new] = seen.emplace(text, rule->id);
            EXPECT_TRUE(is_new) << rule->id << " and " << place->second << " both say: " << text;
        }
    }
}

TEST(Rules, IdsAreUniqueAndHaveARoom) {
    std::map<std::string, std::string_view> seen;
    for (size_t i = 0; i < explain_rules_count; i++) {
        const EmbeddedFile &file = explain_rules[i];
        const auto rules = parse_rules(std::string(file.name), file.text, {});
        ASSERT_TRUE(rules.ok()) << rules.error().what;
        EXPECT_FALSE(rules->empty()) << file.name;
        for (const Rule &rule : *rules) {
            EXPECT_TRUE(seen.emplace(rule.id, file.name).second)
                << rule.id << " is in " << file.name << " and in " << seen[rule.id];
            EXPECT_TRUE(rule.id == "unexplained" || std::ranges::count(rule.id, '.') == 1)
                << rule.id << " is not room.what";
        }
    }
    EXPECT_GE(seen.size(), 250u);
}

TEST(Rules, OnlyCommandsOfWhydropThatExist) {
    constexpr std::string_view program = "whydrop ";
    RuleBook book = built_in();
    for (const Rule *rule : book.all())
        for (const std::string &next : rule->next)
            for (size_t at = next.find(program); at != std::string::npos;
                 at = next.find(program, at + 1)) {
                const std::string_view command = std::string_view(next).substr(at + program.size());
                EXPECT_TRUE(command.starts_with("drops") || command.starts_with("demo") ||
                            command.starts_with("doctor"))
                    << rule->id << ": " << next;
            }
}

// What dashboards and runbooks refer to.
TEST(Rules, IdsThatAreAPromiseAreThere) {
    RuleBook book = built_in();
    for (const char *id : {"eth.other_host", "ipv4.length", "ipv4.checksum", "ipv4.local_source",
                           "ipv4.loopback_source", "udp.checksum", "udp.no_socket",
                           "ipv4.unknown_protocol", "ipv4.reverse_path", "socket.receive_buffer",
                           "tcp.no_socket", "socket.none", "unexplained"})
        EXPECT_NE(book.by_id(id), nullptr) << id;
}

// Not a benchmark: on a busy machine this is many times the usual. It must fail when parsing
// becomes quadratic, or when every file is parsed for one reason.
TEST(Rules, AreReadQuicklyAndOnlyWhenNeeded) {
    using Clock = std::chrono::steady_clock;
    const auto milliseconds = [](Clock::time_point from) {
        return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
    };
    auto start = Clock::now();
    RuleBook some;
    some.add_built_in(explain_rules, explain_rules_count);
    (void)some.candidates(Reason{.code = 1, .name = "IP_CSUM", .subsystem = "core"});
    const double one_reason = milliseconds(start);
    start = Clock::now();
    RuleBook derived;
    derived.add_built_in(explain_rules, explain_rules_count);
    (void)derived.candidates(std::nullopt);
    const double no_reason = milliseconds(start);
    start = Clock::now();
    RuleBook all = built_in();
    const double everything = milliseconds(start);
    std::printf("parsed for one reason: %.1f ms, for none: %.1f ms, everything: %.1f ms\n",
                one_reason, no_reason, everything);
    EXPECT_LT(everything, 1000.0);
    EXPECT_LT(some.all().size() * 5, all.all().size());
    EXPECT_LT(derived.all().size(), all.all().size());
}

struct BrokenRow {
    const char *sentence;
    const char *yaml;
    const char *where;  // in Error::what
    const char *says;
};

constexpr const char *rest = "    cause: c\n    usual: [u]\n    next: [n]\n";

const BrokenRow broken_rows[] = {
    {"a bracket is not closed", "rules:\n  - id: a.b\n    usual: [x\n",
     "f.yaml:", "not valid YAML"},
    {"the file is a list", "- id: a.b\n", "f.yaml:1", "not a map"},
    {"the file is a word", "rules\n", "f.yaml:1", "not a map"},
    {"there are no rules in it", "rule: []\n", "f.yaml:1", "no key \"rule\""},
    {"rules is a map", "rules:\n  id: a.b\n", "f.yaml:1", "not a list"},
    {"a key is not known", "rules:\n  - id: a.b\n    colour: red\n", "f.yaml:3", "colour"},
    {"a key stands twice", "rules:\n  - id: a.b\n    id: a.c\n", "f.yaml:3", "twice"},
    {"the id is missing", "rules:\n  - reasons: [X]\nREST", "f.yaml:2", "id is missing"},
    {"the id has capitals", "rules:\n  - id: A.b\n    reasons: [X]\nREST", "f.yaml:2", "\"A.b\""},
    {"the id ends in a dot", "rules:\n  - id: a.\n    reasons: [X]\nREST", "f.yaml:2", "\"a.\""},
    {"an id stands twice",
     "rules:\n  - id: a.b\n    reasons: [X]\nREST  - id: a.b\n    reasons: "
     "[X]\nREST",
     "f.yaml:7", "a.b stands twice"},
    {"it can never apply", "rules:\n  - id: a.b\nREST", "f.yaml:2", "neither reasons nor derived"},
    {"the cause is missing",
     "rules:\n  - id: a.b\n    reasons: [X]\n    usual: [u]\n    next: [n]\n", "f.yaml:2",
     "cause is missing"},
    {"next is a text",
     "rules:\n  - id: a.b\n    reasons: [X]\n    cause: c\n    usual: [u]\n    next: "
     "n\n",
     "f.yaml:6", "next is missing or not a list"},
    {"usual is empty",
     "rules:\n  - id: a.b\n    reasons: [X]\n    cause: c\n    usual: []\n    next: "
     "[n]\n",
     "f.yaml:5", "usual"},
    {"a reason has an unknown key", "rules:\n  - id: a.b\n    reasons: [{is: X, on: y}]\nREST",
     "f.yaml:3", "\"on\""},
    {"a reason has no name", "rules:\n  - id: a.b\n    reasons: [{when: udp}]\nREST", "f.yaml:3",
     "is is missing"},
    {"a predicate is not known",
     "rules:\n  - id: a.b\n    reasons: [{is: X, when: udp.green}]\nREST", "f.yaml:3", "udp.green"},
    {"a negated predicate is not known",
     "rules:\n  - id: a.b\n    derived:\n      - {at: [f], when: [udp, not tcp.green]}\nREST",
     "f.yaml:4", "tcp.green"},
    {"a derived entry has no place", "rules:\n  - id: a.b\n    derived:\n      - {when: udp}\nREST",
     "f.yaml:4", "at is missing"},
    {"a derived entry is for a reason",
     "rules:\n  - id: a.b\n    derived:\n      - {at: [f], reason: IP_CSUM}\nREST", "f.yaml:4",
     "neither none nor not_specified"},
    {"fold is a number", "rules:\n  - id: a.b\n    reasons: [X]\n    fold: 1\nREST", "f.yaml:4",
     "neither true nor false"},
    {"a text uses an unknown word",
     "rules:\n  - id: a.b\n    reasons: [X]\n    cause: c\n    usual: [u]\n    next: ['a {port} "
     "b']\n",
     "f.yaml:6", "{port}"},
};

TEST(Rules, BrokenFilesAreRefusedWithTheirLine) {
    for (const BrokenRow &row : broken_rows) {
        std::string text = row.yaml;
        for (size_t at = text.find("REST"); at != std::string::npos; at = text.find("REST"))
            text.replace(at, 4, rest);
        const auto rules = parse_rules("f.yaml", text, {});
        ASSERT_FALSE(rules.ok()) << row.sentence;
        EXPECT_EQ(rules.error().code, Errc::usage) << row.sentence;
        EXPECT_NE(rules.error().what.find(row.where), std::string::npos)
            << row.sentence << ": " << rules.error().what;
        EXPECT_NE(rules.error().what.find(row.says), std::string::npos)
            << row.sentence << ": " << rules.error().what;
        EXPECT_FALSE(rules.error().hint.empty()) << row.sentence;
    }
}

TEST(Rules, AFileWithoutRulesIsNoError) {
    for (const char *text : {"", "# nothing yet\n", "rules: []\n"}) {
        const auto rules = parse_rules("f.yaml", text, {});
        ASSERT_TRUE(rules.ok()) << rules.error().what;
        EXPECT_TRUE(rules->empty());
    }
}

TEST(Rules, DirectoriesAreReadOrNamedInTheError) {
    TempDir dir;
    dir.write("10-site.yaml", std::string("rules:\n  - id: a.b\n    reasons: [X]\n") + rest);
    dir.write("notes.txt", "rules: [");
    EXPECT_TRUE(Explainer::load({dir.path()}).ok());

    dir.write("20-broken.yaml", "rules: [");
    const auto broken = Explainer::load({dir.path()});
    ASSERT_FALSE(broken.ok());
    EXPECT_NE(broken.error().what.find("20-broken.yaml"), std::string::npos) << broken.error().what;

    const auto missing = Explainer::load({dir.path() + "/none"});
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, Errc::usage);
    EXPECT_NE(missing.error().what.find("/none"), std::string::npos) << missing.error().what;
}

}  // namespace
}  // namespace whydrop::test
