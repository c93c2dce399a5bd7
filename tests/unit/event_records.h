// SPDX-License-Identifier: GPL-2.0-or-later
// Records of a made-up event, and names for what is in them.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "model/trace_event.h"
#include "source/events/event_names.h"
#include "source/tracefs/event_format.h"

namespace whydrop {

inline const EventFormat &sample_event() {
    static const auto format = parse_event_format(
        "name: sample\nID: 7\n"
        "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
        "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
        "\tfield:void * skbaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
        "\tfield:unsigned int len;\toffset:16;\tsize:4;\tsigned:0;\n"
        "\tfield:int delta;\toffset:20;\tsize:4;\tsigned:1;\n"
        "\tfield:__data_loc char[] dev;\toffset:24;\tsize:4;\tsigned:0;\n"
        "\tfield:unsigned short reason;\toffset:28;\tsize:2;\tsigned:0;\n"
        "\tfield:char comm[6];\toffset:30;\tsize:6;\tsigned:0;\n"
        "\tfield:__rel_loc char[] queue;\toffset:36;\tsize:4;\tsigned:0;\n"
        "\tfield:const char * what;\toffset:40;\tsize:8;\tsigned:0;\n"
        "\tfield:__data_loc unsigned long[] stack;\toffset:48;\tsize:4;\tsigned:0;\n"
        "\tfield:u8 saddr[16];\toffset:52;\tsize:16;\tsigned:0;\n"
        "print fmt: \"\", __print_symbolic(REC->reason, { 2, \"NOT_SPECIFIED\" }, { 3, "
        "\"NO_SOCKET\" })\n");
    return *format;
}

struct SampleRecord {
    int32_t pid = 0;
    uint64_t skbaddr = 0;
    uint32_t len = 0;
    int32_t delta = 0;
    std::string dev = "lo";
    uint16_t reason = 0;
    std::string comm;
    std::string queue = "q";
    std::vector<uint64_t> stack;  // of the field

    [[nodiscard]] std::vector<std::byte> bytes() const {
        constexpr uint32_t fixed = 72;
        std::vector<std::byte> made(fixed);
        const auto put = [&made](size_t at, const auto &value) {
            std::memcpy(made.data() + at, &value, sizeof value);
        };
        const auto append = [&made](const void *data, size_t size) {
            const auto *begin = static_cast<const std::byte *>(data);
            made.insert(made.end(), begin, begin + size);
            return static_cast<uint32_t>(size << 16 | (made.size() - size));
        };
        put(0, uint16_t{7});
        put(4, pid);
        put(8, skbaddr);
        put(16, len);
        put(20, delta);
        put(28, reason);
        std::memcpy(made.data() + 30, comm.c_str(), std::min<size_t>(comm.size() + 1, 6));
        put(24, append(dev.c_str(), dev.size() + 1));
        put(36, append(queue.c_str(), queue.size() + 1) - 40);
        put(48, append(stack.data(), stack.size() * sizeof(uint64_t)));
        return made;
    }
};

inline TraceEventView view_of(const std::vector<std::byte> &record) {
    TraceEventView view;
    view.format = &sample_event();
    view.record = record;
    return view;
}

// Functions of 256 bytes, one after the other; processes that were told.
class SampleNames : public EventNames {
  public:
    std::map<uint64_t, std::string> functions;
    std::map<int32_t, std::string> processes;

    Function function(uint64_t address) override {
        const auto found = functions.find(address & ~uint64_t{0xff});
        if (found == functions.end())
            return {};
        return {found->second, {}, address & 0xff, 0x100};
    }
    std::string process(int32_t pid) override { return processes[pid]; }
};

}  // namespace whydrop
