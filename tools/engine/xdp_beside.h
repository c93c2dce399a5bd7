// SPDX-License-Identifier: GPL-2.0-or-later
// What is lost behind XDP programs while drops are counted: the same frames that `xdp exceptions`
// counts, in short.
#pragma once

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
    // Counts from here on. Nothing is counted where a filter asks for more than a place, which is
    // all that is known of such frames.
    explicit XdpBeside(const DropFilter &filter);

    // For the description of a source: ", tracepoints of XDP", or why they are left out.
    [[nodiscard]] std::string description() const;
    [[nodiscard]] std::vector<XdpLoss> read();

  private:
    NetworkPlace place_;
    std::unique_ptr<XdpErrors> errors_;
    std::string refused_;
    XdpNames names_;
};

}  // namespace whydrop
