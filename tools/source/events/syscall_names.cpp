// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/syscall_names.h"

#include <string_view>

namespace whydrop {

namespace {

struct Row {
    uint64_t number;
    const char *name;
};

// { 257, "openat" }, ... from <asm/unistd.h>, by number.
constexpr Row kCalls[] = {
#include <syscall_table.inc>
};

// Where the function has another name than the number.
constexpr struct {
    std::string_view number, function;
} kNames[] = {
    {"stat", "newstat"},   {"fstat", "newfstat"},      {"lstat", "newlstat"},
    {"uname", "newuname"}, {"sendfile", "sendfile64"}, {"umount2", "umount"},
};

}  // namespace

std::string syscall_name(uint64_t number) {
    for (const Row &row : kCalls) {
        if (row.number != number)
            continue;
        for (const auto &name : kNames)
            if (name.number == row.name)
                return "sys_" + std::string(name.function);
        return std::string("sys_") + row.name;
    }
    return "unknown_syscall";
}

}  // namespace whydrop
