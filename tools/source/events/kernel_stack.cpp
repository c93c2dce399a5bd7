// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/kernel_stack.h"

#include <algorithm>
namespace whydrop {

namespace {

// How far from the innermost the event's own function can be.
constexpr size_t kTracingDepth = 6;
constexpr size_t kHistDepth = 31;

FieldReader long_at(uint32_t offset, uint32_t size, std::endian order) {
    EventField field;
    field.offset = offset;
    field.size = size;
    return FieldReader(field, order);
}

}  // namespace

// `caller` is declared with 8 elements and has as many as `size` says.
KernelStackReader::KernelStackReader(const EventFormat &format, std::endian order,
                                     uint32_t long_size)
    : long_size_(long_size), order_(order) {
    if (const EventField *caller = format.field("caller"))
        begin_ = caller->offset;
    if (const EventField *size = format.field("size"))
        count_.emplace(*size, order);
}

bool KernelStackReader::read(std::span<const std::byte> record,
                             std::vector<uint64_t> &stack) const {
    stack.clear();
    if (!begin_ || record.size() < *begin_)
        return false;
    const uint64_t fitting = (record.size() - *begin_) / long_size_;
    const uint64_t count = count_ ? count_->number(record).value_or(0) : fitting;
    for (uint32_t i = 0; i < std::min(count, fitting); i++) {
        const auto address = long_at(*begin_ + i * long_size_, long_size_, order_).number(record);
        // Older kernels end a stack with ULONG_MAX.
        if (!address || *address == 0 || *address == UINT64_MAX)
            break;
        stack.push_back(*address);
    }
    return count <= fitting;
}

bool HistStacks::is_probe(uint64_t address, EventNames &names) {
    constexpr size_t most = 65536;
    if (const auto found = probes_.find(address); found != probes_.end())
        return found->second;
    if (probes_.size() >= most)
        probes_.clear();
    const bool is = names.function(address).name.starts_with("trace_event_raw_event_");
    probes_[address] = is;
    return is;
}

std::span<const uint64_t> HistStacks::trimmed(std::span<const uint64_t> stack, EventNames &names) {
    const size_t end = std::min(stack.size(), kTracingDepth);
    for (size_t i = 0; i < end; i++)
        if (is_probe(stack[i], names)) {
            stack = stack.subspan(std::min(i + 2, stack.size()));
            break;
        }
    return stack.first(std::min(stack.size(), kHistDepth));
}

}  // namespace whydrop
