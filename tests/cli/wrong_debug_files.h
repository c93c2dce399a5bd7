// SPDX-License-Identifier: GPL-2.0-or-later
// Debug files that are none.
#pragma once

#include "wrong_use.h"

namespace whydrop::live {

inline const Row debug_file_rows[] = {
    {"NoDebugFile",
     "a source line is asked for, but not of which file",
     "$W vmcore list ip_rcv+0x1c",
     2,
     {"no file with debug information", "--module FILE"}},
    {"DebugFileThatIsNone",
     "a text in place of a module",
     "echo hello >$D/x.ko; $W vmcore list ip_rcv+0x1c --module $D/x.ko",
     2,
     {"x.ko: no ELF file", "compiled with -g"}},
    {"DebugFileThatIsMissing",
     "no vmlinux at all",
     "$W vmcore list ip_rcv+0x1c --vmlinux $D/missing",
     2,
     {"missing", "No such file"}},
    {"DebugFileWithoutDebugInformation",
     "a program that was stripped",
     "$W vmcore list main --vmlinux /bin/true",
     2,
     {"/bin/true has no debug information", "-dbg"}},
};

}  // namespace whydrop::live
