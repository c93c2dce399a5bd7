// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's table of symbols with bytes of it changed: the input's first byte chooses the age,
// each three bytes behind it say where to put what. Most changes leave a table that is still found.
// The search for a table that VMCOREINFO does not name looks at 64 MB, too many to be tried often.
#include <array>
#include <cstddef>
#include <cstdint>

#include "../kdump/kallsyms_builder.h"

using namespace whydrop;
using test::KallsymsAge;

namespace {

constexpr uint64_t stext = 0xffffffff81000000;
constexpr size_t image_bytes = 16384;

const test::Symbols symbols = {{0x1f000, "Dsoftnet_data"},
                               {stext, "T_stext"},
                               {stext + 0x40, "Tip_rcv"},
                               {stext + 0x80, "tip_rcv_core"},
                               {stext + 0x80, "t" + std::string(100, 'x')},
                               {stext + 0x200, "Dinit_uts_ns"}};

test::KallsymsSample make(KallsymsAge age) {
    auto made = test::kallsyms_sample(age, symbols, stext, image_bytes);
    const std::string &keys = made.info.text();
    made.info = kdump::VmcoreInfo(keys.substr(keys.find('\n') + 1));  // without _stext: no search
    return made;
}

test::KallsymsSample &sample(size_t which) {
    static std::array samples = {make(KallsymsAge::with_keys), make(KallsymsAge::sorted),
                                 make(KallsymsAge::relative)};
    return samples[which % samples.size()];
}

size_t ask(const test::KallsymsSample &world) {
    auto found = kdump::Kallsyms::find(world.memory, world.info, {"ip_rcv", "nosuch"});
    if (!found)
        return found.error().what.size();
    size_t seen = found->count();
    for (const char *name : {"_stext", "ip_rcv", "init_uts_ns", "softnet_data", "nosuch", ""})
        seen += found->address_of(name);
    for (const uint64_t at : {uint64_t{0}, stext - 1, stext, stext + 0x90, stext + 0x1000, ~0ul})
        if (const auto symbol = found->symbol_at(at))
            seen += symbol->name.size() + symbol->size_bytes;
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    test::KallsymsSample &world = sample(data[0]);
    auto &bytes = world.memory.bytes();
    std::vector<std::pair<size_t, uint8_t>> before;
    for (size_t i = 1; i + 3 <= size; i += 3) {
        const size_t at = static_cast<size_t>(data[i] | data[i + 1] << 8) % bytes.size();
        before.emplace_back(at, bytes[at]);
        bytes[at] = data[i + 2];
    }
    volatile size_t seen = ask(world);
    (void)seen;
    for (auto undo = before.rbegin(); undo != before.rend(); ++undo)
        bytes[undo->first] = undo->second;
    return 0;
}
