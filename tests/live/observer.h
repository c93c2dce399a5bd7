// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop drops -f json`, or another command that counts packets, at work on a lab's receiving
// side, and what it said in the end.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/network.h"
#include "process.h"

namespace whydrop::live {

// The final lines, summed.
struct Tally {
    std::vector<nlohmann::json> drops;   // lines of --each, of what is received too
    std::vector<nlohmann::json> groups;  // final ones
    uint64_t group_events = 0, other_events = 0, total_events = 0;
    uint64_t lost_events = 0;  // losses in events that are not in other
    nlohmann::json losses;     // kind -> count

    [[nodiscard]] uint64_t loss(const std::string &kind) const { return losses.value(kind, 0u); }
    // Every event that came, if nothing lies.
    [[nodiscard]] uint64_t all() const { return group_events + other_events + lost_events; }
};

Tally tally_of(const std::string &json_lines);

class Observer {
  public:
    // Returns when it is attached. Words come behind `drops -f json`.
    explicit Observer(std::vector<std::string> words, const std::string &name = "drops");

    [[nodiscard]] bool attached() const { return attached_; }
    Running &process() { return process_; }
    // Waits until an interval has shown that many events.
    [[nodiscard]] bool has_counted(uint64_t events) const;
    // Ends it by SIGINT, or waits for its own end. status is -2 when it says what is no JSON.
    Tally stop();
    Tally wait();
    [[nodiscard]] const Finished &finished() const { return finished_; }

  private:
    Running process_;
    bool attached_ = false;
    Finished finished_;
};

// Sends `events` UDP frames with a wrong IPv4 checksum to the receiving side, from `flows` source
// addresses and ports in turn, beginning with number `first`. Returns when the kernel has dropped
// all of them.
Status flood(const LabNetwork &network, uint64_t events, uint32_t flows, uint32_t first = 0);

// What has to be counted whatever is asked.
struct CountingRow {
    const char *sentence;
    std::vector<std::string> words;
    uint32_t flows;
    uint64_t events;
    size_t groups;  // 0: how many there are is the scheduler's affair
    bool has_other;
};
// Floods the receiving side while `whydrop NAME WORDS` runs, for each row.
void expect_counted(const LabNetwork &network, const std::string &name,
                    const std::vector<std::string> &more_words,
                    const std::vector<CountingRow> &rows);

}  // namespace whydrop::live
