// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON fields of what was lost: by us, and by XDP.
#pragma once

#include "codec/archive.h"
#include "model/report.h"

namespace whydrop {

template <>
struct Fields<Loss> {
    static void visit(auto &a, auto &v) {
        a("kind", v.kind);
        a("count", v.count);
        a("unit", v.unit);
        a("detail", v.detail);
        a.unless_empty("in_other", v.in_other);
    }
};

template <>
struct Fields<XdpLoss> {
    static void visit(auto &a, auto &v) {
        a("error", v.error);
        a.unless_empty("program", v.program);
        a.unless_empty("dev", v.dev);
        a("frames", v.frames);
    }
};

}  // namespace whydrop
