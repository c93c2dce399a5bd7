// SPDX-License-Identifier: GPL-2.0-or-later
// What an event of the kernel's holds, as its `format` file in tracefs says.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace whydrop {

struct EventField {
    enum class Kind {
        number,  // of 1, 2, 4 or 8 bytes
        text,
        bytes,  // neither: an address of 16 bytes, an array
    };

    std::string type;  // as written, without the brackets of an array: "const char *"
    std::string name;
    uint32_t offset = 0, size = 0;  // of a dynamic one: of the word that says where it is
    uint32_t elements = 0;          // of an array in brackets with a number; 0: none
    bool is_signed = false;
    bool is_dynamic = false;   // __data_loc, __rel_loc: as long as it is
    bool is_relative = false;  // __rel_loc: where it is counts from behind the word
    Kind kind = Kind::number;

    // What `print fmt` calls the values, in its order; of flags, each a set of bits.
    std::vector<std::pair<uint64_t, std::string>> names;
    bool is_flags = false;
};

struct EventFormat {
    std::string name;
    uint32_t id = 0;
    std::vector<EventField> fields;  // those every event has (common_pid, ...) come first
    std::string print;               // behind "print fmt: "

    [[nodiscard]] const EventField *field(const std::string &wanted) const {
        for (const EventField &field : fields)
            if (field.name == wanted)
                return &field;
        return nullptr;
    }
};

}  // namespace whydrop
