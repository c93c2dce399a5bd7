// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/json.h"

#include <algorithm>
#include <iterator>

#include "codec/archive.h"
#include "codec/loss_fields.h"
#include "codec/packet_fields.h"

namespace whydrop {

template <>
struct Fields<Session> {
    static void visit(auto &a, auto &v) {
        a("command", v.command);
        a("host", v.host);
        a("kernel", v.kernel);
        a("machine", v.machine);
        a("version", v.version);
        a("start_ns", v.start_ns);
        a("start_unix_ns", v.start_unix_ns);
        a("cpus", v.cpus);
        a("source", v.source);
        a("has_reasons", v.has_reasons);
        a.unless_empty("notes", v.notes);
    }
};

template <>
struct Fields<Reason> {
    static void visit(auto &a, auto &v) {
        a.unless_empty("reason", v.name);
        a("reason_code", v.code);
        a("subsystem", v.subsystem);
    }
};

template <>
struct Fields<Device> {
    static void visit(auto &a, auto &v) {
        a.unless_empty("dev", v.name);
        a("ifindex", v.ifindex);
        a.unless_empty("netns", v.netns);
    }
};

// As an object ("location"); in a stack a symbol is a text.
struct Place {
    Symbol symbol;
    bool operator==(const Place &) const = default;
};
template <>
struct Fields<Place> {
    static void visit(auto &a, auto &v) {
        a.unless_empty("symbol", v.symbol.name);
        if (!v.symbol.name.empty())
            a("offset", v.symbol.offset);
        a.unless_empty("module", v.symbol.module);
        a.hex("address", v.symbol.address);
    }
};
template <>
struct Value<Symbol> : TextValue<Symbol, &parse_symbol> {};

template <>
struct Fields<Count> {
    static void visit(auto &a, auto &v) {
        a("events", v.events);
        a("packets", v.packets);
        a("bytes", v.bytes);
    }
};

template <>
struct Fields<TaskContext> {
    static void visit(auto &a, auto &v) {
        a("pid", v.pid);
        a("comm", v.comm);
        a("in_interrupt", v.in_interrupt);
    }
};

template <>
struct Fields<Explanation> {
    static void visit(auto &a, auto &v) {
        a("cause", v.cause);
        a.unless_empty("usual", v.usual);
        a("evidence", v.evidence);
        a("next", v.next);
        a.unless_empty("samples_agree", v.samples_agree);
        a.unless_empty("samples_seen", v.samples_seen);
        a.unless_empty("also", v.also);
    }
};

template <>
struct Fields<Feature> {
    static void visit(auto &a, auto &v) {
        a("name", v.name);
        a("works", v.works);
        a("needed", v.needed);
        a.unless_empty("detail", v.detail);
        a.unless_empty("remedy", v.remedy);
    }
};

namespace {

void visit_place(JsonWriter &a, const Symbol &symbol) {
    if (symbol != Symbol{})
        a("location", Place{symbol});
}
void visit_place(JsonReader &a, Symbol &symbol) {
    Place place;
    a.unless_empty("location", place);
    symbol = place.symbol;
}
void visit_place(JsonWriter &a, const std::optional<Symbol> &symbol) {
    if (symbol)
        a("location", Place{*symbol});
}
void visit_place(JsonReader &a, std::optional<Symbol> &symbol) {
    if (a.has("location"))
        visit_place(a, symbol.emplace());
}

void visit_keys(JsonWriter &a, GroupKeys keys) {
    std::vector<std::string> names;
    for (uint32_t bit = 1; bit && bit <= keys; bit <<= 1)
        if (keys & bit)
            names.push_back(group_key_name(static_cast<GroupKey>(bit)));
    a("by", names);
}
void visit_keys(JsonReader &a, GroupKeys &keys) {
    std::vector<std::string> names;
    a("by", names);
    for (const auto &name : names) {
        auto key = group_key_by_name(name);
        if (!key)
            return a.fail("by", "names '" + name + "', which is no key");
        keys |= static_cast<uint32_t>(*key);
    }
}

// derived and cause_id stand beside the explanation: they are found without opening it.
void visit_explanation(JsonWriter &a, const std::optional<Explanation> &explanation) {
    a("explanation", explanation);
}
void visit_explanation(JsonReader &a, std::optional<Explanation> &explanation) {
    a("explanation", explanation);
    if (!explanation)
        return;
    a("derived", explanation->derived);
    a("cause_id", explanation->cause_id);
}

}  // namespace

template <>
struct Fields<DropRecord> {
    static void visit(auto &a, auto &v) {
        a("time_ns", v.time_ns);
        a("cpu", v.cpu);
        a.inlined("reason_code", v.reason);
        visit_place(a, v.location);
        a.inlined("ifindex", v.dev);
        a.unless_empty("netns", v.netns);
        Fields<TaskContext>::visit(a, v.task);
        a("packet", v.packet);
        a.unless_empty("stack", v.stack);
        a.unless_empty("cause_id", v.cause_id);
        a.unless_empty("cause", v.cause);
    }
};

template <>
struct Fields<GroupLine> {
    static void visit(auto &a, auto &line) {
        auto &v = line.group;
        a("final", line.final);
        visit_keys(a, v.keys);
        a.inlined("reason_code", v.reason);
        visit_explanation_head(a, v);
        visit_place(a, v.location);
        a.inlined("ifindex", v.dev);
        visit_netns(a, v);
        a("proto", v.proto);
        a("l4proto", v.l4proto);
        a("flow", v.flow);
        a("src", v.src);
        a("dst", v.dst);
        a("pkt_type", v.pkt_type);
        a("comm", v.comm);
        Fields<Count>::visit(a, v.count);
        a("first_ns", v.first_ns);
        a("last_ns", v.last_ns);
        a("stack", v.stack);
        a("folded", v.folded);
        if (line.final)
            a.unless_empty("samples", v.samples);
        visit_explanation(a, v.explanation);
    }

