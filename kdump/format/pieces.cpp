// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/pieces.h"

#include <algorithm>
#include <queue>

namespace whydrop::kdump {

// Goes up the addresses with a heap of the pieces that are open there: the one on top is believed
// until it ends, or until another begins.
Pieces::Pieces(std::vector<Piece> pieces, Overlap overlap) {
    std::erase_if(pieces, [](const Piece &piece) { return piece.begin >= piece.end; });
    std::sort(pieces.begin(), pieces.end(),
              [](const Piece &a, const Piece &b) { return a.begin < b.begin; });
    const auto below = [overlap](const Piece &a, const Piece &b) {
        return overlap == Overlap::last_in_file ? a.at < b.at : a.at > b.at;
    };
    std::priority_queue<Piece, std::vector<Piece>, decltype(below)> open(below);
    pieces_.reserve(pieces.size());
    uint64_t from = 0;
    for (auto next = pieces.begin(); next != pieces.end() || !open.empty();) {
        if (open.empty())
            from = next->begin;
        for (; next != pieces.end() && next->begin <= from; ++next)
            open.push(*next);
        const Piece top = open.top();
        if (top.end <= from) {
            open.pop();
            continue;
        }
        const uint64_t to = next != pieces.end() ? std::min(top.end, next->begin) : top.end;
        append({from, to, top.offset_of(from)});
        from = to;
    }
}

void Pieces::append(const Piece &piece) {
    if (!pieces_.empty()) {
        Piece &last = pieces_.back();
        if (last.end == piece.begin && last.offset_of(last.end) == piece.at) {
            last.end = piece.end;
            return;
        }
    }
    pieces_.push_back(piece);
}

std::vector<Piece>::const_iterator Pieces::at_or_after(uint64_t address) const {
    return std::upper_bound(pieces_.begin(), pieces_.end(), address,
                            [](uint64_t wanted, const Piece &piece) { return wanted < piece.end; });
}

}  // namespace whydrop::kdump
