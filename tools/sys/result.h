// SPDX-License-Identifier: GPL-2.0-or-later
// Errors are values. Every fallible call returns a Result that the compiler makes the caller look
// at.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace whydrop {

// What went wrong, in the terms of the exit code it leads to (README, "Exit codes").
enum class Errc {
    failed = 1,       // it broke while running
    usage = 2,        // the command line or an input file asks for something that does not exist
    unsupported = 3,  // this kernel or this user cannot do it
};

struct Error {
    Errc code = Errc::failed;
    std::string what;  // what failed and why: "cannot open eth7: no such device"
    std::string hint;  // what to do about it; may be empty
};

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::move(value)) {}
    Result(Error error) : state_(std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T &value() & { return get(); }
    const T &value() const & { return const_cast<Result *>(this)->get(); }
    T &&value() && { return std::move(get()); }
    T &operator*() & { return get(); }
    const T &operator*() const & { return value(); }
    T &&operator*() && { return std::move(get()); }
    T *operator->() { return &get(); }
    const T *operator->() const { return &value(); }

    const Error &error() const & {
        assert(!ok());
        return *std::get_if<1>(&state_);
    }
    Error &&error() && {
        assert(!ok());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    T &get() {
        assert(ok());
        return *std::get_if<0>(&state_);
    }
    std::variant<T, Error> state_;
};

// A call that either worked or did not: `Status s = apply(); if (!s) return s.error();`
using Status = Result<std::monostate>;
inline Status success() {
    return Status(std::monostate{});
}

// An Error of `code` from errno: "WHAT: No such device".
Error errno_error(const std::string &what, int err, std::string hint = {});

}  // namespace whydrop
