// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp status: every device with an XDP program.
#include "engine/xdp_status.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands/document_options.h"
#include "commands/xdp_parts.h"

namespace whydrop {
namespace {

struct Options {
    std::string iface, netns;
    DocumentOptions document;
};

Result<int> run(const Options &options, const Invocation &invocation) {
    const auto found = find_xdp(options.netns, options.iface);
    if (!found)
        return found.error();
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.document, invocation));
    const Document status = xdp_status(*found, find_pins());
    for (const Section &section : status.sections)
        if (auto written = writer.write(section); !written)
            return output.closed() ? Result<int>(0) : written.error();
    if (auto ended = writer.end(status.losses); !ended && !output.closed())
        return ended.error();
    return 0;
}

}  // namespace

Subcommand add_xdp_status(CLI::App &xdp) {
    auto options = std::make_shared<Options>();
    CLI::App *app = xdp.add_subcommand(
        "status", "Every device, in every network namespace, that has an XDP program");
    app->add_option("-i,--iface", options->iface, "Only this device")->type_name("IFACE");
    app->add_option("-n,--netns", options->netns,
                    "Only this network namespace (name, pid, path or inode)")
        ->type_name("NETNS");
    add_document_options(*app, options->document);
    add_examples(*app, {{"whydrop xdp status", "all that this user can see"},
                        {"whydrop xdp status -n web -f json", "of one namespace, for a program"}});
    return {app, [options](const Invocation &invocation) { return run(*options, invocation); }};
}

}  // namespace whydrop
