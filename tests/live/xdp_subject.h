// SPDX-License-Identifier: GPL-2.0-or-later
// An XDP program of tests/xdp on a device, to be observed.
#pragma once

#include <linux/if_link.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"

struct bpf_object;

namespace whydrop::live {

void close_object(bpf_object *object);

class XdpSubject {
  public:
    // `file`: "answers" of tests/xdp/answers.bpf.c. `mode`: XDP_FLAGS_DRV_MODE or
    // XDP_FLAGS_SKB_MODE.
    static Result<XdpSubject> attach(const std::string &file, const std::string &program,
                                     const Fd &netns, uint32_t ifindex,
                                     uint32_t mode = XDP_FLAGS_DRV_MODE);
    // Passes everything, and has neither BTF nor a map.
    static Result<XdpSubject> attach_bare(const Fd &netns, uint32_t ifindex,
                                          uint32_t mode = XDP_FLAGS_DRV_MODE);
    XdpSubject(XdpSubject &&) noexcept = default;
    XdpSubject &operator=(XdpSubject &&) = delete;
    ~XdpSubject();

    [[nodiscard]] uint32_t id() const { return id_; }
    // Runs it on this frame so many times as if each had come off a wire, and does what it says
    // with them. Errors: unsupported, where the kernel has no live frames (5.18).
    [[nodiscard]] Status run(const std::vector<uint8_t> &frame, uint32_t times) const;
    // An entry of one of its maps, of four bytes to four bytes.
    [[nodiscard]] Status set(const std::string &map, uint32_t key, uint32_t value) const;

  private:
    XdpSubject() = default;
    Status put(int program, const Fd &netns, uint32_t ifindex, uint32_t mode);
    Handle<bpf_object, &close_object> object_;
    Fd netns_;
    uint32_t ifindex_ = 0, mode_ = 0, id_ = 0;
    int program_ = -1;  // of the object
};

}  // namespace whydrop::live
