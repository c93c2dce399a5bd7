// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

namespace whydrop {
namespace {

constexpr size_t kColumns = 100;
constexpr size_t kHelpColumn = 30;

// Words of text, broken so that no line passes kColumns; lines after the first are indented.
std::string wrapped(const std::string &text, size_t indent) {
    std::istringstream words(text);
    std::string out, word;
    size_t column = indent;
    while (words >> word) {
        if (column > indent && column + 1 + word.size() > kColumns) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        }
        if (column > indent)
            out += " ", ++column;
        out += word;
        column += word.size();
    }
    return out;
}

std::string row(const std::string &left, const std::string &right) {
    std::string line = "  " + left;
    if (line.size() + 2 > kHelpColumn)
        line += "\n" + std::string(kHelpColumn, ' ');
    else
        line.resize(kHelpColumn, ' ');
    return line + wrapped(right, kHelpColumn) + "\n";
}

std::string spelling(const OptionInfo &option) {
    std::string text;
    for (const auto &name : option.names)
        text += (text.empty() ? "" : ", ") + name;
    if (!option.positional && option.names.front().starts_with("--"))
        text = "    " + text;  // long names stand in one column
    return option.value.empty() || option.positional ? text : text + " " + option.value;
}

// Groups in the order of their first option; what every command has comes last.
std::string option_groups(const std::vector<OptionInfo> &options) {
    static const std::string common = "Options";
    std::vector<std::string> groups;
    for (const auto &option : options)
        if (option.group != common &&
            std::find(groups.begin(), groups.end(), option.group) == groups.end())
            groups.push_back(option.group);
    groups.push_back(common);
    std::string text;
    for (const auto &group : groups) {
        text += "\n" + (group == common ? "OPTIONS" : group) + "\n";
        for (const auto &option : options)
            if (option.group == group)
                text += row(spelling(option), option.help);
    }
    return text;
}

// "whydrop xdp status"
std::string path_of(const CLI::App &app) {
    std::string path = app.get_name();
    for (const CLI::App *up = app.get_parent(); up; up = up->get_parent())
        path = up->get_name() + " " + path;
    return path;
}

class HelpFormatter : public CLI::Formatter {
  public:
    explicit HelpFormatter(bool takes_observed) : takes_observed_(takes_observed) {}

    std::string make_help(const CLI::App *app, std::string, CLI::AppFormatMode) const override {
        const std::string name = path_of(*app);
        std::string text = name + ": " + app->get_description() + "\n\nUSAGE\n" + usage(*app, name);
        auto subcommands = app->get_subcommands({});
        if (!subcommands.empty())
            text += "\nCOMMANDS\n";
        for (const CLI::App *sub : subcommands)
            text += row(sub->get_name(), sub->get_description());
        return text + option_groups(option_infos(*app)) + "\n" + app->get_footer();
    }

  private:
    std::string usage(const CLI::App &app, const std::string &name) const {
        std::string text = "  " + name;
        const auto parts = app.get_subcommands({});
        if (!parts.empty() && !app.get_parent())
            return text + " COMMAND [OPTIONS]\n  " + name + " COMMAND --help\n";
        if (!parts.empty())
            text += " [" + parts.front()->get_name() + "|...]";
        text += " [OPTIONS]";
        for (const auto &option : option_infos(app))
            if (option.positional)
                text += option.required ? " " + option.names.front()
                                        : " [" + option.names.front() + "]";
        return text + (takes_observed_ ? " [-- COMMAND ARG...]" : "") + "\n";
    }

    bool takes_observed_;
};

}  // namespace

void add_examples(CLI::App &app, const std::vector<std::pair<std::string, std::string>> &examples) {
    std::string text = "EXAMPLES\n";
    for (const auto &[line, purpose] : examples)
        text += "  " + line + "\n      " + wrapped(purpose, 6) + "\n";
    app.footer(text);
}

Error takes_no_command(const CLI::App &app) {
    const std::string name = path_of(app);
    return {Errc::usage, "'" + name + "' takes no command after --", "see '" + name + " --help'"};
}

Run chosen_of(std::vector<Subcommand> subcommands, Run otherwise) {
    for (const Subcommand &subcommand : subcommands)
        set_help(*subcommand.app, subcommand.takes_observed);
    return [subcommands = std::move(subcommands),
            otherwise = std::move(otherwise)](const Invocation &invocation) -> Result<int> {
        for (const Subcommand &subcommand : subcommands)
            if (subcommand.app->parsed()) {
                if (!invocation.observed.empty() && !subcommand.takes_observed)
                    return takes_no_command(*subcommand.app);
                return subcommand.run(invocation);
            }
        return otherwise(invocation);
    };
}

CLI::Option *add_format(CLI::App &app, std::string &format) {
    return app.add_option("-f,--format", format, "Print text, or JSON lines")
        ->type_name("text|json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
}

CLI::Option *add_list(CLI::App &app, const std::string &name, std::vector<std::string> &words,
                      const std::string &help, const std::string &type) {
    return app.add_option(name, words, help)
        ->type_name(type)
        ->delimiter(',')
        ->allow_extra_args(false);
}

void set_help(CLI::App &app, bool takes_observed) {
    app.formatter(std::make_shared<HelpFormatter>(takes_observed));
}

std::vector<OptionInfo> option_infos(const CLI::App &app) {
    std::vector<OptionInfo> all;
    for (const CLI::Option *option : app.get_options()) {
        if (option->get_group().empty())
            continue;  // hidden
        OptionInfo info;
        for (const auto &name : option->get_snames())
            info.names.push_back("-" + name);
        for (const auto &name : option->get_lnames())
            info.names.push_back("--" + name);
        info.positional = info.names.empty();
        info.required = option->get_required();
        if (info.positional)
            info.names.push_back(option->get_name(true));
        info.help = option->get_description();
        info.group = option->get_group();
        if (option->get_type_size() != 0) {
            std::string type = option->get_type_name();
            info.value = type.substr(0, type.find(':'));  // validators write behind a colon
            if (!option->get_default_str().empty())
                info.help += " (default: " + option->get_default_str() + ")";
        }
        all.push_back(std::move(info));
    }
    return all;
}

}  // namespace whydrop
