// SPDX-License-Identifier: GPL-2.0-or-later
// libbpf's complaints, kept for an error message instead of being printed.
#pragma once

#include <string>

namespace whydrop {

// Keeps what this thread's calls make libbpf say while it lives; one at a time.
class LibbpfWords {
  public:
    LibbpfWords();

    // The end of it: why the verifier refuses a program stands at the end of a long log.
    [[nodiscard]] const std::string &said() const;
    [[nodiscard]] std::string last_line() const;
};

}  // namespace whydrop
