// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions: FIELD OP VALUE, with && || ! ( ) between them (kernel/trace/trace_events_filter.c).
#include <cctype>
#include <optional>
#include <string_view>

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_trigger.h"

namespace whydrop {

namespace {

// Longer ones first.
constexpr std::string_view operators[] = {"==", "!=", "<=", ">=", "<", ">", "&", "~"};

// Fields of any event beside those in its format, and their kinds.
constexpr std::string_view common_texts[] = {"COMM", "comm", "common_comm"};
constexpr std::string_view common_numbers[] = {"CPU", "cpu", "common_cpu"};

class Condition {
  public:
    Condition(std::string_view text, const EventFormat &format) : text_(text), format_(format) {}

    Result<std::string> rewritten() {
        bool wants_term = true;
        for (skip_spaces(); at_ < text_.size(); skip_spaces()) {
            if (wants_term && (take("(", 1) || take("!", 0)))
                continue;
            if (wants_term) {
                if (auto done = term(); !done)
                    return done.error();
                wants_term = false;
            } else if (depth_ > 0 && take(")", -1)) {
                continue;
            } else if (take_between("&&") || take_between("||")) {
                wants_term = true;
            } else {
                return wrong("'&&' or '||' is wanted here");
            }
        }
        if (wants_term)
            return wrong("a comparison is wanted here");
        if (depth_ > 0)
            return wrong("a ')' is missing");
        return out_;
    }

  private:
    void skip_spaces() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])))
            at_++;
    }
    bool take(std::string_view wanted, int deeper) {
        if (!text_.substr(at_).starts_with(wanted))
            return false;
        at_ += wanted.size();
        depth_ += deeper;
        out_ += wanted;
        return true;
    }
    bool take_between(std::string_view wanted) {
        if (!text_.substr(at_).starts_with(wanted))
            return false;
        at_ += wanted.size();
        out_ += " " + std::string(wanted) + " ";
        return true;
    }
    Error wrong(const std::string &why) const {
        return Error{Errc::usage,
                     "in the condition: " + why + "\n  " + std::string(text_) + "\n  " +
                         std::string(at_, ' ') + "^",
                     {}};
    }
    std::string_view word(std::string_view ends) {
        const size_t begin = at_;
        while (at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos)
            at_++;
        return text_.substr(begin, at_ - begin);
    }

    Status term() {
        const std::string_view name = word(" \t\n=!<>&|~()\"'");
        const EventField *field = format_.field(std::string(name));
        if (!field && !is_common_text(name) && !is_common_number(name)) {
            at_ -= name.size();
            Error error = wrong(name.empty() ? "a field's name is wanted here"
                                             : "there is no field '" + std::string(name) + "'");
            error.hint = "there are " + field_names(format_) + ", common_pid, comm, cpu";
            return error;
        }
        skip_spaces();
        const auto op = take_operator();
        if (!op)
            return wrong("one of == != < > <= >= & ~ is wanted here");
        skip_spaces();
        auto value =
            operand(field, field ? field->kind == EventField::Kind::text : is_common_text(name));
        if (!value)
            return value.error();
        out_ += std::string(name) + " " + std::string(*op) + " " + *value;
        return success();
    }

    static bool is_common_text(std::string_view name) {
        for (const std::string_view known : common_texts)
            if (known == name)
                return true;
        return false;
    }
    static bool is_common_number(std::string_view name) {
        for (const std::string_view known : common_numbers)
            if (known == name)
                return true;
        return false;
    }

    std::optional<std::string_view> take_operator() {
        for (const std::string_view op : operators)
            if (text_.substr(at_).starts_with(op)) {
                at_ += op.size();
                return op;
            }
        return {};
    }

    Result<std::string> operand(const EventField *field, bool is_text) {
        if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
            const size_t end = text_.find(text_[at_], at_ + 1);
            if (end == std::string_view::npos)
                return wrong("this quote does not end");
            const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
            const std::string_view whole = text_.substr(at_, end + 1 - at_);
            at_ = end + 1;
            const std::string as_it_is(whole);
            return is_text ? as_it_is : numbered(field, inside).value_or(as_it_is);
        }
        const std::string_view value = word(" \t\n&|()");
        if (value.empty())
            return wrong("a value is wanted here");
        if (is_text)
            return quoted(std::string(value));
        return numbered(field, value).value_or(std::string(value));
    }

    // A name that print fmt has for a value is that value; anything else is left to the kernel,
    // which knows functions and masks of CPUs.
    static std::optional<std::string> numbered(const EventField *field, std::string_view value) {
        if (field)
            for (const auto &[number, name] : field->names)
                if (name == value)
                    return std::to_string(number);
        return {};
    }

    std::string_view text_;
    const EventFormat &format_;
    size_t at_ = 0;
    int depth_ = 0;
    std::string out_;
};

}  // namespace

Result<std::string> quoted(const std::string &text) {
    for (const char *quote : {"\"", "'"})
        if (text.find(quote) == std::string::npos)
            return quote + text + quote;
    return Error{Errc::usage,
                 "the kernel cannot compare with a string that has both quotes: " + text,
                 "~ compares with a pattern, in which ? is any letter"};
}

Result<std::string> hist_condition(const std::string &condition, const EventFormat &format) {
    return Condition(condition, format).rewritten();
}

}  // namespace whydrop
