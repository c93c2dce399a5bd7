// SPDX-License-Identifier: GPL-2.0-or-later
// What the probes send -> the model: numbers to reasons, addresses to symbols, bytes to packets.
#pragma once

#include <functional>

#include "model/drop.h"
#include "source/drop_table.h"
#include "source/kallsyms.h"
#include "source/kernel_btf.h"

namespace whydrop {

class DropDecoder {
  public:
    // `stack` gives the frames of a stack id of the probes' map.
    DropDecoder(PacketEvent event, KernelBtf &btf, Symbolizer &symbols,
                std::function<std::vector<uint64_t>(int32_t)> stack);

    DropRecord record(const RawSample &sample);
    // Without samples and times: they are the caller's to add.
    DropGroup group(const DropKey &key, const DropEntry &entry, GroupKeys keys);
    // What --each groups by: the key that the probes would have made of this drop.
    // `sample` is needed for keys that are in the packet.
    static DropKey key_of(const wire_each &each, const RawSample *sample, GroupKeys keys);

    // Makes the names of all addresses known in one reading of the kernel's list.
    void learn_symbols(const std::vector<const DropTable::Item *> &items, GroupKeys keys);

  private:
    Stack stack(std::span<const uint64_t> frames, uint64_t location);
    std::optional<Reason> reason(uint32_t code);

    PacketEvent event_;
    KernelBtf &btf_;
    Symbolizer &symbols_;
    std::function<std::vector<uint64_t>(int32_t)> stack_of_id_;
    bool has_reasons_;
};

// The packet of a record, decoded.
Packet decode_wire_packet(const wire_event &drop, std::vector<uint8_t> bytes);

}  // namespace whydrop
