// SPDX-License-Identifier: GPL-2.0-or-later
// What this kernel lets this user do with BPF, found by trying: small programs and maps are loaded
// and closed again, nothing stays. No version number is compared.
#pragma once

#include <string>

namespace whydrop {

struct FeatureProbe {
    bool works = false;
    std::string detail;  // what was seen, or the kernel's word for why not
};

FeatureProbe probe_tp_btf();           // a program can be attached to tp_btf/kfree_skb
FeatureProbe probe_ring_buffer();      // BPF_MAP_TYPE_RINGBUF
FeatureProbe probe_rdonly_cast();      // bpf_rdonly_cast(): fields are read without a helper call
FeatureProbe probe_fentry();           // a function's entry can be traced
FeatureProbe probe_kprobe();           // the same by breakpoint
FeatureProbe probe_xdp_live_frames();  // BPF_F_TEST_XDP_LIVE_FRAMES, the bench's generator
FeatureProbe probe_locked_memory();    // 16 MiB of map can be had

std::string bpf_library_version();  // "1.1.2"

}  // namespace whydrop
