// SPDX-License-Identifier: GPL-2.0-or-later
// Recordings that cannot be written, files that are none, and questions that one cannot answer.
#pragma once

#include "wrong_use.h"

namespace whydrop::live {

inline const Row replay_rows[] = {
    {"RecordingNowhere",
     "the same of a recording: on a full device",
     "$W drops -d 1 -o /dev/full",
     1,
     {"cannot write to /dev/full", "No space left"},
     clean,
     root},
    {"ReplayOfNothing", "no recording is named", "$W replay", 2, {"no recording is given"}},
    {"ReplayOfNoFile",
     "one that is not there",
     "$W replay $D/no",
     1,
     {"cannot open", "/no: No such"}},
    {"ReplayOfADirectory", "a directory is no recording", "$W replay $D", 1, {"Is a directory"}},
    {"ReplayOfAnEmptyFile", "a file with nothing in it", "$W replay /dev/null", 2, {"is empty"}},
    {"ReplayOfAProgram", "a file of another kind is named", "$W replay $W", 2, {"an ELF file"}},
    {"ReplayOfText", "text that is no JSON", "echo hello | $W replay -", 2, {"not a JSON object"}},
    {"ReplayOfOtherJson",
     "JSON of somebody else's",
     "echo '{\"a\":1}' | $W replay -",
     2,
     {"\"type\" is missing"}},
    {"ReplayOfANewerSchema",
     "lines that a later version wrote",
     "echo '{\"type\":\"session\",\"schema\":2}' | $W replay -",
     2,
     {"schema 2 is not known", "newer whydrop"}},
    {"ReplayBySomethingElse",
     "a key that is none",
     "$W replay - --by colour",
     2,
     {"reason, location"}},
    {"ReplayOfNoSlice", "a part of no time", "$W replay - --slice soon", 2, {"START,END"}},
};

}  // namespace whydrop::live
