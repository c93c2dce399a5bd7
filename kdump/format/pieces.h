// SPDX-License-Identifier: GPL-2.0-or-later
// Runs of addresses, and where in a file their bytes lie: the segments of an ELF, the records of a
// flattened file.
#pragma once

#include <cstdint>
#include <vector>

namespace whydrop::kdump {

struct Piece {
    uint64_t begin = 0, end = 0;  // addresses, [begin, end)
    uint64_t at = 0;              // offset of `begin` in the file

    [[nodiscard]] uint64_t offset_of(uint64_t address) const { return at + (address - begin); }
};

// Who is believed where pieces overlap.
enum class Overlap { first_in_file, last_in_file };

class Pieces {
  public:
    Pieces() = default;
    // In any order; empty ones (begin == end) are none. Time and memory grow with their number
    // only, however they overlap.
    Pieces(std::vector<Piece> pieces, Overlap overlap);

    // The piece that the address is in, or else the next one behind it; end() when there is none.
    [[nodiscard]] std::vector<Piece>::const_iterator at_or_after(uint64_t address) const;
    // Ascending, without overlap.
    [[nodiscard]] std::vector<Piece>::const_iterator begin() const { return pieces_.begin(); }
    [[nodiscard]] std::vector<Piece>::const_iterator end() const { return pieces_.end(); }
    [[nodiscard]] bool empty() const { return pieces_.empty(); }

  private:
    void append(const Piece &piece);

    std::vector<Piece> pieces_;
};

}  // namespace whydrop::kdump
