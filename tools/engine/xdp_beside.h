// SPDX-License-Identifier: GPL-2.0-or-later
// What is lost behind XDP programs while drops are counted: the same frames that `xdp exceptions`
// counts, in short.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "engine/xdp_names.h"
#include "model/report.h"
#include "source/drop_filter.h"
#include "source/xdp/errors.h"

namespace whydrop {

class XdpBeside {
  public:
    // Loads its programs in a thread of its own, while those of the drops are loaded. Nothing is
    // counted where a filter asks for more than a place, which is all that is known of such frames.
    explicit XdpBeside(const DropFilter &filter);

    // Waits until it counts. For the description of a source: ", tracepoints of XDP", or why they
    // are left out.
    [[nodiscard]] std::string begin();
    [[nodiscard]] std::vector<XdpLoss> read();

  private:
    struct Opened {
        NetworkPlace place;
        std::unique_ptr<XdpErrors> errors;
        std::string refused;  // why there are none
    };
    static Opened open(const DropFilter &filter);

    std::future<Opened> opening_;
    Opened opened_;
    XdpNames names_;
};

}  // namespace whydrop
