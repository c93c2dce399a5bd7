// SPDX-License-Identifier: GPL-2.0-or-later
// The options of every command whose answer is a document: -f, --no-header, --wide.
#pragma once

#include <string>

#include "commands/command.h"
#include "render/document.h"

namespace whydrop {

struct DocumentOptions {
    std::string format = "text";  // or "json"
    bool no_header = false, wide = false;
};

// Under the heading `group` of --help; empty: beside the command's own.
void add_document_options(CLI::App &app, DocumentOptions &options, const std::string &group = {});

// For stdout.
DocumentStyle style_of(const DocumentOptions &options, const Invocation &invocation);

}  // namespace whydrop
