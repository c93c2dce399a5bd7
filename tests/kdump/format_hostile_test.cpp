// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps that were cut anywhere, or have one wrong byte: an Error, or a dump that keeps what dump.h
// promises. Never a crash, and never a long wait.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "dump_samples.h"
#include "dump_walk.h"
#include "kdump/format/dump.h"
#include "synth.h"

namespace whydrop {
namespace {

using namespace test;

constexpr std::string_view kSmall = R"(
page 0x1000 fill 5a
page 0x2000 bytes 01 02 03 at 0x10
left 0x3000
page 0x5000 fill 00
page 0x7000 fill 77
vmcoreinfo OSRELEASE=6.1.0-13-test
prstatus 00 11 22
)";

struct Small {
    const char *name;
    Bytes bytes;
};
std::vector<Small> small_dumps() {
    const SynthMemory memory = synth_memory(kSmall);
    const SynthMemory page = synth_memory("page 0x1000 bytes 41 42\nvmcoreinfo A=1\nprstatus 01");
    return {
        {"elf", synth_elf(page)},
        {"elf of many segments", synth_elf(page, {.many_segments = true})},
        {"zlib", synth_kdump(memory)},
        {"lzo", synth_kdump(memory, {.version = 2, .packing = 2, .part = {{2, 6}}})},
        {"snappy", synth_kdump(memory, {.version = 4, .packing = 4, .one_bitmap = true})},
        {"zstd", synth_kdump(memory, {.version = 5, .packing = 0x20})},
        {"flattened elf", synth_flattened(synth_elf(page), 1013)},
        {"flattened zlib", synth_flattened(synth_kdump(memory), 4999)},
    };
}

// What became of many tries.
struct Tally {
    size_t opened = 0, refused = 0;
};

void try_one(std::span<const uint8_t> bytes, const std::string &what, Tally &tally) {
    auto dump = open_bytes(bytes, (tally.opened + tally.refused) % 2 == 0);
    if (dump) {
        tally.opened++;
        ASSERT_EQ(broken_promise(**dump), "") << what;
        return;
    }
    tally.refused++;
    ASSERT_FALSE(dump.error().what.empty()) << what;
    ASSERT_NE(dump.error().code, Errc::unsupported) << what;
}

TEST(Hostile, CutAnywhere) {
    for (const Small &small : small_dumps()) {
        Tally tally;
        for (size_t bytes = 0; bytes < small.bytes.size(); bytes++)
            ASSERT_NO_FATAL_FAILURE(try_one(std::span(small.bytes).first(bytes),
                                            small.name + (" cut at " + std::to_string(bytes)),
                                            tally));
        EXPECT_GT(tally.refused, 64u) << small.name << ": without a header it is nothing";
        EXPECT_GT(tally.opened, 16u) << small.name << ": without the last bytes it is a dump";
    }
}

TEST(Hostile, NoSingleWrongByteHurts) {
    for (const Small &small : small_dumps()) {
        Tally tally;
        Bytes bytes = small.bytes;
        for (size_t at = 0; at < bytes.size(); at++) {
            // Of the long runs of one byte, only some.
            const uint8_t good = bytes[at];
            if (at > 1024 && at % 17 != 0 && bytes[at - 1] == good)
                continue;
            for (const int wrong : {good ^ 0x01, good ^ 0x80, good ^ 0xff, 0, 0x7f}) {
                bytes[at] = static_cast<uint8_t>(wrong);
                ASSERT_NO_FATAL_FAILURE(
                    try_one(bytes, small.name + (" wrong at " + std::to_string(at)), tally));
            }
            bytes[at] = good;
        }
        EXPECT_GT(tally.refused, 0u) << small.name;
        EXPECT_GT(tally.opened, tally.refused) << small.name << ": most bytes are no headers";
    }
}

// Numbers of headers at their ends, each eight bytes that there are in the first blocks.
TEST(Hostile, NoSingleWrongNumberHurts) {
    for (const Small &small : small_dumps()) {
        Tally tally;
        Bytes bytes = small.bytes;
        const size_t end = std::min<size_t>(bytes.size() - 8, 4096 + 4096 + 256);
        for (size_t at = 0; at < end; at += at < 1024 || (at & 4095) < 256 ? 4 : 251) {
            const Bytes good(bytes.begin() + static_cast<long>(at),
                             bytes.begin() + static_cast<long>(at) + 8);
            for (const uint64_t wrong :
                 {UINT64_MAX, uint64_t{INT64_MAX}, uint64_t{1} << 63, uint64_t{UINT32_MAX},
                  uint64_t{1} << 31, uint64_t{0}, UINT64_MAX - 4095, uint64_t{1} << 52}) {
                std::memcpy(&bytes[at], &wrong, sizeof wrong);
                ASSERT_NO_FATAL_FAILURE(
                    try_one(bytes, small.name + (" wrong from " + std::to_string(at)), tally));
            }
            std::copy(good.begin(), good.end(), bytes.begin() + static_cast<long>(at));
        }
        EXPECT_GT(tally.refused, 0u) << small.name;
    }
}

// The fuzzer starts from dumps that open, and its seeds are those of today.
TEST(Hostile, SeedsAreTheSamples) {
    for (const DumpSample &sample : dump_samples()) {
        const DumpInput input = dump_input(sample.fuzz_input);
        const Bytes file = file_of(input);
        EXPECT_TRUE(sample.flattened || file == sample.file) << sample.name << ": zeros and all";
        auto dump = open_bytes(file, input.views);
        ASSERT_TRUE(dump) << sample.name << ": " << dump.error().what;
        EXPECT_EQ(broken_promise(**dump), "") << sample.name;
        EXPECT_LT(sample.fuzz_input.size(), 1024u) << sample.name << ": tests/fuzz/run cuts it";
        std::ifstream seed_file(WHYDROP_SOURCE "/tests/fuzz/corpus/dump/" + sample.name,
                                std::ios::binary);
        const Bytes seed{std::istreambuf_iterator<char>(seed_file), {}};
        EXPECT_EQ(seed, sample.fuzz_input) << sample.name << ": write it anew with dump_seeds";
    }
}

}  // namespace
}  // namespace whydrop
