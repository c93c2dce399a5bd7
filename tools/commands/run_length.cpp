// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/run_length.h"

#include <CLI/CLI.hpp>
#include <cmath>

namespace whydrop {

namespace {

// CLI11's own words for these name the largest double, all 309 digits of it.
CLI::Validator number(bool zero_too) {
    const std::string wanted = zero_too ? "0 or a positive number" : "a positive number";
    return CLI::Validator(
        [zero_too, wanted](const std::string &word) {
            double value = 0;
            const bool fits = CLI::detail::lexical_cast(word, value) && std::isfinite(value) &&
                              (value > 0 || (zero_too && value == 0));
            return fits ? std::string() : "'" + word + "' is not " + wanted;
        },
        "");
}

}  // namespace

void add_run_length(CLI::App &app, RunLength &length, const char *counts) {
    const char *group = "How long";
    if (counts)
        app.add_option("-c,--count", length.count, counts)
            ->type_name("N")
            ->check(number(false))
            ->group(group);
    app.add_option("-d,--duration", length.duration_s, "Stop after this time")
        ->type_name("SECONDS")
        ->check(number(false))
        ->group(group);
    app.add_option("--interval", length.interval_s,
                   "Time between two tables (default 1); 0: only the one at the end")
        ->type_name("SECONDS")
        ->check(number(true))
        ->group(group);
}

}  // namespace whydrop
