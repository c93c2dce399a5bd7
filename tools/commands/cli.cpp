// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <memory>

#include "commands/help.h"
#include "sys/version.h"

namespace whydrop {
namespace {

constexpr int kOwnFailure = 125;  // as env(1) and timeout(1) have it

struct Words {
    std::vector<std::string> own;
    std::vector<std::string> observed;
    bool dashes = false;
};

// Cut before CLI11 sees anything: what follows `--` is not ours, whatever it looks like.
Words split_at_dashes(const std::vector<std::string> &args) {
    Words words;
    auto dashes = std::find(args.begin() + (args.empty() ? 0 : 1), args.end(), "--");
    words.own.assign(args.begin() + (args.empty() ? 0 : 1), dashes);
    words.dashes = dashes != args.end();
    if (words.dashes)
        words.observed.assign(dashes + 1, args.end());
    return words;
}

struct Tree {
    CLI::App app{"Tells why a Linux kernel loses packets", "whydrop"};
    std::map<const CLI::App *, std::pair<const Command *, Run>> commands;
    ColourChoice colour = ColourChoice::automatic;
    bool version = false;
};

void add_colour(CLI::App &app, ColourChoice &colour) {
    static const std::map<std::string, ColourChoice> choices = {{"auto", ColourChoice::automatic},
                                                                {"always", ColourChoice::always},
                                                                {"never", ColourChoice::never}};
    app.add_option_function<std::string>(
           "--color", [&colour](const std::string &word) { colour = choices.at(word); },
           "Colour the output; auto: on a terminal, unless NO_COLOR is set")
        ->type_name("auto|always|never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
}

std::unique_ptr<Tree> build(const std::vector<const Command *> &registry) {
    auto tree = std::make_unique<Tree>();
    CLI::App &app = tree->app;
    app.set_help_flag("-h,--help", "Print this help");
    app.add_flag("--version", tree->version, "Print the version and what is built in");
    app.require_subcommand(0, 1);
    add_colour(app, tree->colour);
    for (const Command *command : registry) {
        CLI::App *sub = app.add_subcommand(command->name, command->summary);
        sub->set_help_flag("-h,--help", "Print this help");
        Run run = command->setup(*sub);
        add_colour(*sub, tree->colour);
        set_help(*sub, command->takes_observed);
        for (CLI::App *part : sub->get_subcommands({})) {
            part->set_help_flag("-h,--help", "Print this help");
            add_colour(*part, tree->colour);
        }
        tree->commands[sub] = {command, std::move(run)};
    }
    add_examples(app, {{"whydrop drops", "which packets are lost, where and why, until Ctrl-C"},
                       {"whydrop doctor", "what this kernel and this user can do"}});
    set_help(app, false);
    return tree;
}

int print(const std::string &text) {
    Output out(STDOUT_FILENO);
    (void)out.write(text);
    Status written = out.flush();
    return written || out.closed() ? 0 : report_error(written.error());
}

// "--color: 1 required WHEN missing" -> "--color needs a value: WHEN"
std::string without_value(std::string text) {
    static const std::string required = ": 1 required ", missing = " missing";
    size_t at = text.find(required);
    if (at == std::string::npos || !text.ends_with(missing))
        return text;
    text.resize(std::min(text.size() - missing.size(), text.find(':', at + required.size())));
    return text.replace(at, required.size(), " needs a value: ");
}

// The word the error is about, in place of CLI11's wording where that says little.
Error usage_error(const CLI::ParseError &error, const CLI::App &app) {
    auto chosen = app.get_subcommands();
    std::string path = "whydrop";
    for (const CLI::App *at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        path += " " + at->get_name();
    }
    std::string hint = "see '" + path + " --help'";
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ArgumentMismatch))
        return {Errc::usage, without_value(error.what()), hint};
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ExtrasError))
        return {Errc::usage, error.what(), hint};
    auto extras = app.remaining(true);
    std::string word = extras.empty() ? "" : extras.front();
    if (word.starts_with("-"))
        return {Errc::usage, "unknown option " + word, hint};
    if (chosen.empty())
        return {Errc::usage, "unknown command '" + word + "'", hint};
    return {Errc::usage, "unexpected argument '" + word + "'", hint};
}

Result<int> run_chosen(Tree &tree, const Words &words, const std::string &command_line) {
    if (tree.version)
        return print(version_text());
    auto chosen = tree.app.get_subcommands();
    if (chosen.empty())
        return Error{Errc::usage, "no command is given", "see 'whydrop --help'"};
    const auto &[command, run] = tree.commands.at(chosen.front());
    std::string name = command->name;
    if (words.dashes && !command->takes_observed)
        return takes_no_command(*chosen.front());
    if (words.dashes && words.observed.empty())
        return Error{Errc::usage, "no command after --", "whydrop " + name + " -- COMMAND ARG..."};
    return run({command_line, words.observed, tree.colour});
}

Result<int> parse_and_run(Tree &tree, const Words &words, const std::string &command_line) {
    std::vector<std::string> reversed(words.own.rbegin(), words.own.rend());
    try {
        tree.app.parse(reversed);
    } catch (const CLI::CallForHelp &) {
        return print(tree.app.help());
    } catch (const CLI::ParseError &error) {
        return usage_error(error, tree.app);
    }
    return run_chosen(tree, words, command_line);
}

std::string joined(const std::vector<std::string> &args) {
    std::string line;
    for (const auto &arg : args)
        line += (line.empty() ? "" : " ") + shell_quoted(arg);
    return line;
}

}  // namespace

std::string shell_quoted(const std::string &word) {
    auto plain = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("_-./,:=@%+", c);
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain))
        return word;
    std::string quoted = "'";
    for (char c : word)
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

int report_error(const Error &error) {
    Output err(STDERR_FILENO);
    (void)err.write("whydrop: " + error.what + "\n");
    if (!error.hint.empty())
        (void)err.write("  hint: " + error.hint + "\n");
    return static_cast<int>(error.code);
}

namespace {

// What the parts of a command (`whydrop vmcore log`) add to it: their names, and their own options.
void add_parts(const CLI::App &app, CommandInfo &info) {
    OptionInfo names;
    names.names = {"PART"};
    names.positional = true;
    for (const CLI::App *part : app.get_subcommands({})) {
        names.value += (names.value.empty() ? "" : "|") + part->get_name();
        for (const OptionInfo &option : option_infos(*part)) {
            const auto same = [&](const OptionInfo &known) { return known.names == option.names; };
            if (std::none_of(info.options.begin(), info.options.end(), same))
                info.options.push_back(option);
        }
    }
    if (!names.value.empty())
        info.options.push_back(names);
}

}  // namespace

std::vector<CommandInfo> describe(const std::vector<const Command *> &registry) {
    auto tree = build(registry);
    std::vector<CommandInfo> all;
    all.push_back({"", tree->app.get_description(), false, option_infos(tree->app)});
    for (const Command *command : registry) {
        const CLI::App *sub = tree->app.get_subcommand(command->name);
        all.push_back(
            {command->name, command->summary, command->takes_observed, option_infos(*sub)});
        add_parts(*sub, all.back());
    }
    return all;
}

int run_command_line(const std::vector<std::string> &args,
                     const std::vector<const Command *> &registry) {
    Words words = split_at_dashes(args);
    auto tree = build(registry);
    Result<int> status = parse_and_run(*tree, words, joined(args));
    if (status)
        return *status;
    int code = report_error(status.error());
    return words.observed.empty() ? code : kOwnFailure;
}

}  // namespace whydrop
