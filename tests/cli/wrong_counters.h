// SPDX-License-Identifier: GPL-2.0-or-later
// Counters that there are not.
#pragma once

#include "wrong_use.h"

namespace whydrop::live {

inline const Row counters_rows[] = {
    {"CountersOfNoDevice",
     "a device that is not there",
     "$W counters -i nosuchdev0 -d 1",
     2,
     {"there is no device nosuchdev0"}},
    {"CountersOfNoNamespace",
     "a namespace that is not there",
     "$W counters -n nosuchns -d 1",
     2,
     {"nosuchns"}},
    {"CountersForNoTime",
     "a time that is none",
     "$W counters -d -3",
     2,
     {"is not a positive number"}},
    {"CountersTwoOnStdout",
     "a recording and JSON on one stream",
     "$W counters -d 1 -o - -f json",
     2,
     {"two outputs cannot share stdout"}},
    {"CountersRecordedNowhere",
     "a recording in a directory that is not there",
     "$W counters -d 1 -o $D/no/file",
     1,
     {"/no/file", "No such file"}},
    {"CountersOfNoCommand",
     "a command that is not there",
     "$W counters -- $D/nothing",
     125,
     {"nothing"}},
    {"CountersExplainNothing", "no name is given", "$W counters explain", 2, {"NAME"}},
    {"CountersExplainUnknown",
     "a mistyped name: what is near to it",
     "$W counters explain UdpNoPort",
     2,
     {"no counter is called 'UdpNoPort'", "UdpNoPorts"}},
    {"CountersExplainInTheWrongSource",
     "a name that another source has",
     "$W counters explain qdisc/UdpNoPorts",
     2,
     {"no counter is called 'qdisc/UdpNoPorts'"}},
    {"CountersUnknownPart",
     "a part that there is not",
     "$W counters expalin UdpNoPorts",
     2,
     {"expalin"}},
};

}  // namespace whydrop::live
