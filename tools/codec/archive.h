// SPDX-License-Identifier: GPL-2.0-or-later
// Two archives with the same calls: JsonWriter fills an object from a struct, JsonReader a struct
// from an object. A struct's fields are then listed once, in Fields<T>::visit(archive, value), and
// writing and reading cannot drift apart.
#pragma once

#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "codec/values.h"
#include "model/text.h"

namespace whydrop {

using Json = nlohmann::ordered_json;

template <typename T>
struct Fields;  // static void visit(auto &archive, auto &value)

template <typename T>
struct EnumNames;  // static constexpr std::pair<T, const char *> all[]

// How one value is written, and read back; from() is false when the JSON is not such a value.
template <typename T>
struct Value {
    static Json to(const T &value);
    static bool from(const Json &json, T &value, std::string &error);
};

class JsonWriter {
  public:
    static constexpr bool reading = false;
    explicit JsonWriter(Json &object) : object_(object) {}

    template <typename T>
    void operator()(const char *name, const T &value) {
        object_[name] = Value<T>::to(value);
    }
    template <typename T>
    void operator()(const char *name, const std::optional<T> &value) {
        if (value)
            (*this)(name, *value);
    }
    // Absent when it says nothing: zero, empty, false.
    template <typename T>
    void unless_empty(const char *name, const T &value) {
        if constexpr (requires { value.empty(); }) {
            if (!value.empty())
                (*this)(name, value);
        } else if (value != T{}) {
            (*this)(name, value);
        }
    }
    // The fields of another struct, among this one's own. It is there when `mark` is.
    template <typename T>
    void inlined(const char * /*mark*/, const std::optional<T> &value) {
        if (value)
            Fields<T>::visit(*this, *value);
    }
    void hex(const char *name, const std::vector<uint8_t> &bytes) { object_[name] = to_hex(bytes); }
    void hex(const char *name, uint64_t number) {
        if (number)
            object_[name] = hex_number(number);
    }

  private:
    Json &object_;
};

class JsonReader {
  public:
    static constexpr bool reading = true;
    JsonReader(const Json &object, std::string &error) : object_(object), error_(error) {}

    template <typename T>
    void operator()(const char *name, T &value) {
        if (const Json *json = find(name))
            take(name, *json, value);
        else
            fail(name, "is missing");
    }
    template <typename T>
    void operator()(const char *name, std::optional<T> &value) {
        if (const Json *json = find(name))
            take(name, *json, value.emplace());
    }
    template <typename T>
    void unless_empty(const char *name, T &value) {
        if (const Json *json = find(name))
            take(name, *json, value);
    }
    template <typename T>
    void inlined(const char *mark, std::optional<T> &value) {
        if (find(mark))
            Fields<T>::visit(*this, value.emplace());
    }
    void hex(const char *name, std::vector<uint8_t> &bytes) {
        if (auto parsed = parse_hex(text_of(name)))
            bytes = std::move(*parsed);
        else
            fail(name, "is not hexadecimal");
    }
    void hex(const char *name, uint64_t &number) {
        if (!find(name))
            return;
        if (auto parsed = parse_hex_number(text_of(name)))
            number = *parsed;
        else
            fail(name, "is not a hexadecimal number");
    }
    [[nodiscard]] bool has(const char *name) const { return find(name) != nullptr; }
    void fail(const std::string &name, const std::string &why) {
        if (error_.empty())
            error_ = "field \"" + name + "\" " + why;
    }

  private:
    [[nodiscard]] const Json *find(const char *name) const {
        auto it = object_.find(name);
        return it == object_.end() || it->is_null() ? nullptr : &*it;
    }
    [[nodiscard]] std::string text_of(const char *name) const {
        const Json *json = find(name);
        return json && json->is_string() ? json->get<std::string>() : json ? "?" : "";
    }
    template <typename T>
    void take(const char *name, const Json &json, T &value) {
        std::string inner;
        if (!Value<T>::from(json, value, inner))
            fail(name, inner.empty() ? "has a value of the wrong kind" : ": " + inner);
    }

    const Json &object_;
    std::string &error_;
};

template <typename T>
concept Number = std::unsigned_integral<T> && !std::same_as<T, bool>;

template <Number T>
struct Value<T> {
    static Json to(T value) { return value; }
    static bool from(const Json &json, T &value, std::string &error) {
        if (!json.is_number_unsigned())
            return false;
        uint64_t number = json.get<uint64_t>();
        if (number > std::numeric_limits<T>::max()) {
            error = std::to_string(number) + " is too large";
            return false;
        }
        value = static_cast<T>(number);
        return true;
    }
};

template <>
struct Value<bool> {
    static Json to(bool value) { return value; }
    static bool from(const Json &json, bool &value, std::string &) {
        if (!json.is_boolean())
            return false;
        value = json.get<bool>();
        return true;
    }
};

template <>
struct Value<std::string> {
    static Json to(const std::string &value) { return value; }
    static bool from(const Json &json, std::string &value, std::string &) {
        if (!json.is_string())
            return false;
        value = json.get<std::string>();
        return true;
    }
};

// Values whose JSON is a text that model/text.h writes.
template <typename T, auto Parse>
struct TextValue {
    static Json to(const T &value) { return to_text(value); }
    static bool from(const Json &json, T &value, std::string &error) {
        if (!json.is_string())
            return false;
        auto parsed = Parse(json.get<std::string>());
        if (!parsed) {
            error = "'" + json.get<std::string>() + "' cannot be read";
            return false;
        }
        value = *parsed;
        return true;
    }
};
template <>
struct Value<MacAddress> : TextValue<MacAddress, &parse_mac> {};
template <>
struct Value<IpAddress> : TextValue<IpAddress, &parse_ip> {};
template <>
struct Value<Flow> : TextValue<Flow, &parse_flow> {};

template <typename T>
requires std::is_enum_v<T>
struct Value<T> {
    static Json to(T value) {
        for (const auto &[known, name] : EnumNames<T>::all)
            if (known == value)
                return name;
        return static_cast<uint32_t>(value);  // a value no header names yet
    }
    static bool from(const Json &json, T &value, std::string &error) {
        if (json.is_number_unsigned() && json.get<uint64_t>() <= 0xff) {
            value = static_cast<T>(json.get<uint64_t>());
            return true;
        }
        for (const auto &[known, name] : EnumNames<T>::all)
            if (json.is_string() && json.get<std::string>() == name) {
                value = known;
                return true;
            }
        error = "unknown value";
        return false;
    }
};

template <typename T>
struct Value<std::vector<T>> {
    static Json to(const std::vector<T> &values) {
        Json array = Json::array();
        for (const auto &value : values)
            array.push_back(Value<T>::to(value));
        return array;
    }
    static bool from(const Json &json, std::vector<T> &values, std::string &error) {
        if (!json.is_array())
            return false;
        for (const auto &element : json)
            if (!Value<T>::from(element, values.emplace_back(), error))
                return false;
        return true;
    }
};

// Any other type is a struct that lists its fields.
template <typename T>
Json Value<T>::to(const T &value) {
    Json object = Json::object();
    JsonWriter writer(object);
    Fields<T>::visit(writer, value);
    return object;
}
template <typename T>
bool Value<T>::from(const Json &json, T &value, std::string &error) {
    if (!json.is_object())
        return false;
    JsonReader reader(json, error);
    Fields<T>::visit(reader, value);
    return error.empty();
}

}  // namespace whydrop
