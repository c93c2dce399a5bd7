// SPDX-License-Identifier: GPL-2.0-or-later
// model <-> JSON lines, schema 1. One object a line, each with "type" and "schema"; what is not
// known is absent; keys carry units. The lines of a run: session, then drop (--each) or drop_group
// and drop_total per interval ("final":false), at the end drop_group and drop_total with
// "final":true, and losses; receive, receive_group and receive_total where packets were received
// instead of lost. Text in the model may hold any bytes: what is not UTF-8 becomes U+FFFD.
// Addresses that the kernel hides (0 in the model) are absent.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "model/drop.h"
#include "model/feature.h"
#include "model/report.h"
#include "model/session.h"
#include "sys/result.h"

namespace whydrop {

constexpr uint32_t kJsonSchema = 1;

struct GroupLine {
    bool final = false;
    DropGroup group;
};

// A Report without its groups, which are lines of their own.
struct TotalLine {
    Report report;
};

// Each without a newline at the end.
std::string to_json(const Session &session);
std::string to_json(const DropRecord &drop);
std::string to_json(const DropGroup &group, bool final);  // samples only when final
std::string total_to_json(const Report &report, bool final);
std::string losses_to_json(const Losses &losses);
std::string to_json(const Feature &feature);

using JsonLine = std::variant<Session, DropRecord, GroupLine, TotalLine, Losses, Feature>;

// Reads one line back into out, which is untouched on an error. Lossy: a stack entry with a name
// loses its address; text that was not UTF-8 stays replaced. Unknown fields are passed over.
// Errors: usage ("field \"events\" is missing", "not JSON", a type or schema this version does not
// know); never throws.
Status from_json(std::string_view line, JsonLine &out);

// Whether from_json reads lines of this type. All others are rows of documents.
bool is_line_type(std::string_view type);

}  // namespace whydrop
