// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/probe_object.h"

#include <bpf/libbpf.h>

#include "drops.skel.h"
#include "receive.skel.h"
#include "sys/handle.h"

namespace whydrop {

namespace {

template <typename Skeleton, Skeleton *(*open_it)(), int (*load_it)(Skeleton *),
          void (*destroy_it)(Skeleton *)>
class ObjectOf : public ProbeObject {
  public:
    static std::unique_ptr<ProbeObject> open() {
        auto opened = std::make_unique<ObjectOf>();
        opened->skeleton_.reset(open_it());
        if (!opened->skeleton_)
            return nullptr;
        return opened;
    }
    int load() override { return load_it(skeleton_.get()); }
    wire_config &config() override {
        return *const_cast<wire_config *>(
            reinterpret_cast<const volatile wire_config *>(&skeleton_->rodata->config));
    }
    wire_fill &fill() override { return *reinterpret_cast<wire_fill *>(&skeleton_->bss->fill); }
    const wire_clock &clock_pair() override {
        return *reinterpret_cast<const wire_clock *>(&skeleton_->bss->clock_pair);
    }

  protected:
    [[nodiscard]] bpf_object *object() const override { return skeleton_->obj; }

  private:
    Handle<Skeleton, destroy_it> skeleton_;
};

using DropsObject = ObjectOf<drops_bpf, &drops_bpf__open, &drops_bpf__load, &drops_bpf__destroy>;
using ReceiveObject =
    ObjectOf<receive_bpf, &receive_bpf__open, &receive_bpf__load, &receive_bpf__destroy>;

}  // namespace

std::unique_ptr<ProbeObject> ProbeObject::open(PacketEvent event) {
    return event == PacketEvent::drop ? DropsObject::open() : ReceiveObject::open();
}

bpf_map *ProbeObject::map(const char *name) const {
    return bpf_object__find_map_by_name(object(), name);
}

bpf_program *ProbeObject::program(const char *name) const {
    return bpf_object__find_program_by_name(object(), name);
}

}  // namespace whydrop
