// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_condition.h"

#include <fnmatch.h>

#include <charconv>
#include <functional>
#include <string_view>
#include <vector>

#include "source/tracefs/hist_trigger.h"

namespace whydrop {

struct EventCondition::Node {
    enum class Kind { all, any, no, number, text, comm, cpu };
    enum class Op { equal, unequal, less, most, more, least, bits, like };

    Kind kind = Kind::all;
    std::vector<std::unique_ptr<Node>> parts;
    FieldReader field;
    Op op = Op::equal;
    uint64_t number = 0;
    uint32_t size = 0;  // of the field; 0: as long as the number
    bool is_signed = false;
    std::string text;

    [[nodiscard]] std::optional<bool> of(const TraceEventView &event, EventNames &names) const;

  private:
    [[nodiscard]] std::optional<bool> of_parts(const TraceEventView &event,
                                               EventNames &names) const;
    [[nodiscard]] std::optional<bool> of_number(std::optional<uint64_t> value) const;
    [[nodiscard]] std::optional<bool> of_text(std::optional<std::string_view> value) const;
};

namespace {

using Node = EventCondition::Node;
using Made = Result<std::unique_ptr<Node>>;

struct Comparison {
    std::string_view word;
    Node::Op op;
};
// Longer ones first.
constexpr Comparison kComparisons[] = {
    {"==", Node::Op::equal}, {"!=", Node::Op::unequal}, {"<=", Node::Op::most},
    {">=", Node::Op::least}, {"<", Node::Op::less},     {">", Node::Op::more},
    {"&", Node::Op::bits},   {"~", Node::Op::like},
};

// What decides is enough: false among all, true among any.
bool decides(Node::Kind kind, std::optional<bool> value) {
    return value && *value == (kind == Node::Kind::any);
}

template <typename T>
bool compared(Node::Op op, T left, T right) {
    switch (op) {
        case Node::Op::unequal:
            return left != right;
        case Node::Op::less:
            return left < right;
        case Node::Op::most:
            return left <= right;
        case Node::Op::more:
            return left > right;
        case Node::Op::least:
            return left >= right;
        case Node::Op::bits:
            return (left & right) != 0;
        default:
            return left == right;
    }
}

// Of a text that hist_condition() has written: its grammar is right, its strings are in quotes.
class Compiler {
  public:
    Compiler(const std::string &text, const EventFormat &format, std::endian order)
        : text_(text), format_(format), order_(order) {}

    Made whole() { return list(Node::Kind::any); }

  private:
    void skip_spaces() {
        while (text_.starts_with(' '))
            text_.remove_prefix(1);
    }
    bool take(std::string_view wanted) {
        skip_spaces();
        if (!text_.starts_with(wanted))
            return false;
        text_.remove_prefix(wanted.size());
        return true;
    }

    // && binds closer than ||.
    Made list(Node::Kind kind) {
        const bool any = kind == Node::Kind::any;
        auto node = std::make_unique<Node>();
        node->kind = kind;
        do {
            Made part = any ? list(Node::Kind::all) : single();
            if (!part)
                return part.error();
            node->parts.push_back(std::move(*part));
        } while (take(any ? "||" : "&&"));
        return node->parts.size() == 1 ? std::move(node->parts.front()) : std::move(node);
    }

    Made single() {
        if (depth_ > most_depth)
            return Error{Errc::usage, "the condition has too many brackets", {}};
        depth_++;
        Made made = take("!") ? negated() : take("(") ? bracket() : term();
        depth_--;
        return made;
    }
    Made negated() {
        Made part = single();
        if (!part)
            return part.error();
        auto node = std::make_unique<Node>();
        node->kind = Node::Kind::no;
        node->parts.push_back(std::move(*part));
        return node;
    }
    Made bracket() {
        Made inner = list(Node::Kind::any);
        take(")");
        return inner;
    }

    Made term() {
        skip_spaces();
        const std::string name(text_.substr(0, text_.find(' ')));
        text_.remove_prefix(name.size());
        skip_spaces();
        auto node = std::make_unique<Node>();
        for (const Comparison &comparison : kComparisons)
            if (take(comparison.word)) {
                node->op = comparison.op;
                break;
            }
        if (auto known = choose(*node, name); !known)
            return known.error();
        auto set = operand(*node, name);
        return set ? Made(std::move(node)) : Made(set.error());
    }

    Status choose(Node &node, const std::string &name) const {
        const EventField *field = format_.field(name);
        if (!field) {
            const bool of_cpu = name == "cpu" || name == "CPU" || name == "common_cpu";
            node.kind = of_cpu ? Node::Kind::cpu : Node::Kind::comm;
            if (const EventField *pid = format_.field("common_pid"); pid && !of_cpu)
                node.field = FieldReader(*pid, order_);
            return success();
        }
        node.field = FieldReader(*field, order_);
        node.size = field->size;
        node.is_signed = field->is_signed;
        node.kind = field->kind == EventField::Kind::text ? Node::Kind::text : Node::Kind::number;
        if (field->kind == EventField::Kind::bytes)
            return Error{
                Errc::usage, name + " cannot be compared: it is no number and no text", {}};
        if (node.kind == Node::Kind::text && field->type.ends_with("*"))
            return Error{Errc::usage,
                         name + " is a pointer to text, which is not in the recorded event",
                         {}};
        return success();
    }

