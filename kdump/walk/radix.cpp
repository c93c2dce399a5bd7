// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/radix.h"

#include "kdump/kernel.h"

namespace whydrop::kdump {

namespace {

// The low bits of an entry: 2 a node, 1 a number, 0 a pointer.
constexpr uint64_t kind_bits = 3, node_kind = 2;
constexpr uint64_t least_node = 4096;  // below: special entries
constexpr uint64_t top_shift = 64;

class Walk {
  public:
    Walk(Kernel &kernel, const std::function<bool(uint64_t, uint64_t)> &on_entry)
        : kernel_(kernel), on_entry_(on_entry) {}

    // Each level's shift is smaller than the one's above it, so that damaged memory cannot lead
    // round in a circle.
    Status entry(uint64_t value, uint64_t index, uint64_t shift_above) {
        if (!value || stopped_)
            return success();
        if ((value & kind_bits) != node_kind || value < least_node) {
            if (!(value & kind_bits))
                stopped_ = !on_entry_(index, value);
            return success();
        }
        const Ref node = kernel_.at("xa_node", value - node_kind);
        const auto shift = node["shift"].number();
        if (!shift)
            return shift.error();
        if (*shift >= shift_above || nodes_left_-- == 0)
            return Error{Errc::failed, "an xarray is larger than can be", ""};
        const Ref slots = node["slots"];
        const uint64_t count = slots.size_bytes() / sizeof(uint64_t);
        for (uint64_t i = 0; i < count && !stopped_; i++) {
            const auto slot = slots.at(i).number();
            if (!slot)
                return slot.error();
            if (auto done = entry(*slot, index | i << *shift, *shift); !done)
                return done;
        }
        return success();
    }

  private:
    Kernel &kernel_;
    const std::function<bool(uint64_t, uint64_t)> &on_entry_;
    bool stopped_ = false;
    unsigned nodes_left_ = 1u << 16;  // for 4 million entries
};

}  // namespace

Status for_each_in_xarray(Kernel &kernel, const Ref &xarray,
                          const std::function<bool(uint64_t, uint64_t)> &on_entry) {
    const auto head = xarray["xa_head"].number();
    if (!head)
        return head.error();
    return Walk(kernel, on_entry).entry(*head, 0, top_shift);
}

}  // namespace whydrop::kdump
