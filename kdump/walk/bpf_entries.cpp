// SPDX-License-Identifier: GPL-2.0-or-later
// What BPF maps held: kernel/bpf/hashtab.c, arraymap.c, ringbuf.c.
#include <algorithm>
#include <cstring>
#include <optional>

#include "kdump/kernel.h"
#include "kdump/value_text.h"
#include "kdump/walk/bpf.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t most_buckets = 1u << 24, most_elements = 1u << 24;
constexpr uint64_t most_btf_bytes = 64u << 20, most_ring_bytes = 1u << 30;
constexpr uint32_t most_item_bytes = 1u << 20;
constexpr uint32_t ring_busy = 1u << 31, ring_discarded = 1u << 30;
constexpr size_t ring_header_bytes = 8;

constexpr uint64_t round_up8(uint64_t number) {
    return (number + 7) / 8 * 8;
}

class Entries {
  public:
    Entries(Kernel &kernel, const BpfMap &map,
            const std::function<bool(const BpfEntry &)> &on_entry)
        : kernel_(kernel), map_(map), on_entry_(on_entry) {}

    Status run() {
        if (map_.key_bytes > most_item_bytes || map_.value_bytes > most_item_bytes)
            return Error{Errc::failed, "map " + map_.name + " has entries larger than can be", ""};
        read_types();
        const std::string &type = map_.type;
        if (type == "hash" || type == "lru_hash" || type == "percpu_hash" ||
            type == "lru_percpu_hash")
            return hash(type.find("percpu") != std::string::npos);
        if (type == "array" || type == "percpu_array")
            return array(type == "percpu_array");
        if (type == "ringbuf")
            return ring();
        return Error{Errc::unsupported, "maps of type " + type + " hold nothing that can be listed",
                     ""};
    }

  private:
    // The types that the program's object had for keys and values, in the program's own BTF.
    void read_types() {
        const Ref map = kernel_.at("bpf_map", map_.address);
        const auto key = map["btf_key_type_id"].number(), value = map["btf_value_type_id"].number();
        const Ref btf = map["btf"].target();
        const auto data = btf["data"].number(), size = btf["data_size"].number();
        if (!key || !value || !data || !size || *size > most_btf_bytes)
            return;
        auto bytes = kernel_.memory().bytes(*data, *size);
        if (!bytes)
            return;
        btf_bytes_ = std::move(*bytes);
        auto parsed = Btf::parse(btf_bytes_);
        if (!parsed)
            return;
        btf_.emplace(std::move(*parsed));
        key_type_ = static_cast<uint32_t>(*key);
        value_type_ = static_cast<uint32_t>(*value);
    }

    std::string text(uint32_t type, std::span<const uint8_t> bytes) const {
        return btf_ && type ? value_text(*btf_, type, bytes) : bytes_text(bytes);
    }

    // False: no more is wanted.
    bool give(std::string key, std::span<const uint8_t> value, int32_t cpu) {
        return on_entry_({std::move(key), text(value_type_, value), cpu});
    }

    // The copies of all CPUs, for a per-CPU pointer.
    Result<bool> give_per_cpu(const std::string &key, uint64_t pointer, bool zero_too) {
        for (const uint32_t cpu : kernel_.cpus()) {
            const auto at = kernel_.per_cpu(pointer, cpu);
            auto value = at ? kernel_.memory().bytes(*at, map_.value_bytes)
                            : Result<std::vector<uint8_t>>(at.error());
            if (!value)
                return value.error();
            const bool zero =
                std::all_of(value->begin(), value->end(), [](uint8_t byte) { return byte == 0; });
            if ((zero_too || !zero) && !give(key, *value, static_cast<int32_t>(cpu)))
                return false;
        }
        return true;
    }

    Status hash(bool per_cpu) {
        const Ref table = kernel_.at("bpf_htab", map_.address);
        const auto buckets = table["buckets"].number(), count = table["n_buckets"].number();
        const uint64_t each = kernel_.types().size_of("bucket");
        const auto head = kernel_.types().field("bucket", "head");
        const auto key = kernel_.types().field("htab_elem", "key");
        if (!buckets || !count || !each || !head || !key)
            return Error{Errc::failed, "this kernel's hash maps are of an unknown shape", ""};
        uint64_t left = most_elements;
        for (uint64_t i = 0; i < std::min(*count, most_buckets); i++) {
            auto link = kernel_.memory().load<uint64_t>(*buckets + i * each + head->offset_bytes);
            // The end of a chain is an odd number.
            for (; link && *link && !(*link & 1) && left > 0; left--) {
                auto more = element(*link + key->offset_bytes, per_cpu);
                if (!more)
                    return more.error();
                if (!*more)
                    return success();
                link = kernel_.memory().load<uint64_t>(*link);
            }
            if (!link)
                return link.error();
        }
        return success();
    }

