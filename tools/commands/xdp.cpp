// SPDX-License-Identifier: GPL-2.0-or-later
// What the XDP programs of this machine do with packets.
#include <CLI/CLI.hpp>

#include "commands/xdp_parts.h"

namespace whydrop {
namespace {

Run setup(CLI::App &app) {
    std::vector<Subcommand> parts = {add_xdp_status(app),     add_xdp_stats(app),
                                     add_xdp_exceptions(app), add_xdp_drops(app),
                                     add_xdp_load(app),       add_xdp_unload(app)};
    app.require_subcommand(0, 1);
    add_examples(app, {{"whydrop xdp status", "which programs run on which devices"},
                       {"whydrop xdp stats", "what they answer"},
                       {"whydrop xdp exceptions", "what goes wrong behind them, and why"},
                       {"whydrop xdp drops", "the packets that they lose"}});
    return chosen_of(std::move(parts), [](const Invocation &) -> Result<int> {
        return Error{Errc::usage, "xdp: what is to be shown?", "whydrop xdp status"};
    });
}

}  // namespace

extern const Command xdp_command{"xdp", "Say what the XDP programs of this machine do with packets",
                                 true, setup};

}  // namespace whydrop
