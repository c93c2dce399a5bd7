// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/completion_scripts.h"

#include <fmt/format.h>

#include <sstream>

#include "model/text.h"

namespace whydrop {
namespace {

// What an option's value can be completed with.
enum class ValueKind { none, words, key_list, device, netns, directory, file, program };

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, separator);) {
        word.erase(0, word.find_first_not_of(' '));
        words.push_back(word);
    }
    return words;
}

ValueKind kind_of(const OptionInfo &option) {
    static const std::pair<const char *, ValueKind> names[] = {{"KEY", ValueKind::key_list},
                                                               {"IFACE", ValueKind::device},
                                                               {"NETNS", ValueKind::netns},
                                                               {"DIR", ValueKind::directory},
                                                               {"FILE", ValueKind::file}};
    if (option.value.find('|') != std::string::npos)
        return ValueKind::words;
    for (const auto &[name, kind] : names)
        if (option.value.starts_with(name))
            return kind;
    return ValueKind::none;
}

std::vector<std::string> words_of(const OptionInfo &option) {
    return kind_of(option) == ValueKind::key_list ? split(group_key_names(PacketEvent::drop), ',')
                                                  : split(option.value, '|');
}

std::string joined(const std::vector<std::string> &words, const std::string &separator) {
    std::string text;
    for (const auto &word : words)
        text += (text.empty() ? "" : separator) + word;
    return text;
}

// What a positional can be, where that is one of some words.
std::string choices_of(const OptionInfo &option) {
    return kind_of(option) == ValueKind::words ? joined(words_of(option), " ") : "";
}

std::string flags_of(const CommandInfo &command) {
    std::vector<std::string> names;
    for (const auto &option : command.options)
        if (!option.positional)
            names.insert(names.end(), option.names.begin(), option.names.end());
    if (command.takes_observed)
        names.push_back("--");
    return joined(names, " ");
}

// --- bash ---

std::string bash_values(const OptionInfo &option) {
    switch (kind_of(option)) {
        case ValueKind::words:
            return "_whydrop_words '" + joined(words_of(option), " ") + "'";
        case ValueKind::key_list:
            return "_whydrop_list '" + joined(words_of(option), " ") + "'";
        case ValueKind::device:
            return "_whydrop_words \"$(ls /sys/class/net 2>/dev/null)\"";
        case ValueKind::netns:
            return "_whydrop_words \"$(ls /run/netns 2>/dev/null)\"";
        case ValueKind::directory:
            return "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")";
        case ValueKind::file:
            return "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
        default:
            return ":";
    }
}

std::string bash_command(const CommandInfo &command) {
    std::string text, positional;
    for (const auto &option : command.options) {
        if (option.positional)
            positional += " " + choices_of(option);
        if (option.positional || option.value.empty())
            continue;
        std::string pattern;
        for (const auto &name : option.names)
            pattern += (pattern.empty() ? "" : "|") + ("'" + command.name + " " + name + "'");
        text += "    " + pattern + ") " + bash_values(option) + "; return ;;\n";
    }
    return text + "    '" + command.name + " '*) _whydrop_words '" + flags_of(command) +
           positional + "' ;;\n";
}

constexpr const char *kBashHead =
    R"(# bash completion for whydrop, printed by: whydrop completion bash
_whydrop_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# A list with commas: what stands before the last one is kept.
_whydrop_list() {
    local kept=
    [[ $cur == *,* ]] && kept=${cur%,*},
    mapfile -t COMPREPLY < <(compgen -P "$kept" -W "$1" -- "${cur##*,}")
}

_whydrop() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            local kind=-f
            ((i == COMP_CWORD - 1)) && kind=-c
            mapfile -t COMPREPLY < <(compgen "$kind" -- "$cur")
            return
        fi
        if [[ -z $command ]]; then
            case ${COMP_WORDS[i]} in
)";

std::string bash_top(const std::vector<CommandInfo> &commands) {
    std::string names;
    for (const auto &command : commands)
        if (!command.name.empty())
            names += (names.empty() ? "" : " ") + command.name;
    return names;
}

}  // namespace

std::string bash_completion(const std::vector<CommandInfo> &commands) {
    std::string names = bash_top(commands), pattern = joined(split(names, ' '), "|");
    std::string text = kBashHead;
    text += "            " + pattern + ") command=${COMP_WORDS[i]} ;;\n";
    // bash splits --color=always at the equals sign.
    text +=
        "            esac\n        fi\n    done\n"
        "    [[ $cur == = ]] && cur=\n"
        "    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
        "    case \"$command $prev\" in\n";
    CommandInfo top = commands.front();
    for (const auto &command : commands)
        if (!command.name.empty())
            text += bash_command(command);
    top.options.push_back({{"COMMAND"}, joined(split(names, ' '), "|"), "", "", true});
    return text + bash_command(top) + "    esac\n}\n\ncomplete -o default -F _whydrop whydrop\n";
}

// --- zsh ---

