// SPDX-License-Identifier: GPL-2.0-or-later
// The receive path as data: what a packet may come by, in the order in which it does.
#pragma once

#include <cstdint>
#include <span>

namespace whydrop {

struct PathRow {
    const char *layer;
    const char *name;    // of the function, as in /proc/kallsyms, or of the tracepoint
    uint32_t arguments;  // WIRE_PATH_ARGUMENT << n, WIRE_PATH_POINTER, _FREED, _READ
    const char *unless;  // what it may mean when it is not called; empty: nothing by itself
    // Functions that are reached only through this one: a packet that came there has passed it,
    // though the compiler may have put its code into the caller. Separated by spaces.
    const char *before = "";
};

// Functions. Where kernels put the packet into different arguments, all of these are looked at:
// what is no address of a packet on its way is not found. Not all are on every kernel.
std::span<const PathRow> path_functions();
// Tracepoints that pass a packet, for kernels that let nobody watch functions.
std::span<const PathRow> path_points();

}  // namespace whydrop
