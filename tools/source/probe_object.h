// SPDX-License-Identifier: GPL-2.0-or-later
// The BPF objects whose programs count by key (probes/counting.bpf.h), as one: each skeleton has a
// type of its own, but the maps and globals in it are the same.
#pragma once

#include <memory>
#include <vector>

#include "model/drop.h"
#include "probes/wire.h"

struct bpf_map;
struct bpf_object;
struct bpf_program;

namespace whydrop {

class ProbeObject {
  public:
    // Opened, not loaded: no program is chosen yet. Null, and errno says why.
    static std::unique_ptr<ProbeObject> open(PacketEvent event);
    virtual ~ProbeObject() = default;

    // 0, or -errno.
    virtual int load() = 0;
    // To be set before load().
    virtual wire_config &config() = 0;
    // After load(): what the programs write.
    virtual wire_fill &fill() = 0;
    virtual const wire_clock &clock_pair() = 0;

    // Those that every such object has.
    [[nodiscard]] bpf_map *map(const char *name) const;
    [[nodiscard]] bpf_program *program(const char *name) const;

  protected:
    [[nodiscard]] virtual bpf_object *object() const = 0;
};

}  // namespace whydrop
