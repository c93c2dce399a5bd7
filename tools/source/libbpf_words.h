// SPDX-License-Identifier: GPL-2.0-or-later
// libbpf's complaints, kept for an error message instead of being printed.
#pragma once

#include <string>

namespace whydrop {

// From here on those of this thread are kept; what was kept before is forgotten.
void keep_libbpf_words();

// The end of them: why the verifier refuses a program stands at the end of a long log.
const std::string &libbpf_words();
std::string last_libbpf_words();  // the last line

}  // namespace whydrop
