// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdump/format/dump.h"
#include "kdump/kernel.h"
#include "kdump/save/writer.h"

namespace whydrop::kdump {

// What the copy says beside the pages: what the file said, and what of that it lacked and the
// kernel knows (nullptr: it could not be read).
DumpHead dump_head(const DumpFacts &facts, Kernel *kernel);

}  // namespace whydrop::kdump
