// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/document_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

namespace whydrop {

void add_document_options(CLI::App &app, DocumentOptions &options, const std::string &group) {
    CLI::Option *added[] = {
        add_format(app, options.format),
        app.add_flag("--no-header", options.no_header, "Tables without their header"),
        app.add_flag("--wide", options.wide, "More than 100 columns where it takes them"),
    };
    if (!group.empty())
        for (CLI::Option *option : added)
            option->group(group);
}

DocumentStyle style_of(const DocumentOptions &options, const Invocation &invocation) {
    DocumentStyle style;
    style.json = options.format == "json";
    style.header = !options.no_header;
    style.wide = options.wide;
    style.colour = use_colour(invocation.colour, STDOUT_FILENO);
    style.bars = isatty(STDOUT_FILENO) == 1;
    return style;
}

}  // namespace whydrop
