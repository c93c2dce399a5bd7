// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/result.h"

#include <cerrno>
#include <cstring>

namespace whydrop {

Error errno_error(const std::string &what, int err, std::string hint) {
    const bool refused = err == EPERM || err == EACCES || err == ENOSYS || err == EOPNOTSUPP;
    return Error{refused ? Errc::unsupported : Errc::failed, what + ": " + std::strerror(err),
                 std::move(hint)};
}

}  // namespace whydrop
