// SPDX-License-Identifier: GPL-2.0-or-later
// Questions about one lost packet that rules may ask by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "explain/host_view.h"
#include "model/drop.h"

namespace whydrop {

// Absent: cannot be told, because the bytes were not copied or the host is not known.
using Answer = std::optional<bool>;

struct Predicate {
    std::string_view name;
    Answer (*ask)(const DropRecord &drop, const HostView &host);
};

// nullptr: there is none of that name.
const Predicate *predicate_by_name(std::string_view name);
std::string predicate_names();  // "arp, eth.other_host, ..." for errors

}  // namespace whydrop
