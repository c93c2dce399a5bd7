// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/version.h"

#include "sys/bpf_features.h"

namespace whydrop {

std::string version() {
    return WHYDROP_VERSION;
}

std::string version_text() {
    std::string linked = WHYDROP_LINKED_STATIC ? "static" : "dynamic";
    return "whydrop " + version() + "\nlinked: " + linked + "\nlibbpf: " + bpf_library_version() +
           "\nprobes: skb:kfree_skb (tp_btf; with and without drop reasons)\n";
}

}  // namespace whydrop
