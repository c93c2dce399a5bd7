// SPDX-License-Identifier: GPL-2.0-or-later
// Files built into the binary (cmake/embed.cmake).
#pragma once

#include <cstddef>
#include <string_view>

namespace whydrop {

struct EmbeddedFile {
    std::string_view name;
    std::string_view text;
};

}  // namespace whydrop
