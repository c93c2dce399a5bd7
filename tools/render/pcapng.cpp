// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/pcapng.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace whydrop {

namespace {

enum BlockType : uint32_t {
    interface_description = 1,
    interface_statistics = 5,
    enhanced_packet = 6,
    section_header = 0x0a0d0d0a,
};
enum OptionCode : uint16_t {
    opt_end = 0,
    opt_comment = 1,
    shb_hardware = 2,
    shb_os = 3,
    shb_userappl = 4,
    if_name = 2,
    if_description = 3,
    if_tsresol = 9,
    if_filter = 11,
    epb_flags = 2,
    isb_starttime = 2,
    isb_endtime = 3,
    isb_usrdeliv = 8,
};
constexpr uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr char nanoseconds = 9;  // if_tsresol: a power of ten

class Block {
  public:
    explicit Block(BlockType type) {
        number(static_cast<uint32_t>(type));
        number(uint32_t{0});  // the length, when it is known
    }

    template <typename T>
    Block &number(T value) {
        bytes_.append(reinterpret_cast<const char *>(&value), sizeof value);
        return *this;
    }
    // The high half first, as the format has it.
    Block &time(uint64_t ns) {
        return number(static_cast<uint32_t>(ns >> 32)).number(static_cast<uint32_t>(ns));
    }
    Block &padded(std::string_view value) {
        bytes_ += value;
        bytes_.resize((bytes_.size() + 3) / 4 * 4);
        return *this;
    }
    Block &option(OptionCode code, std::string_view value) {
        value = value.substr(0, std::numeric_limits<uint16_t>::max());
        return number(static_cast<uint16_t>(code))
            .number(static_cast<uint16_t>(value.size()))
            .padded(value);
    }
    Block &text(OptionCode code, std::string_view value) {
        return value.empty() ? *this : option(code, value);
    }
    std::string finish() {
        option(opt_end, {});
        const auto length = static_cast<uint32_t>(bytes_.size() + sizeof(uint32_t));
        number(length);
        std::copy_n(reinterpret_cast<const char *>(&length), sizeof length, bytes_.begin() + 4);
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
};

template <typename T>
std::string_view bytes_of(const T &value) {
    return {reinterpret_cast<const char *>(&value), sizeof value};
}

// Times in options: as in packets, the high half first.
std::string time_option(uint64_t ns) {
    const uint32_t halves[] = {static_cast<uint32_t>(ns >> 32), static_cast<uint32_t>(ns)};
    return std::string(bytes_of(halves));
}

}  // namespace

std::string pcapng_section(const Session &session) {
    constexpr uint16_t major = 1, minor = 0;
    constexpr uint64_t unknown_length = std::numeric_limits<uint64_t>::max();
    return Block(section_header)
        .number(byte_order_magic)
        .number(major)
        .number(minor)
        .number(unknown_length)
        .text(opt_comment, session.command)
        .text(shb_hardware, session.machine)
        .text(shb_os, "Linux " + session.kernel)
        .text(shb_userappl, "whydrop " + session.version)
        .finish();
}

std::string pcapng_block(const PcapngInterface &interface) {
    constexpr uint16_t reserved = 0;
    constexpr uint32_t any_length = 0;
    Block block(interface_description);
    block.number(static_cast<uint16_t>(interface.link))
        .number(reserved)
        .number(any_length)
        .text(if_name, interface.name)
        .text(if_description, interface.description)
        .option(if_tsresol, {&nanoseconds, 1});
    if (!interface.filter.empty())  // code 0: as libpcap reads it
        block.option(if_filter, std::string(1, '\0') + interface.filter);
    return block.finish();
}

std::string pcapng_block(const PcapngPacket &packet) {
    const auto captured = static_cast<uint32_t>(packet.bytes.size());
    return Block(enhanced_packet)
        .number(packet.interface)
        .time(packet.unix_ns)
        .number(captured)
        .number(std::max(packet.wire_bytes, captured))
        .padded({reinterpret_cast<const char *>(packet.bytes.data()), packet.bytes.size()})
        .text(opt_comment, packet.comment)
        .option(epb_flags, bytes_of(packet.flags))
        .finish();
}

std::string pcapng_block(const PcapngStatistics &statistics) {
    return Block(interface_statistics)
        .number(statistics.interface)
        .time(statistics.end_unix_ns)
        .text(opt_comment, statistics.comment)
        .option(isb_starttime, time_option(statistics.start_unix_ns))
        .option(isb_endtime, time_option(statistics.end_unix_ns))
        .option(isb_usrdeliv, bytes_of(statistics.packets))
        .finish();
}

}  // namespace whydrop
