// SPDX-License-Identifier: GPL-2.0-or-later
// Reading YAML of ours: what may stand where, and an error that names file and line for the rest.
#pragma once

#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop {

// Thrown within refusals_as_errors() only. No hint: that of the whole file.
struct Refused {
    YAML::Mark mark;
    std::string what, hint;
};

[[noreturn]] void refuse(const YAML::Node &node, std::string what, std::string hint = {});

void allow_keys(const YAML::Node &map, const std::string &what, const std::set<std::string> &keys);

// `node` is what `parent` has there. Missing, or something else: refused.
std::string text_at(const YAML::Node &parent, const YAML::Node &node, const std::string &what);
std::vector<std::string> texts_at(const YAML::Node &parent, const YAML::Node &node,
                                  const std::string &what);

// "FILE:LINE: WHAT".
Error error_at(const std::string &file, const YAML::Mark &mark, const std::string &what,
               const std::string &hint);

// What `read` gives, or why the text was refused. `hint` says where the form is shown.
template <typename T, typename Read>
Result<T> refusals_as_errors(const std::string &file, const std::string &hint, const Read &read) {
    try {
        return T(read());
    } catch (const Refused &refused) {
        return error_at(file, refused.mark, refused.what,
                        refused.hint.empty() ? hint : refused.hint);
    } catch (const YAML::Exception &broken) {
        return error_at(file, broken.mark, "not valid YAML: " + broken.msg,
                        "texts with \": \" or \" #\" in them need quotes");
    }
}

}  // namespace whydrop
