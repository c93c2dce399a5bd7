// SPDX-License-Identifier: GPL-2.0-or-later
// A file of commands for crash(8), made of what a dump says. The dump is not to be trusted: none of
// its words may become a command, and crash gives lines with '!', '|', '<' or '>' to a shell.
#pragma once

#include <cstdint>
#include <string>

namespace whydrop {

class CrashScript {
  public:
    // A line that crash does not run: what a dump says in it keeps only harmless characters.
    void comment(const std::string &text);
    // `words` are our own; followed by an address.
    void command(const std::string &words, uint64_t address);
    void command(const std::string &words);
    // Followed by a name of the dump's; nothing where it is none of a module: letters, digits, '_'.
    void command_of_module(const std::string &words, const std::string &name);

    [[nodiscard]] const std::string &text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace whydrop
