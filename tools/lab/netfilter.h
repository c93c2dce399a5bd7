// SPDX-License-Identifier: GPL-2.0-or-later
// An nftables chain on the input hook of IPv4 that drops everything by its policy.
#pragma once

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

// Unsupported where the kernel has no nf_tables.
Status add_drop_chain(const Fd &netns);
Status delete_drop_chain(const Fd &netns);

}  // namespace whydrop
