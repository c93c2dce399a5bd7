// SPDX-License-Identifier: GPL-2.0-or-later
// An expression asked of packets: by the kernel, with the program that the probes carry, and by
// libpcap's own interpreter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop::filter_test {

enum class Verdict { no = 0, yes = 1, undecided = 2, not_run = 99 };

struct Tested {
    bool ethernet = true;                   // else it begins with its IP header
    std::vector<uint8_t> bytes;             // the whole packet, without the tag in metadata
    uint32_t readable = UINT32_MAX;         // as the probe sees it; more than there is: all
    uint16_t vlan_proto = 0, vlan_tci = 0;  // proto 0: no tag in metadata

    [[nodiscard]] bool cut() const { return readable < bytes.size(); }
    // As it was on the wire, and how much of that can be read.
    [[nodiscard]] std::vector<uint8_t> with_tag() const;
    [[nodiscard]] uint32_t readable_with_tag() const;
};

// What libpcap says of the whole packet, and of a capture that ends where it is cut. For it, what
// is not there makes a no. not_run: it does not compile for such packets.
struct LibpcapSays {
    Verdict whole, capture;
};
LibpcapSays libpcap_says(const std::string &expression, const Tested &packet);

// The kernel's own filter for one expression.
class InKernel {
  public:
    // direct: reading through bpf_rdonly_cast(). Errors: usage for the expression; unsupported
    // where this kernel cannot read directly; failed with the verifier's words.
    static Result<InKernel> load(const std::string &expression, bool direct);
    InKernel(InKernel &&) noexcept;
    ~InKernel();

    // In the order of the packets.
    std::vector<Verdict> ask(const std::vector<Tested> &packets);

  private:
    struct State;
    explicit InKernel(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Does this kernel have what direct reads take?
bool reads_directly();

}  // namespace whydrop::filter_test
