// SPDX-License-Identifier: GPL-2.0-or-later
// YAML text -> rules. Anything a rule may not have is an Error that names file and line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explain/rule.h"
#include "sys/result.h"

namespace whydrop {

// origin gives layer and file; each rule gets its own line. Errors are Errc::usage: the text asks
// for what does not exist.
Result<std::vector<Rule>> parse_rules(const std::string &file_name, std::string_view text,
                                      RuleOrigin origin);

}  // namespace whydrop