    Result<bool> element(uint64_t key_at, bool per_cpu) {
        const auto key = kernel_.memory().bytes(key_at, map_.key_bytes);
        if (!key)
            return key.error();
        const std::string key_text = text(key_type_, *key);
        const uint64_t value_at = key_at + round_up8(map_.key_bytes);
        if (per_cpu) {
            const auto pointer = kernel_.memory().load<uint64_t>(value_at);
            return pointer ? give_per_cpu(key_text, *pointer, true) : Result<bool>(pointer.error());
        }
        const auto value = kernel_.memory().bytes(value_at, map_.value_bytes);
        return value ? Result<bool>(give(key_text, *value, -1)) : Result<bool>(value.error());
    }

    Status array(bool per_cpu) {
        const Ref table = kernel_.at("bpf_array", map_.address);
        const auto each = table["elem_size"].number();
        const auto place = kernel_.types().field("bpf_array", per_cpu ? "pptrs" : "value");
        if (!each || !place)
            return Error{Errc::failed, "this kernel's arrays are of an unknown shape", ""};
        const uint64_t begin = map_.address + place->offset_bytes;
        for (uint64_t i = 0; i < map_.max_entries; i++) {
            auto more = per_cpu ? per_cpu_item(begin, i) : item(begin + i * *each, i);
            if (!more)
                return more.error();
            if (!*more)
                break;
        }
        return success();
    }

    Result<bool> per_cpu_item(uint64_t begin, uint64_t index) {
        const auto pointer = kernel_.memory().load<uint64_t>(begin + index * sizeof(uint64_t));
        return pointer ? give_per_cpu(std::to_string(index), *pointer, false)
                       : Result<bool>(pointer.error());
    }

    Result<bool> item(uint64_t at, uint64_t index) {
        const auto value = kernel_.memory().bytes(at, map_.value_bytes);
        if (!value)
            return value.error();
        const bool zero =
            std::all_of(value->begin(), value->end(), [](uint8_t byte) { return byte == 0; });
        return zero || give(std::to_string(index), *value, -1);
    }

    // The records nobody has taken; while the ring has not yet come round, also those before them.
    Status ring() {
        const Ref ring = kernel_.at("bpf_ringbuf_map", map_.address)["rb"].target();
        const auto mask = ring["mask"].number(), consumer = ring["consumer_pos"].number(),
                   producer = ring["producer_pos"].number();
        const auto data = kernel_.types().field("bpf_ringbuf", "data");
        if (!mask || !consumer || !producer || !data || *mask >= most_ring_bytes)
            return Error{Errc::failed, "this kernel's ring buffers are of an unknown shape", ""};
        const uint64_t begin = ring.address() + data->offset_bytes;
        uint64_t at = *producer > *mask + 1 ? *consumer : 0;
        while (at + ring_header_bytes <= *producer) {
            const auto header = kernel_.memory().load<uint32_t>(begin + (at & *mask));
            if (!header)
                return header.error();
            const uint64_t length = *header & ~(ring_busy | ring_discarded);
            if (length > *mask)
                return Error{Errc::failed, "a record of " + map_.name + " is longer than its ring",
                             ""};
            // The pages behind the ring's end are its first ones again.
            const auto record =
                kernel_.memory().bytes(begin + (at & *mask) + ring_header_bytes, length);
            if (!record)
                return record.error();
            const char *state = *header & ring_busy        ? "not finished"
                                : *header & ring_discarded ? "discarded"
                                : at < *consumer           ? "taken"
                                                           : "waiting";
            if (!on_entry_({state, bytes_text(*record), -1}))
                break;
            at += round_up8(length + ring_header_bytes);
        }
        return success();
    }

    Kernel &kernel_;
    const BpfMap &map_;
    const std::function<bool(const BpfEntry &)> &on_entry_;
    std::vector<uint8_t> btf_bytes_;
    std::optional<Btf> btf_;
    uint32_t key_type_ = 0, value_type_ = 0;
};

}  // namespace

Status read_entries(Kernel &kernel, const BpfMap &map,
                    const std::function<bool(const BpfEntry &)> &on_entry) {
    return Entries(kernel, map, on_entry).run();
}

}  // namespace whydrop::kdump
