// SPDX-License-Identifier: GPL-2.0-or-later
// The readers of dumps over any bytes: an Error, or a dump that keeps what dump.h promises.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../kdump/dump_walk.h"
#include "dump_input.h"
#include "kdump/format/dump.h"

namespace {

using namespace whydrop;

class FuzzSource : public kdump::Source {
  public:
    FuzzSource(std::span<const uint8_t> bytes, bool views) : bytes_(bytes), views_(views) {}
    [[nodiscard]] uint64_t size_bytes() const override { return bytes_.size(); }
    Status read(uint64_t offset, std::span<uint8_t> to) override {
        if (!kdump::within(offset, to.size(), bytes_.size()))
            return Error{Errc::failed, "the file ends", ""};
        if (!to.empty())
            std::memcpy(to.data(), bytes_.data() + offset, to.size());
        return success();
    }
    [[nodiscard]] std::span<const uint8_t> view(uint64_t offset, uint64_t bytes) const override {
        if (!views_ || !kdump::within(offset, bytes, bytes_.size()))
            return {};
        return bytes_.subspan(offset, bytes);
    }

  private:
    std::span<const uint8_t> bytes_;
    bool views_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const test::DumpInput input = test::dump_input({data, size});
    const auto file = test::file_of(input);
    auto dump = kdump::open_dump(std::make_unique<FuzzSource>(file, input.views));
    if (!dump)
        return 0;
    const std::string broken = test::broken_promise(**dump);
    if (broken.empty())
        return 0;
    std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
    std::abort();
}
