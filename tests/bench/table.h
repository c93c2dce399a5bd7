// SPDX-License-Identifier: GPL-2.0-or-later
// What was measured -> the table that is printed, and the raw rounds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "measure.h"

namespace whydrop::bench {

// One variant in one round, between two runs with nothing attached.
struct Round {
    unsigned number = 0;
    bool kept = true;
    std::string variant;
    double before = 0, after = 0;  // ns per drop with nothing attached
    Measured measured;

    [[nodiscard]] double baseline() const { return (before + after) / 2; }
    [[nodiscard]] double added() const { return measured.ns_per_drop - baseline(); }
};

struct Figures {
    std::vector<Round> rounds;
    std::map<std::string, double> values;           // by ValueTarget's id
    std::map<std::string, double> bpftrace_values;  // the same of bpftrace
    std::vector<std::string> notes;
    unsigned thrown_away = 0;  // rounds
};

double median(std::vector<double> values);

// The CPU, the kernel, the number of CPUs.
std::string machine();

// Returns how many targets were missed.
unsigned print_table(const Figures &figures);

Status write_raw(const Figures &figures, const std::string &path);

}  // namespace whydrop::bench
