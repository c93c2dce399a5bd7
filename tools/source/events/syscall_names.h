// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace whydrop {

// "sys_openat" of 257, as the kernel's own table has it, of the machine this program was built for;
// "unknown_syscall" of what it does not know, as the kernel says.
std::string syscall_name(uint64_t number);

}  // namespace whydrop
