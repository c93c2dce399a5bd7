// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/group_maps.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace whydrop {

Result<Fd> GroupMaps::create_hash() const {
    Fd fd(bpf_map_create(BPF_MAP_TYPE_HASH, name_, key_bytes_, value_bytes_, max_groups_, nullptr));
    if (!fd)
        return errno_error("cannot create a map for " + std::to_string(max_groups_) + " groups",
                           errno,
                           errno == EPERM ? "run as root, or with CAP_BPF and CAP_PERFMON"
                                          : "ask for fewer with --max-groups");
    return fd;
}

Result<GroupMaps> GroupMaps::create(const char *name, uint32_t key_bytes, uint32_t value_bytes,
                                    uint32_t max_groups) {
    GroupMaps maps;
    maps.name_ = name;
    maps.key_bytes_ = key_bytes;
    maps.value_bytes_ = value_bytes;
    maps.max_groups_ = max_groups;
    auto hash = maps.create_hash();
    if (!hash)
        return hash.error();
    maps.written_ = std::move(*hash);
    bpf_map_create_opts options{};
    options.sz = sizeof options;
    options.inner_map_fd = static_cast<uint32_t>(maps.written_.get());
    maps.outer_.reset(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, name, sizeof(uint32_t),
                                     sizeof(uint32_t), 1, &options));
    if (!maps.outer_)
        return errno_error("cannot create the map of maps of groups", errno);
    return maps;
}

Status GroupMaps::finish() {
    auto hash = create_hash();
    if (!hash)
        return hash.error();
    quiet_ = std::move(*hash);
    return put(written_.get());
}

Status GroupMaps::put(int inner) const {
    const uint32_t slot = 0;
    if (bpf_map_update_elem(outer_.get(), &slot, &inner, BPF_ANY) != 0)
        return errno_error("cannot swap the map of groups", errno);
    return success();
}

Status GroupMaps::drain(const std::function<void(const void *, const void *)> &on_group) {
    if (auto swapped = put(quiet_.get()); !swapped)
        return swapped.error();
    std::swap(written_, quiet_);
    return empty(quiet_.get(), on_group);
}

// Nobody else touches the quiet map, so that deleting what was read is safe.
Status GroupMaps::empty(int inner,
                        const std::function<void(const void *, const void *)> &on_group) const {
    uint32_t room = std::min<uint32_t>(max_groups_, 4096);
    std::vector<uint8_t> keys, values(size_t{room} * value_bytes_);
    uint32_t in = 0, out = 0;
    bool first = true;
    for (;;) {
        keys.resize(size_t{room} * key_bytes_);
        values.resize(size_t{room} * value_bytes_);
        uint32_t count = room;
        const int err = bpf_map_lookup_and_delete_batch(inner, first ? nullptr : &in, &out,
                                                        keys.data(), values.data(), &count, nullptr)
                            ? errno
                            : 0;
        if (err == ENOSPC && room < max_groups_) {  // one bucket holds more than we have room for
            room = std::min(room * 4, max_groups_);
            continue;
        }
        if (err && err != ENOENT)
            return errno_error("cannot read the map of groups", err);
        for (uint32_t i = 0; i < count; i++)
            on_group(&keys[size_t{i} * key_bytes_], &values[size_t{i} * value_bytes_]);
        if (err == ENOENT)
            return success();
        in = out;
        first = false;
    }
}

}  // namespace whydrop
