// SPDX-License-Identifier: GPL-2.0-or-later
// Prints what makes a shell complete our command line.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands/command.h"
#include "commands/completion_scripts.h"

namespace whydrop {
namespace {

struct Options {
    std::string shell;
};

Result<int> run(const Options &options, const Invocation &) {
    auto all = describe(commands());
    std::string script = options.shell == "bash"  ? bash_completion(all)
                         : options.shell == "zsh" ? zsh_completion(all)
                                                  : fish_completion(all);
    Output output(STDOUT_FILENO);
    (void)output.write(script);
    if (Status written = output.flush(); !written && !output.closed())
        return written.error();
    return 0;
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    app.add_option("SHELL", options->shell, "bash, zsh or fish")
        ->type_name("bash|zsh|fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    add_examples(app, {{"source <(whydrop completion bash)", "complete in this bash"},
                       {"whydrop completion zsh > ~/.zfunc/_whydrop", "in every zsh to come"},
                       {"whydrop completion fish > ~/.config/fish/completions/whydrop.fish",
                        "in every fish to come"}});
    return [options](const Invocation &invocation) { return run(*options, invocation); };
}

}  // namespace

extern const Command completion_command{"completion", "Print the completion script of a shell",
                                        false, setup};

}  // namespace whydrop
