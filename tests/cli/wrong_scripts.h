// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts that cannot be had.
#pragma once

#include "wrong_use.h"

namespace whydrop::live {

#define FORMAT_OF_TWO                                                                             \
    "printf 'name: kfree_skb\\nID: 1\\nformat:\\n\\tfield:int reason;\\toffset:8;\\tsize:4;"      \
    "\\tsigned:1;\\n\\nprint fmt: \"%%s\", __print_symbolic(REC->reason, { 2, \"NOT_SPECIFIED\" " \
    "}, "                                                                                         \
    "{ 3, \"NO_SOCKET\" })\\n' >$D/format; "
#define FORMAT_OF_NONE                                                                    \
    "printf 'name: kfree_skb\\nID: 1\\nformat:\\n\\tfield:int len;\\toffset:8;\\tsize:4;" \
    "\\tsigned:1;\\n\\nprint fmt: \"%%d\", REC->len\\n' >$D/format; "

inline const Row script_rows[] = {
    {"ScriptForWhat",
     "a tool there is nothing for",
     "$W script perf",
     2,
     {"no scripts for 'perf'", "bpftrace, bcc"}},
    {"ScriptWithoutKind",
     "a tool alone",
     "$W script bpftrace",
     2,
     {"which script for bpftrace?", "drops, receive, called, xdp, pause"}},
    {"ScriptOfUnknownKind",
     "a kind there is not",
     "$W script bcc receive",
     2,
     {"no script 'receive' for bcc", "there are drops"}},
    {"ScriptOfNoFunction", "called, but what", "$W script bpftrace called", 2, {"which function?"}},
    {"ScriptOfCode",
     "a function that would be more than a name",
     "$W script bpftrace called 'x { system(\"true\") }'",
     2,
     {"is no name of a function"}},
    {"ScriptForMoreThanItTakes",
     "the reason of what is received",
     "$W script bpftrace receive -r NO_SOCKET",
     2,
     {"bpftrace receive cannot be asked for -r", "it takes -i, -p, --comm, -d"}},
    {"ScriptWithOptionsOfItsOwn",
     "drops.py has them itself",
     "$W script bcc drops -d 3",
     2,
     {"cannot be asked for -d", "drops.py --help"}},
    {"ScriptFilter",
     "a filter that bpftrace cannot say",
     FORMAT_OF_TWO "$W script bpftrace drops --event-format $D/format tcp or udp",
     2,
     {"cannot filter by 'or'", "whydrop drops takes any"}},
    {"ScriptReason",
     "a reason this kernel does not have",
     FORMAT_OF_TWO "$W script bpftrace drops --event-format $D/format -r NO_SOKET",
     2,
     {"NO_SOKET", "NO_SOCKET"}},
    {"ScriptReasonAndNot",
     "reasons with and without '!'",
     FORMAT_OF_TWO "$W script bpftrace drops --event-format $D/format -r NO_SOCKET,!NOT_SPECIFIED",
     2,
     {"all with '!'"}},
    {"ScriptReasonOfNone",
     "a reason where the kernel has none",
     FORMAT_OF_NONE "$W script bpftrace drops --event-format $D/format -r NO_SOCKET",
     3,
     {"this kernel drops without", "--by location"}},
    {"ScriptByReasonOfNone",
     "the same as a key",
     FORMAT_OF_NONE "$W script bpftrace drops --event-format $D/format --by reason",
     3,
     {"this kernel drops without"}},
    {"ScriptKey",
     "a key there is not",
     FORMAT_OF_TWO "$W script bpftrace drops --event-format $D/format --by port",
     2,
     {"--by does not know 'port'", "flow"}},
    {"ScriptDevice",
     "a name that no device has",
     "$W script bpftrace receive -i 0123456789abcdef",
     2,
     {"longer than 15 bytes"}},
    {"ScriptComm",
     "a name that would be code",
     "$W script bpftrace receive --comm 'a\"b'",
     2,
     {"cannot stand in a script"}},
    {"ScriptFormat",
     "a format that is none",
     "$W script bpftrace drops --event-format /dev/null",
     2,
     {"/dev/null is no format of an event", "events/skb/kfree_skb/format"}},
    {"ScriptFormatMissing",
     "no such file",
     "$W script bpftrace drops --event-format $D/none",
     2,
     {"cannot read", "/none"}},
};

#undef FORMAT_OF_TWO
#undef FORMAT_OF_NONE

}  // namespace whydrop::live
