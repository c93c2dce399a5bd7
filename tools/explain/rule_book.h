// SPDX-License-Identifier: GPL-2.0-or-later
// All rules that are known, and those among them that may explain a reason or a place. The files
// that are built in are parsed only once something in them is asked for: most runs need two or
// three of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "explain/rule.h"
#include "model/reason.h"
#include "sys/embedded.h"
#include "sys/result.h"

namespace whydrop {

struct Candidate {
    const Rule *rule = nullptr;
    const Entry *entry = nullptr;
};

class RuleBook {
  public:
    // Files of layer 0; they have to outlive the book.
    void add_built_in(const EmbeddedFile *files, size_t count);
    // Every *.yaml of a directory as the next layer. A directory that does not exist is an error
    // unless it may be missing.
    Status add_directory(const std::string &path, bool may_be_missing);
    // One file's text as a layer of its own.
    Status add_text(const std::string &name, std::string_view text);

    // Entries that may apply, in the order in which they are to be tried. No reason, or
    // NOT_SPECIFIED: the derived ones.
    const std::vector<Candidate> &candidates(const std::optional<Reason> &reason);
    const Rule *by_id(const std::string &id);  // nullptr: none
    Status parse_all();                        // for tests: every file, with its errors
    std::vector<const Rule *> all();           // after parse_all(), by id

  private:
    struct BuiltIn {
        EmbeddedFile file;
        size_t number = 0;
        bool parsed = false;
    };
    void insert(std::vector<Rule> rules);
    Status parse(BuiltIn &file);
    void parse_files_with(std::string_view word);
    std::vector<Candidate> collect(const std::string &key) const;

    std::vector<BuiltIn> built_in_;
    size_t layers_ = 1, files_ = 0;
    std::map<std::string, std::unique_ptr<Rule>> rules_;
    std::unordered_map<std::string, std::vector<Candidate>> known_;  // by key, "" for derived
};

}  // namespace whydrop
