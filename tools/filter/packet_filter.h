// SPDX-License-Identifier: GPL-2.0-or-later
// A pcap-filter expression as the probes take it: instructions that are written over the places
// that probes/pcap.bpf.h keeps for them, while libbpf loads the program.
#pragma once

#include <linux/bpf.h>

#include <span>
#include <string>
#include <vector>

#include "filter/translate.h"
#include "sys/result.h"

namespace whydrop {

class PacketFilter {
  public:
    // Errors: usage; what is wrong with the expression and where, or why the kernel cannot run it.
    static Result<PacketFilter> compile(const std::string &expression,
                                        const FilterReading &reading);

    [[nodiscard]] const std::vector<bpf_insn> &ethernet() const { return ethernet_; }
    // Where the expression says nothing of packets without a link header ("ether host ..."), they
    // are undecided.
    [[nodiscard]] const std::vector<bpf_insn> &ip() const { return ip_; }

  private:
    std::vector<bpf_insn> ethernet_, ip_;
};

// Fills the places in a program's instructions: with the filter's, or without one with "matches".
// A program without a place stays as it is. Errors: failed, for a place of another size.
Status fill_places(std::span<bpf_insn> program, const PacketFilter *filter);

// While one lives, each program that this thread loads from a section of type tp_btf/, or
// packet_exit/ for the exit of another program, gets the filter. To be made before the object is
// opened. Such a program needs bpf_program__set_attach_target(), and bpf_program__attach_trace()
// instead of bpf_program__attach().
class FilterForLoading {
  public:
    explicit FilterForLoading(const PacketFilter *filter);
    ~FilterForLoading();
    FilterForLoading(const FilterForLoading &) = delete;
    FilterForLoading &operator=(const FilterForLoading &) = delete;

    // The same for other sections, for tests: BPF_PROG_TEST_RUN does not run every type.
    static Status also_for(const char *section, bpf_prog_type type);
};

}  // namespace whydrop
