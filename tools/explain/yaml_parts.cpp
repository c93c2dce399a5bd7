// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/yaml_parts.h"

namespace whydrop {

void refuse(const YAML::Node &node, std::string what, std::string hint) {
    throw Refused{node.Mark(), std::move(what), std::move(hint)};
}

void allow_keys(const YAML::Node &map, const std::string &what, const std::set<std::string> &keys) {
    if (!map.IsMap())
        refuse(map, what + " is not a map of keys and values");
    std::set<std::string> met;
    for (const auto &item : map) {
        const auto key = item.first.as<std::string>();
        if (keys.count(key) == 0)
            refuse(item.first, what + " has no key \"" + key + "\"");
        if (!met.insert(key).second)
            refuse(item.first, what + " has the key \"" + key + "\" twice");
    }
}

std::string text_at(const YAML::Node &parent, const YAML::Node &node, const std::string &what) {
    if (!node.IsDefined() || !node.IsScalar() || node.Scalar().empty())
        refuse(node.IsDefined() ? node : parent, what + " is missing or not a text");
    return node.Scalar();
}

std::vector<std::string> texts_at(const YAML::Node &parent, const YAML::Node &node,
                                  const std::string &what) {
    if (!node.IsDefined() || !node.IsSequence() || node.size() == 0)
        refuse(node.IsDefined() ? node : parent, what + " is missing or not a list");
    std::vector<std::string> texts;
    for (const auto &item : node)
        texts.push_back(text_at(node, item, "an item of " + what));
    return texts;
}

Error error_at(const std::string &file, const YAML::Mark &mark, const std::string &what,
               const std::string &hint) {
    const std::string line = mark.is_null() ? "" : ":" + std::to_string(mark.line + 1);
    return Error{Errc::usage, file + line + ": " + what, hint};
}

}  // namespace whydrop
