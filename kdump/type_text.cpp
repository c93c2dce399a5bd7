// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/type_text.h"

namespace whydrop::kdump {

namespace {

constexpr unsigned most_levels = 16, most_types = 256;

class Writer {
  public:
    explicit Writer(const Btf &btf) : btf_(btf) {}

    // C writes from the inside out: `inner` is what stands between the type and its suffix, as the
    // "(*)" of a pointer to a function.
    std::string text(uint32_t id, const std::string &inner, unsigned level) {
        if (!id)
            return joined("void", inner);
        const auto type = btf_.type(id);
        if (!type || level > most_levels || left_ == 0)
            return joined("?", inner);
        left_--;
        switch (type->kind) {
            case BtfKind::pointer:
                return text(type->target, pointer(type->target, inner), level + 1);
            case BtfKind::array:
                return array(id, inner, level);
            case BtfKind::function_proto:
                return text(type->target, inner + parameters(id, level), level + 1);
            case BtfKind::const_:
                return qualified("const", type->target, inner, level);
            case BtfKind::volatile_:
                return qualified("volatile", type->target, inner, level);
            case BtfKind::restrict_:
            case BtfKind::type_tag:
                return text(type->target, inner, level + 1);
            default:
                return joined(own_name(*type), inner);
        }
    }

  private:
    static std::string joined(const std::string &type, const std::string &inner) {
        return inner.empty() ? type : type + " " + inner;
    }

    static std::string own_name(const BtfType &type) {
        const std::string name = type.name.empty() ? "{...}" : std::string(type.name);
        switch (type.kind) {
            case BtfKind::structure:
                return "struct " + name;
            case BtfKind::union_:
                return "union " + name;
            case BtfKind::forward:
                return (type.flag ? "union " : "struct ") + name;
            case BtfKind::enumeration:
            case BtfKind::enumeration64:
                return "enum " + name;
            default:
                return name;
        }
    }

    std::string pointer(uint32_t target, const std::string &inner) {
        const auto type = btf_.type(target);
        const bool suffixed =
            type && (type->kind == BtfKind::function_proto || type->kind == BtfKind::array);
        return suffixed ? "(*" + inner + ")" : "*" + inner;
    }

    std::string array(uint32_t id, const std::string &inner, unsigned level) {
        const auto array = btf_.array(id);
        return array ? text(array->element, inner + "[" + std::to_string(array->count) + "]",
                            level + 1)
                     : joined("?", inner);
    }

    std::string parameters(uint32_t id, unsigned level) {
        std::string list;
        for (const BtfParameter &parameter : btf_.parameters(id))
            list += (list.empty() ? "" : ", ") +
                    (parameter.type ? text(parameter.type, "", level + 1) : std::string("..."));
        return "(" + (list.empty() ? "void" : list) + ")";
    }

    // Of a pointer itself the word stands behind the star.
    std::string qualified(const char *word, uint32_t target, const std::string &inner,
                          unsigned level) {
        const auto type = btf_.type(target);
        if (type && type->kind == BtfKind::pointer)
            return text(target, joined(word, inner), level + 1);
        return std::string(word) + " " + text(target, inner, level + 1);
    }

    const Btf &btf_;
    unsigned left_ = most_types;
};

}  // namespace

std::string type_text(const Btf &btf, uint32_t type) {
    return Writer(btf).text(type, "", 0);
}

}  // namespace whydrop::kdump
