// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/hex.h"
#include "kdump/save/writer.h"

namespace whydrop::kdump {

void Holes::add(uint64_t pfn) {
    const uint64_t begin = pfn * page_bytes, end = begin + page_bytes;
    if (!ranges_.empty() && ranges_.back().end == begin)
        ranges_.back().end = end;
    else
        ranges_.push_back({begin, end});
    pages_++;
}

std::string Holes::text(size_t most_bytes) const {
    constexpr size_t longest_line = 48;
    std::string lines;
    for (size_t i = 0; i < ranges_.size(); i++) {
        if (lines.size() + 2 * longest_line > most_bytes)
            return lines + "hole " + std::to_string(ranges_.size() - i) + " more\n";
        lines += "hole " + hex(ranges_[i].begin) + "-" + hex(ranges_[i].end) + "\n";
    }
    return lines;
}

}  // namespace whydrop::kdump
