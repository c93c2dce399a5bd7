// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/log.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "kdump/kernel.h"
#include "kdump/lazy_bytes.h"

namespace whydrop::kdump {

namespace {

constexpr unsigned state_bits = 2;  // at the top of a descriptor's state
constexpr uint64_t committed = 1, finalized = 2, reusable = 3;
// Of its sizes: LOG_BUF_LEN_MAX, and a descriptor for 32 bytes of it.
constexpr uint64_t most_data_bits = 31, most_descriptor_bits = 26;
constexpr uint64_t no_data = 1;  // in a position: the record has no text

class Ring {
  public:
    static Result<Ring> open(Kernel &kernel);

    [[nodiscard]] uint64_t head() const { return head_; }
    [[nodiscard]] uint64_t tail() const { return tail_; }
    [[nodiscard]] uint64_t count() const { return uint64_t{1} << count_bits_; }
    static uint64_t id_of(uint64_t number) { return number << state_bits >> state_bits; }

    // A place that was never used, or was given back, has no record and loses none.
    struct Found {
        std::optional<LogRecord> record;
        bool lost = false;
    };
    Found record(uint64_t id);

  private:
    // Where a field of a descriptor or of an info is, and how wide.
    struct Place {
        uint64_t offset = 0, bytes = 0;
    };

    Result<uint64_t> find(Types &types, const char *structure, const char *field, Place &to);
    Status layout(Types &types);
    static uint64_t number(LazyBytes &table, uint64_t at, const Place &place);
    std::string text(uint64_t begin, uint64_t next, uint64_t length);

    uint64_t count_bits_ = 0, size_bits_ = 0, head_ = 0, tail_ = 0;
    uint64_t descriptor_bytes_ = 0, info_bytes_ = 0;
    LazyBytes descriptors_, infos_, data_;
    Place state_, begin_, next_, sequence_, time_, length_, level_;
    uint32_t level_shift_ = 0;
};

Status Ring::layout(Types &types) {
    const struct {
        const char *structure, *field;
        Place *place;
    } wanted[] = {
        {"prb_desc", "state_var.counter", &state_}, {"prb_desc", "text_blk_lpos.begin", &begin_},
        {"prb_desc", "text_blk_lpos.next", &next_}, {"printk_info", "seq", &sequence_},
        {"printk_info", "ts_nsec", &time_},         {"printk_info", "text_len", &length_},
        {"printk_info", "level", &level_},
    };
    for (const auto &want : wanted) {
        const auto field = types.field(want.structure, want.field);
        if (!field)
            return Error{
                Errc::failed,
                std::string("this kernel's log has no ") + want.structure + "." + want.field, ""};
        const uint64_t bytes =
            field->bits ? 1 : types.btf().size_of(field->type).value_or(sizeof(uint64_t));
        *want.place = {field->offset_bytes, std::min<uint64_t>(bytes, sizeof(uint64_t))};
        if (field->bits)
            level_shift_ = field->first_bit;
    }
    descriptor_bytes_ = types.size_of("prb_desc");
    info_bytes_ = types.size_of("printk_info");
    return success();
}

Result<Ring> Ring::open(Kernel &kernel) {
    const auto address = kernel.value<uint64_t>("prb");
    if (!address)
        return address.error();
    Ring ring;
    if (auto laid = ring.layout(kernel.types()); !laid)
        return laid.error();
    const Ref ref = kernel.at("printk_ringbuffer", *address);
    uint64_t descriptors = 0, infos = 0, data = 0;
    const struct {
        const char *path;
        uint64_t *to;
    } numbers[] = {
        {"desc_ring.count_bits", &ring.count_bits_},
        {"desc_ring.descs", &descriptors},
        {"desc_ring.infos", &infos},
        {"desc_ring.head_id.counter", &ring.head_},
        {"desc_ring.tail_id.counter", &ring.tail_},
        {"text_data_ring.size_bits", &ring.size_bits_},
        {"text_data_ring.data", &data},
    };
    for (const auto &wanted : numbers) {
        const auto number = ref[wanted.path].number();
        if (!number)
            return number.error();
        *wanted.to = *number;
    }
    if (ring.count_bits_ > most_descriptor_bits || ring.size_bits_ > most_data_bits)
        return Error{Errc::failed, "the kernel's log says that it is larger than can be", ""};
    ring.descriptors_ =
        LazyBytes(kernel.memory(), descriptors, ring.count() * ring.descriptor_bytes_);
    ring.infos_ = LazyBytes(kernel.memory(), infos, ring.count() * ring.info_bytes_);
    ring.data_ = LazyBytes(kernel.memory(), data, uint64_t{1} << ring.size_bits_);
    return ring;
}

uint64_t Ring::number(LazyBytes &table, uint64_t at, const Place &place) {
    uint64_t value = 0;
    const auto bytes = table.at(at + place.offset, place.bytes);
    if (!bytes.empty())
        std::memcpy(&value, bytes.data(), bytes.size());
    return value;
}

// A text lies in one piece behind the number of its descriptor; one that did not fit before the
// end of the ring begins at its start.
std::string Ring::text(uint64_t begin, uint64_t next, uint64_t length) {
    if (begin & no_data)
        return {};
    const uint64_t mask = (uint64_t{1} << size_bits_) - 1;
    uint64_t at = begin & mask;
    if (begin >> size_bits_ != next >> size_bits_ && (next & mask))
        at = 0;
    at += sizeof(uint64_t);
    if (at > mask)
        return {};
    const auto bytes = data_.at(at, std::min(length, mask + 1 - at));
    return {bytes.begin(), bytes.end()};
}

Ring::Found Ring::record(uint64_t id) {
    const uint64_t index = id & (count() - 1);
    const uint64_t descriptor = index * descriptor_bytes_, info = index * info_bytes_;
    const uint64_t state = number(descriptors_, descriptor, state_);
    const uint64_t kind = state >> (64 - state_bits);
    if (id_of(state) != id_of(id) || (kind != committed && kind != finalized))
        return {{}, kind != reusable};
    LogRecord record;
    record.sequence = number(infos_, info, sequence_);
    record.time_ns = number(infos_, info, time_);
    record.level = static_cast<uint32_t>(number(infos_, info, level_) >> level_shift_ & 7);
    record.text = text(number(descriptors_, descriptor, begin_),
                       number(descriptors_, descriptor, next_), number(infos_, info, length_));
    return {std::move(record), false};
}

}  // namespace

Result<Log> read_log(Kernel &kernel, size_t most) {
    auto ring = Ring::open(kernel);
    if (!ring)
        return ring.error();
    Log log;
    const uint64_t held = std::min(Ring::id_of(ring->head() - ring->tail()) + 1, ring->count());
    const uint64_t wanted = most ? std::min<uint64_t>(most, held) : held;
    for (uint64_t back = 0; back < wanted; back++) {
        auto found = ring->record(ring->head() - back);
        if (found.record)
            log.records.push_back(std::move(*found.record));
        log.lost += found.lost;
    }
    std::reverse(log.records.begin(), log.records.end());
    if (wanted == held && !log.records.empty())
        log.lost += log.records.front().sequence;
    return log;
}

}  // namespace whydrop::kdump
