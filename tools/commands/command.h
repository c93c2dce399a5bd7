// SPDX-License-Identifier: GPL-2.0-or-later
// What a subcommand is. Each commands/NAME.cpp holds an options struct, a setup that binds it to
// the command line, and a run; it defines one `extern const Command NAME_command`, which list.cpp
// names.
//
//     struct Options { std::string iface; };
//     Result<int> run(const Options &options, const Invocation &invocation);
//     Run setup(CLI::App &app) {
//         auto options = std::make_shared<Options>();
//         app.add_option("-i,--iface", options->iface, "Only this device")->type_name("IFACE");
//         add_examples(app, {{"whydrop drops -i eth0", "what eth0 loses"}});
//         return [options](const Invocation &invocation) { return run(*options, invocation); };
//     }
//     extern const Command drops_command{"drops", "Count ...", true, setup};
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "render/output.h"
#include "sys/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace whydrop {

// What every command is told beside its own options.
struct Invocation {
    std::string command_line;                       // as typed, quoted for a shell; for Session
    std::vector<std::string> observed;              // the words after `--`, verbatim; empty: none
    ColourChoice colour = ColourChoice::automatic;  // --color
};

// The exit code, or why there is none but the error's. With `-- COMMAND` the value is the
// command's own status; main makes 125 of every Error then.
using Run = std::function<Result<int>(const Invocation &)>;

// One of a command's own commands, as `whydrop vmcore save`.
struct Subcommand {
    CLI::App *app;
    Run run;
    bool takes_observed = false;  // accepts `-- COMMAND`
};
// What runs the one that was chosen; without any, `otherwise`.
Run chosen_of(std::vector<Subcommand> subcommands, Run otherwise);

struct Command {
    const char *name;
    const char *summary;          // one line, without a full stop
    bool takes_observed;          // accepts `-- COMMAND`, or one of its own commands does
    Run (*setup)(CLI::App &app);  // binds the options; what it returns is called when chosen
};

// All of them, in the order of --help (list.cpp).
const std::vector<const Command *> &commands();

// -f text|json, the same in every command; the default is what format holds.
CLI::Option *add_format(CLI::App &app, std::string &format);

// Words with commas between them, in one argument: --by KEY,...; `type` names them in --help.
CLI::Option *add_list(CLI::App &app, const std::string &name, std::vector<std::string> &words,
                      const std::string &help, const std::string &type);

// The EXAMPLES at the end of --help: pairs of a command line and what it is for.
void add_examples(CLI::App &app, const std::vector<std::pair<std::string, std::string>> &examples);

}  // namespace whydrop