namespace {

// For '...[text]': quotes end the word, brackets the text.
std::string zsh_text(const std::string &text) {
    std::string safe;
    for (char c : text) {
        if (c == '\'')
            safe += "'\\''";
        else if (c == '[' || c == ']' || c == ':' || c == '\\')
            safe += std::string("\\") + c;
        else
            safe += c;
    }
    return safe;
}

std::string zsh_values(const OptionInfo &option) {
    switch (kind_of(option)) {
        case ValueKind::words:
            return "(" + joined(words_of(option), " ") + ")";
        case ValueKind::key_list:
            return " _values -s , key " + joined(words_of(option), " ");
        case ValueKind::device:
            return "_net_interfaces";
        case ValueKind::netns:
            return "_files -W /run/netns";
        case ValueKind::directory:
            return "_files -/";
        case ValueKind::file:
            return "_files";
        default:
            return " ";
    }
}

std::string zsh_option(const OptionInfo &option) {
    if (option.positional)
        return "'1:" + zsh_text(option.names.front()) + ":" + zsh_values(option) + "'";
    std::string rest = "[" + zsh_text(option.help) + "]";
    if (!option.value.empty())
        rest += ":" + zsh_text(option.value) + ":" + zsh_values(option);
    if (option.names.size() == 1)
        return "'" + option.names.front() + rest + "'";
    return "'(" + joined(option.names, " ") + ")'{" + joined(option.names, ",") + "}'" + rest + "'";
}

std::string zsh_options(const CommandInfo &command, const std::string &indent) {
    std::string text;
    for (const auto &option : command.options)
        text += " \\\n" + indent + zsh_option(option);
    if (command.takes_observed)
        text += " \\\n" + indent + "'*::COMMAND: _normal'";
    return text + "\n";
}

}  // namespace

std::string zsh_completion(const std::vector<CommandInfo> &commands) {
    std::string list, cases;
    for (const auto &command : commands) {
        if (command.name.empty())
            continue;
        list += "        '" + command.name + ":" + zsh_text(command.summary) + "'\n";
        cases += "        " + command.name + ")\n            _arguments -s" +
                 zsh_options(command, "                ") + "            ;;\n";
    }
    const CommandInfo &top = commands.front();
    std::string arguments = zsh_options(top, "        ");
    arguments.insert(arguments.size() - 1,
                     " \\\n        '1:command:->command' \\\n        '*::argument:->argument'");
    return "#compdef whydrop\n# printed by: whydrop completion zsh\n_whydrop() {\n"
           "    local curcontext=$curcontext state state_descr line\n    typeset -A opt_args\n"
           "    local -a subcommands\n    subcommands=(\n" +
           list + "    )\n    _arguments -C -s" + arguments +
           "    case $state in\n    command)\n        _describe command subcommands\n        ;;\n"
           "    argument)\n        case $line[1] in\n" +
           cases +
           "        esac\n        ;;\n    esac\n}\n\n"
           "if [[ $funcstack[1] == _whydrop ]]; then\n    _whydrop \"$@\"\nelse\n"
           "    compdef _whydrop whydrop\nfi\n";
}

// --- fish ---

namespace {

std::string fish_text(const std::string &text) {
    std::string safe = "'";
    for (char c : text)
        safe += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return safe + "'";
}

std::string fish_values(const OptionInfo &option) {
    switch (kind_of(option)) {
        case ValueKind::words:
            return " -x -a " + fish_text(joined(words_of(option), " "));
        case ValueKind::key_list:
            return " -x -a " + fish_text("(__fish_append , " + joined(words_of(option), " ") + ")");
        case ValueKind::device:
            return " -x -a '(__fish_print_interfaces)'";
        case ValueKind::netns:
            return " -x -a '(command ls /run/netns 2>/dev/null)'";
        case ValueKind::directory:
            return " -x -a '(__fish_complete_directories)'";
        case ValueKind::file:
            return " -r -F";
        default:
            return " -x";
    }
}

std::string fish_option(const std::string &condition, const OptionInfo &option) {
    std::string text = "complete -c whydrop -n " + fish_text(condition);
    if (option.positional)
        return text + " -a " + fish_text(choices_of(option)) + "\n";
    for (const auto &name : option.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.value.empty())
        text += fish_values(option);
    return text + " -d " + fish_text(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const std::vector<CommandInfo> &commands) {
    std::string text =
        "# fish completion for whydrop, printed by: whydrop completion fish\n"
        "complete -c whydrop -f\n";
    static const std::string before_dashes = "; and not contains -- -- (commandline -opc)";
    for (const auto &command : commands) {
        bool top = command.name.empty();
        std::string condition = top ? "__fish_use_subcommand"
                                    : "__fish_seen_subcommand_from " + command.name + before_dashes;
        if (!top)
            text += "complete -c whydrop -n __fish_use_subcommand -a " + command.name + " -d " +
                    fish_text(command.summary) + "\n";
        for (const auto &option : command.options)
            text += fish_option(condition, option);
        if (command.takes_observed)
            text += "complete -c whydrop -n " + fish_text("contains -- -- (commandline -opc)") +
                    " -x -a '(__fish_complete_subcommand --fcs-skip=(contains -i -- -- "
                    "(commandline -opc)))'\n";
    }
    return text;
}

}  // namespace whydrop
