// SPDX-License-Identifier: GPL-2.0-or-later
// Which XDP programs run where, as a document.
#pragma once

#include "model/document.h"
#include "source/xdp/attachments.h"

namespace whydrop {

// Of attachments: a row for each, one for each program that a dispatcher calls, and what is wrong
// with the place of it. `pins`: where programs are pinned.
Document xdp_status(const XdpAttachments &attachments, const BpfPins &pins);

}  // namespace whydrop
