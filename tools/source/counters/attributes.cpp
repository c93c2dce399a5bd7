// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/attributes.h"

#include <linux/netlink.h>

#include <algorithm>

namespace whydrop {

std::vector<Attribute> attributes_of(Bytes bytes) {
    std::vector<Attribute> all;
    while (bytes.size() >= NLA_HDRLEN) {
        const size_t length = *number_at<uint16_t>(bytes, 0);
        const uint16_t type = *number_at<uint16_t>(bytes, sizeof(uint16_t)) & NLA_TYPE_MASK;
        if (length < NLA_HDRLEN || length > bytes.size())
            break;
        all.emplace_back(type, bytes.subspan(NLA_HDRLEN, length - NLA_HDRLEN));
        bytes = bytes.subspan(std::min<size_t>(NLA_ALIGN(length), bytes.size()));
    }
    return all;
}

Bytes find_attribute(const std::vector<Attribute> &attributes, uint16_t type) {
    const auto found =
        std::ranges::find_if(attributes, [type](const Attribute &at) { return at.first == type; });
    return found == attributes.end() ? Bytes() : found->second;
}

Bytes find_attribute(Bytes bytes, std::initializer_list<uint16_t> path) {
    for (const uint16_t type : path)
        bytes = find_attribute(attributes_of(bytes), type);
    return bytes;
}

std::string text_of(Bytes bytes) {
    return {bytes.begin(), std::ranges::find(bytes, uint8_t{0})};
}

}  // namespace whydrop
