// SPDX-License-Identifier: GPL-2.0-or-later
// Where records and reports go. Several sinks run at once (terminal and file).
#pragma once

#include "model/drop.h"
#include "model/report.h"
#include "model/session.h"
#include "sys/result.h"

namespace whydrop {

// What a sink is to be given beside reports. Nobody decodes what none of them wants.
struct Wants {
    bool records = true;   // record(): every drop, with --each
    bool samples = false;  // sample(): packets as they are sampled, without --each
    bool causes = false;   // both with their cause
};

class Sink {
  public:
    virtual ~Sink() = default;
    [[nodiscard]] virtual Wants wants() const { return {}; }
    virtual Status begin(const Session &session) = 0;
    virtual Status record(const DropRecord &drop) = 0;
    virtual Status sample(const DropRecord &) { return success(); }
    // Nothing more to record at the moment: what is buffered goes out.
    virtual Status flush() { return success(); }
    virtual Status interval(const Report &so_far) = 0;  // every --interval, and on SIGUSR1
    // What this sink could not keep so far (a full disk). Asked for before end(), and told to all.
    [[nodiscard]] virtual Losses losses() const { return {}; }
    virtual Status end(const Report &report, const Losses &losses) = 0;
    // True after a call failed because the reader of the output went away (EPIPE): the run then
    // ends quietly, with exit code 0.
    virtual bool closed() const { return false; }
};

}  // namespace whydrop
