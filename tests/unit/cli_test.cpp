// SPDX-License-Identifier: GPL-2.0-or-later
// The frame around the commands, and that man pages and completion say what the options are.
#include "commands/cli.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "commands/completion_scripts.h"

namespace whydrop {
namespace {

// A command that answers with what it is told to, and remembers what it got.
struct Probe {
    Invocation invocation;
    std::string value;
    Result<int> answer = 0;
    int runs = 0;
};
Probe *probe = nullptr;

Run setup_probe(CLI::App &app) {
    app.add_option("-x,--extra", probe->value, "Anything")->type_name("WORD");
    add_examples(app, {{"whydrop probe", "nothing"}});
    return [](const Invocation &invocation) {
        probe->invocation = invocation;
        ++probe->runs;
        return probe->answer;
    };
}
extern const Command probe_command{"probe", "Probes", true, setup_probe};
extern const Command plain_command{"plain", "Takes no command", false, setup_probe};

struct Outcome {
    int code = 0;
    std::string out, err;
    Probe seen;
};

Outcome run_with(const std::vector<std::string> &words, Result<int> answer = 0) {
    Outcome outcome;
    outcome.seen.answer = std::move(answer);
    probe = &outcome.seen;
    std::vector<std::string> args = {"whydrop"};
    args.insert(args.end(), words.begin(), words.end());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    outcome.code = run_command_line(args, {&probe_command, &plain_command});
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
}

TEST(CommandLine, ExitCodes) {
    const Error failed{Errc::failed, "it broke", "mend it"};
    const Error unsupported{Errc::unsupported, "no BTF", ""};
    struct Row {
        const char *what;
        std::vector<std::string> words;
        Result<int> answer;
        int code;
        const char *error;
    };
    const Row rows[] = {
        {"done", {"probe"}, 0, 0, ""},
        {"the command's own word", {"probe"}, 3, 3, ""},
        {"a failure with its hint", {"probe"}, failed, 1, "whydrop: it broke\n  hint: mend it\n"},
        {"not possible, no hint", {"probe"}, unsupported, 3, "whydrop: no BTF\n"},
        {"the observed command's status", {"probe", "--", "false"}, 17, 17, ""},
        {"a failure of ours while observing",
         {"probe", "--", "true"},
         failed,
         125,
         "whydrop: it broke"},
        {"a wrong option while observing",
         {"probe", "-y", "--", "true"},
         0,
         125,
         "unknown option -y"},
        {"nothing asked", {}, 0, 2, "no command is given\n  hint: see 'whydrop --help'"},
        {"no such command", {"prob"}, 0, 2, "unknown command 'prob'"},
        {"no such option",
         {"probe", "--extr"},
         0,
         2,
         "unknown option --extr\n  hint: see 'whydrop probe --help'"},
        {"no such global option",
         {"--extra"},
         0,
         2,
         "unknown option --extra\n  hint: see 'whydrop --help'"},
        {"one word too many", {"probe", "word"}, 0, 2, "unexpected argument 'word'"},
        {"a second command", {"probe", "plain"}, 0, 2, "unexpected argument 'plain'"},
        {"an option without its value", {"probe", "-x"}, 0, 2, "--extra needs a value: WORD"},
        {"a colour there is not", {"probe", "--color", "pink"}, 0, 2, "--color: pink not in"},
        {"nothing behind the dashes", {"probe", "--"}, 0, 2, "no command after --"},
        {"a command where none is taken",
         {"plain", "--", "ls"},
         0,
         125,
         "takes no command after --"},
    };
    for (const Row &row : rows) {
        Outcome outcome = run_with(row.words, row.answer);
        EXPECT_EQ(outcome.code, row.code) << row.what;
        EXPECT_NE(outcome.err.find(row.error), std::string::npos)
            << row.what << ": " << outcome.err;
        EXPECT_EQ(outcome.err.empty(), *row.error == '\0') << row.what << ": " << outcome.err;
        EXPECT_EQ(outcome.out, "") << row.what;
    }
}

TEST(CommandLine, WhatFollowsTheDashesIsNotOurs) {
    Outcome outcome =
        run_with({"probe", "-x", "a b", "--", "probe", "--help", "-x", "--", "--color=pink", ""});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.seen.runs, 1);
    EXPECT_EQ(outcome.seen.value, "a b");
    const std::vector<std::string> observed = {"probe", "--help", "-x", "--", "--color=pink", ""};
    EXPECT_EQ(outcome.seen.invocation.observed, observed);
    EXPECT_EQ(outcome.seen.invocation.command_line,
              "whydrop probe -x 'a b' -- probe --help -x -- --color=pink ''");
}

TEST(CommandLine, ColourBeforeAndBehindTheCommand) {
    EXPECT_EQ(run_with({"probe"}).seen.invocation.colour, ColourChoice::automatic);
    EXPECT_EQ(run_with({"--color=always", "probe"}).seen.invocation.colour, ColourChoice::always);
    EXPECT_EQ(run_with({"probe", "--color", "never"}).seen.invocation.colour, ColourChoice::never);
}

TEST(CommandLine, VersionNamesTheBuild) {
    Outcome outcome = run_with({"--version"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(outcome.out.starts_with("whydrop 0.")) << outcome.out;
    for (const char *part : {"\nlinked: ", "\nlibbpf: ", "\nprobes: "})
        EXPECT_NE(outcome.out.find(part), std::string::npos) << outcome.out;
}

TEST(CommandLine, QuotingComesBackThroughAShell) {
    for (const char *word : {"", "plain", "a b", "it's", "$HOME", "a\nb", "!x", "*"}) {
        std::string line = "printf '%s.' " + shell_quoted(word);
        FILE *pipe = ::popen(line.c_str(), "r");
        ASSERT_NE(pipe, nullptr);
        char text[64] = {};
        size_t n = std::fread(text, 1, sizeof(text) - 1, pipe);
        EXPECT_EQ(::pclose(pipe), 0);
        EXPECT_EQ(std::string(text, n), std::string(word) + ".");
    }
}

// --- the real commands ---

std::string help_of(const std::string &command) {
    std::vector<std::string> args = {"whydrop", command, "--help"};
    if (command.empty())
        args.erase(args.begin() + 1);
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_command_line(args, commands()), 0);
    return testing::internal::GetCapturedStdout();
}

TEST(Help, EndsWithExamplesAndFitsAHundredColumns) {
    for (const CommandInfo &command : describe(commands())) {
        std::string help = help_of(command.name);
        size_t examples = help.find("\nEXAMPLES\n  ");
        ASSERT_NE(examples, std::string::npos) << help;
        EXPECT_EQ(help.find("\n\n", examples + 1), std::string::npos)
            << "something follows: " << help;
        std::stringstream lines(help);
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(line.size(), 100u) << line;
    }
}

// The options of a page, with what stands behind them: "-i" -> "IFACE". A positional: "SHELL" ->
// "".
std::map<std::string, std::string> options_of_page(const std::string &path) {
    std::map<std::string, std::string> options;
    std::ifstream page(path);
    for (std::string line; std::getline(page, line);) {
        bool flag = line.starts_with(".It Fl "), argument = line.starts_with(".It Ar ");
        if (!flag && !argument)
            continue;
        std::istringstream words(line.substr(4));
        std::vector<std::string> names;
        std::string word, value;
        while (words >> word) {
            if (word == "Fl" && words >> word)
                names.push_back("-" + word);
            else if (word == "Ar" && words >> word)
                (flag ? value : names.emplace_back()) += word;
        }
        for (const auto &name : names)
            if (name != "--")  // `-- COMMAND` is no option
                options[name] = value;
    }
    return options;
}

std::string page_of(const std::string &command) {
    return std::string(WHYDROP_SOURCE) + "/tools/man/whydrop" + (command.empty() ? "" : "-") +
           command + ".1";
}

TEST(Man, PagesHaveTheOptionsOfTheCommandLineAndNoOther) {
    for (const CommandInfo &command : describe(commands())) {
        std::map<std::string, std::string> wanted;
        for (const auto &option : command.options)
            for (const auto &name : option.names)
                wanted[name] = option.positional ? "" : option.value;
        auto found = options_of_page(page_of(command.name));
        for (const auto &[name, value] : wanted) {
            EXPECT_TRUE(found.count(name)) << page_of(command.name) << " lacks " << name;
            EXPECT_EQ(found[name], value) << page_of(command.name) << ": value of " << name;
        }
        for (const auto &[name, value] : found)
            EXPECT_TRUE(wanted.count(name))
                << page_of(command.name) << " has " << name << ", the command has not";
    }
}

TEST(Man, TheFirstPageListsTheCommands) {
    std::set<std::string> wanted, found;
    for (const CommandInfo &command : describe(commands()))
        if (!command.name.empty())
            wanted.insert(command.name);
    std::ifstream page(page_of(""));
    for (std::string line; std::getline(page, line);)
        if (line.starts_with(".It Cm "))
            found.insert(line.substr(7));
    EXPECT_EQ(found, wanted);
}

TEST(Man, PagesPassMandoc) {
    if (std::system("command -v mandoc >/dev/null") != 0)
        GTEST_SKIP() << "mandoc is not installed";
    for (const CommandInfo &command : describe(commands())) {
        std::string line = "mandoc -Tlint -Wwarning " + page_of(command.name);
        EXPECT_EQ(std::system(line.c_str()), 0) << line;
    }
}

// What bash offers for a command line whose last word is being typed.
std::set<std::string> bash_offers(const std::string &script, const std::string &words) {
    std::string path = testing::TempDir() + "/whydrop-completion-" + std::to_string(::getpid());
    std::ofstream(path) << script << "\nCOMP_WORDS=(" << words
                        << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_whydrop\n"
                           "printf '%s\\n' \"${COMPREPLY[@]}\"\n";
    FILE *pipe = ::popen(("bash --norc " + path + " 2>&1").c_str(), "r");
    std::set<std::string> offers;
    char line[256];
    while (pipe && std::fgets(line, sizeof(line), pipe))
        offers.insert(std::string(line).substr(0, std::string(line).size() - 1));
    EXPECT_TRUE(pipe && ::pclose(pipe) == 0) << words;
    std::remove(path.c_str());
    return offers;
}

TEST(Completion, BashOffersEveryCommandAndOption) {
    if (std::system("command -v bash >/dev/null") != 0)
        GTEST_SKIP() << "bash is not installed";
    const auto all = describe(commands());
    const std::string script = bash_completion(all);
    auto top = bash_offers(script, "whydrop ''");
    for (const CommandInfo &command : all) {
        EXPECT_TRUE(command.name.empty() || top.count(command.name)) << command.name;
        auto offers = bash_offers(script, "whydrop " + command.name + " ''");
        for (const auto &option : command.options)
            for (const auto &name : option.names)
                EXPECT_TRUE(option.positional || offers.count(name)) << command.name << " " << name;
        EXPECT_EQ(offers.count("--"), command.takes_observed ? 1u : 0u) << command.name;
    }
}

TEST(Completion, BashCompletesValues) {
    if (std::system("command -v bash >/dev/null") != 0)
        GTEST_SKIP() << "bash is not installed";
    const std::string script = bash_completion(describe(commands()));
    using Set = std::set<std::string>;
    struct Row {
        const char *what, *words;
        Set offers;
    };
    const Row rows[] = {
        {"a choice", "whydrop drops -f ''", {"text", "json"}},
        {"a choice behind an equals sign", "whydrop drops --color = al", {"always"}},
        {"the same, nothing typed yet", "whydrop --color =", {"auto", "always", "never"}},
        {"the first key", "whydrop drops --by rea", {"reason"}},
        {"a further key", "whydrop drops --by reason,lo", {"reason,location"}},
        {"a shell", "whydrop completion f", {"fish"}},
        {"a filter has no words to offer", "whydrop drops F", {""}},
        {"a file", "whydrop drops --pcapng /etc/hostn", {"/etc/hostname"}},
        {"a device", "whydrop drops -i lo", {"lo"}},
        {"a number: nothing", "whydrop drops -c ''", {""}},
        {"the observed command", "whydrop drops -- mapfil", {"mapfile"}},
    };
    for (const Row &row : rows)
        EXPECT_EQ(bash_offers(script, row.words), row.offers) << row.what;
}

TEST(Completion, TheOthersNameEveryOptionToo) {
    const auto all = describe(commands());
    const std::string zsh = zsh_completion(all), fish = fish_completion(all);
    for (const CommandInfo &command : all)
        for (const auto &option : command.options)
            for (const auto &name : option.names) {
                EXPECT_NE(zsh.find(name), std::string::npos) << command.name << " " << name;
                if (!option.positional) {
                    bool is_long = name.starts_with("--");
                    std::string flag = is_long ? " -l " + name.substr(2) : " -s " + name.substr(1);
                    EXPECT_NE(fish.find(flag), std::string::npos) << command.name << " " << name;
                }
            }
}

}  // namespace
}  // namespace whydrop