  private:
    // The place of the head among the fields is for the reader of the line only.
    static void visit_explanation_head(JsonWriter &a, const DropGroup &v) {
        if (v.explanation) {
            a("derived", v.explanation->derived);
            a("cause_id", v.explanation->cause_id);
        }
    }
    static void visit_explanation_head(JsonReader &, DropGroup &) {}
    // The device's namespace has the same field: it is the group's own only when it is a key.
    static void visit_netns(JsonWriter &a, const DropGroup &v) { a("netns", v.netns); }
    static void visit_netns(JsonReader &a, DropGroup &v) {
        if (has(v.keys, GroupKey::netns))
            a("netns", v.netns);
    }
};

template <>
struct Fields<TotalLine> {
    static void visit(auto &a, auto &line) {
        auto &v = line.report;
        a("final", v.final);
        visit_keys(a, v.keys);
        a("from_ns", v.from_ns);
        a("to_ns", v.to_ns);
        a("total", v.total);
        a("other", v.other);
        a.unless_empty("other_groups", v.other_groups);
        a.unless_empty("in_period", v.in_period);
        a.unless_empty("xdp", v.xdp);
    }
};

namespace {

struct LossesLine {
    Losses losses;
};

std::string dump(const Json &json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

template <>
struct Fields<LossesLine> {
    static void visit(auto &a, auto &v) { a("losses", v.losses); }
};

namespace {

template <typename T>
std::string line_of(const char *type, const T &value) {
    Json object = {{"type", type}, {"schema", kJsonSchema}};
    JsonWriter writer(object);
    Fields<T>::visit(writer, value);
    return dump(object);
}

template <typename T>
Status value_of(const Json &object, T &value) {
    std::string error;
    JsonReader reader(object, error);
    Fields<T>::visit(reader, value);
    if (!error.empty())
        return Error{Errc::usage, error, ""};
    return success();
}

// The type of a line says what happened to the packets.
const char *const kRecordTypes[] = {"drop", "receive"};
const char *const kGroupTypes[] = {"drop_group", "receive_group"};
const char *const kTotalTypes[] = {"drop_total", "receive_total"};

const char *type_of(const char *const (&types)[2], PacketEvent event) {
    return types[static_cast<size_t>(event)];
}

void set_event(Session &, PacketEvent) {}
void set_event(Feature &, PacketEvent) {}
void set_event(DropRecord &record, PacketEvent event) {
    record.event = event;
}
void set_event(GroupLine &line, PacketEvent event) {
    line.group.event = event;
    for (DropRecord &sample : line.group.samples)
        sample.event = event;
}
void set_event(TotalLine &line, PacketEvent event) {
    line.report.event = event;
}

template <typename T, PacketEvent event = PacketEvent::drop>
Status line_from(const Json &object, JsonLine &out) {
    T value;
    Status read = value_of(object, value);
    set_event(value, event);
    if (read)
        out = std::move(value);
    return read;
}

Status losses_from(const Json &object, JsonLine &out) {
    LossesLine value;
    Status read = value_of(object, value);
    if (read)
        out = std::move(value.losses);
    return read;
}

struct LineReader {
    const char *type;
    Status (*read)(const Json &object, JsonLine &out);
};
constexpr LineReader kReaders[] = {{"session", &line_from<Session>},
                                   {"drop", &line_from<DropRecord>},
                                   {"drop_group", &line_from<GroupLine>},
                                   {"drop_total", &line_from<TotalLine>},
                                   {"receive", &line_from<DropRecord, PacketEvent::receive>},
                                   {"receive_group", &line_from<GroupLine, PacketEvent::receive>},
                                   {"receive_total", &line_from<TotalLine, PacketEvent::receive>},
                                   {"losses", &losses_from},
                                   {"feature", &line_from<Feature>}};

}  // namespace

std::string to_json(const Session &session) {
    return line_of("session", session);
}
std::string to_json(const DropRecord &drop) {
    return line_of(type_of(kRecordTypes, drop.event), drop);
}
std::string to_json(const DropGroup &group, bool final) {
    return line_of(type_of(kGroupTypes, group.event), GroupLine{final, group});
}
std::string total_to_json(const Report &report, bool final) {
    TotalLine line;
    line.report.final = final;
    line.report.keys = report.keys;
    line.report.from_ns = report.from_ns;
    line.report.to_ns = report.to_ns;
    line.report.total = report.total;
    line.report.other = report.other;
    line.report.other_groups = report.other_groups;
    line.report.in_period = report.in_period;
    line.report.xdp = report.xdp;
    return line_of(type_of(kTotalTypes, report.event), line);
}
std::string losses_to_json(const Losses &losses) {
    return line_of("losses", LossesLine{losses});
}
std::string to_json(const Feature &feature) {
    return line_of("feature", feature);
}

bool is_line_type(std::string_view type) {
    return std::any_of(std::begin(kReaders), std::end(kReaders),
                       [type](const LineReader &reader) { return type == reader.type; });
}

Status from_json(std::string_view line, JsonLine &out) {
    static const std::string newer = "a newer whydrop may have written it";
    Json object = Json::parse(line, nullptr, false);
    if (object.is_discarded() || !object.is_object())
        return Error{Errc::usage, "the line is not a JSON object", ""};
    auto type = object.find("type"), schema = object.find("schema");
    if (type == object.end() || !type->is_string())
        return Error{Errc::usage, "field \"type\" is missing", ""};
    if (schema == object.end() || !schema->is_number_unsigned())
        return Error{Errc::usage, "field \"schema\" is missing", ""};
    if (schema->get<uint64_t>() != kJsonSchema)
        return Error{Errc::usage, "schema " + dump(*schema) + " is not known", newer};
    for (const LineReader &reader : kReaders)
        if (type->get<std::string>() == reader.type)
            return reader.read(object, out);
    return Error{Errc::usage, "a line of type " + dump(*type) + " is not known", newer};
}

}  // namespace whydrop
