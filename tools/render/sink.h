// SPDX-License-Identifier: GPL-2.0-or-later
// Where records and reports go. Several sinks run at once (terminal and file).
#pragma once

#include "model/drop.h"
#include "model/report.h"
#include "model/session.h"
#include "sys/result.h"

namespace whydrop {

class Sink {
  public:
    virtual ~Sink() = default;
    virtual Status begin(const Session &session) = 0;
    virtual Status record(const DropRecord &drop) = 0;  // --each
    // Nothing more to record at the moment: what is buffered goes out.
    virtual Status flush() { return success(); }
    virtual Status interval(const Report &so_far) = 0;  // every --interval, and on SIGUSR1
    virtual Status end(const Report &report, const Losses &losses) = 0;
    // True after a call failed because the reader of the output went away (EPIPE): the run then
    // ends quietly, with exit code 0.
    virtual bool closed() const { return false; }
};

}  // namespace whydrop
