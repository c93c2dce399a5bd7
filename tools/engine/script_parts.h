// SPDX-License-Identifier: GPL-2.0-or-later
// Pieces of bpftrace's language for engine/script.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/script.h"

namespace whydrop {

// "a && b"; empty parts are left out.
std::string all_of(const std::vector<std::string> &conditions);

// Errors: usage, for a word that would have to be escaped, or is longer than the kernel's names.
Result<std::string> script_name(const std::string &what, const std::string &word);

// A packet filter as a condition on $proto, $src, $dst, $sport and $dport. The part of
// pcap-filter(7) that can be said with these: primitives joined by "and". Errors: usage, naming the
// word that cannot be said.
Result<std::string> script_packet_condition(const std::string &filter);

// The probe on skb:kfree_skb, the titles of its keys, and what is to be known about it.
struct DropsProbe {
    std::string text, titles;
    bool by_reason = false;
    std::vector<uint32_t> named;  // reasons that can come; empty: all
    bool reads_packet = false, needs_skb = false;
};
Result<DropsProbe> script_drops_probe(const ScriptRequest &request, const ScriptKernel &kernel);

}  // namespace whydrop
