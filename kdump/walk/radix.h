// SPDX-License-Identifier: GPL-2.0-or-later
// struct xarray and struct idr (include/linux/xarray.h).
#pragma once

#include <cstdint>
#include <functional>

#include "kdump/types.h"
#include "sys/result.h"

namespace whydrop::kdump {

class Kernel;

// Each entry that is a pointer, by index. `on_entry` gives false to stop. Errors: failed.
Status for_each_in_xarray(Kernel &kernel, const Ref &xarray,
                          const std::function<bool(uint64_t index, uint64_t pointer)> &on_entry);

}  // namespace whydrop::kdump