    Status operand(Node &node, const std::string &name) {
        skip_spaces();
        const bool quoted = text_.starts_with('"') || text_.starts_with('\'');
        size_t end = quoted ? text_.find(text_.front(), 1) : text_.find_first_of(" )&|");
        if (end == std::string_view::npos)
            end = text_.size();
        std::string_view value = text_.substr(0, end);
        text_.remove_prefix(std::min(end + (quoted ? 1 : 0), text_.size()));
        if (quoted)
            value.remove_prefix(1);
        const bool is_text = node.kind == Node::Kind::text || node.kind == Node::Kind::comm;
        if (is_text)
            return text_operand(node, name, value);
        if (quoted || node.op == Node::Op::like || !parse(node, value))
            return Error{Errc::usage,
                         name + " is compared with '" + std::string(value) +
                             "', which is no number: only the kernel itself could know it",
                         {}};
        return success();
    }

    static Status text_operand(Node &node, const std::string &name, std::string_view value) {
        if (node.op != Node::Op::equal && node.op != Node::Op::unequal && node.op != Node::Op::like)
            return Error{Errc::usage, name + " is a text: == != and ~ compare texts", {}};
        node.text = value;
        return success();
    }

    // The kernel compares as many bits as the field has.
    static uint64_t cut(uint64_t number, const Node &node) {
        const uint32_t unused = node.size == 0 ? 0 : 8 * (sizeof number - node.size);
        if (node.is_signed)
            return static_cast<uint64_t>(static_cast<int64_t>(number << unused) >> unused);
        return number << unused >> unused;
    }

    // As kstrtoull() with base 0.
    static bool parse(Node &node, std::string_view digits) {
        const bool negative = digits.starts_with('-');
        if (negative && !node.is_signed)
            return false;
        if (negative)
            digits.remove_prefix(1);
        int base = 10;
        if (digits.starts_with("0x") || digits.starts_with("0X")) {
            base = 16;
            digits.remove_prefix(2);
        } else if (digits.starts_with('0') && digits.size() > 1) {
            base = 8;
        }
        const char *const end = digits.data() + digits.size();
        const auto [rest, bad] = std::from_chars(digits.data(), end, node.number, base);
        if (negative)
            node.number = 0 - node.number;
        node.number = cut(node.number, node);
        return bad == std::errc() && rest == end;
    }

    static constexpr int most_depth = 256;
    std::string_view text_;
    const EventFormat &format_;
    std::endian order_;
    int depth_ = 0;
};

}  // namespace

std::optional<bool> Node::of(const TraceEventView &event, EventNames &names) const {
    switch (kind) {
        case Kind::number:
            return of_number(field.number(event.record));
        case Kind::cpu:
            return of_number(static_cast<uint64_t>(event.cpu));
        case Kind::text:
            return of_text(field.text(event.record));
        case Kind::comm: {
            const auto pid = field.number(event.record);
            return pid ? of_text(names.process(static_cast<int32_t>(*pid))) : std::nullopt;
        }
        default:
            return of_parts(event, names);
    }
}

std::optional<bool> Node::of_parts(const TraceEventView &event, EventNames &names) const {
    bool absent = false;
    for (const auto &part : parts) {
        const auto value = part->of(event, names);
        if (kind == Kind::no)
            return value ? std::optional(!*value) : std::nullopt;
        if (decides(kind, value))
            return value;
        absent |= !value;
    }
    return absent ? std::nullopt : std::optional(kind == Kind::all);
}

std::optional<bool> Node::of_number(std::optional<uint64_t> value) const {
    if (!value)
        return {};
    return is_signed ? compared(op, static_cast<int64_t>(*value), static_cast<int64_t>(number))
                     : compared(op, *value, number);
}

std::optional<bool> Node::of_text(std::optional<std::string_view> value) const {
    if (!value)
        return {};
    if (op == Op::like)
        return fnmatch(text.c_str(), std::string(*value).c_str(), 0) == 0;
    return (*value == text) == (op == Op::equal);
}

EventCondition::EventCondition(std::unique_ptr<Node> root) : root_(std::move(root)) {}
EventCondition::EventCondition(EventCondition &&) noexcept = default;
EventCondition &EventCondition::operator=(EventCondition &&) noexcept = default;
EventCondition::~EventCondition() = default;

Result<EventCondition> EventCondition::make(const std::string &text, const EventFormat &format,
                                            std::endian order) {
    if (text.empty())
        return EventCondition(nullptr);
    const auto written = hist_condition(text, format);
    if (!written)
        return written.error();
    auto root = Compiler(*written, format, order).whole();
    if (!root)
        return root.error();
    return EventCondition(std::move(*root));
}

std::optional<bool> EventCondition::matches(const TraceEventView &event, EventNames &names) const {
    return root_ ? root_->of(event, names) : true;
}

}  // namespace whydrop
