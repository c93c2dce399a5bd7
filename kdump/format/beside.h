// SPDX-License-Identifier: GPL-2.0-or-later
// A call that runs beside the caller's own work, for a few milliseconds: on another CPU, from its
// start. A scheduler leaves a new thread where its maker is for about as long.
#pragma once

#include <functional>
#include <memory>

#include "sys/result.h"

namespace whydrop::kdump {

class Beside {
  public:
    // How many calls at once make sense, the caller's own among them.
    static unsigned most();

    // nullptr: the system gives no thread.
    static std::unique_ptr<Beside> start(std::function<Status()> call);
    virtual ~Beside() = default;  // waits
    // What the call said; once.
    virtual Status wait() = 0;
};

}  // namespace whydrop::kdump
