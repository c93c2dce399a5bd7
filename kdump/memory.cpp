// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/memory.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace whydrop::kdump {

namespace {

constexpr std::string_view vmcoreinfo_start = "OSRELEASE=";

// Where the headers have none: its page (vmcoreinfo_data, a page of its own) begins with the
// release. A file may claim to hold more than anybody can look at.
VmcoreInfo find_vmcoreinfo(Dump &dump) {
    uint64_t pages_left = 1u << 24;  // 64 GiB
    std::vector<uint8_t> page(page_bytes);
    for (const Range &range : dump.ranges()) {
        uint64_t at = (range.begin + page_bytes - 1) / page_bytes * page_bytes;
        for (; at + page_bytes <= range.end && pages_left > 0; at += page_bytes, pages_left--) {
            if (!dump.read(at, {page.data(), vmcoreinfo_start.size()}) ||
                std::memcmp(page.data(), vmcoreinfo_start.data(), vmcoreinfo_start.size()) != 0 ||
                !dump.read(at, page))
                continue;
            const std::string text(page.begin(), std::find(page.begin(), page.end(), 0));
            const VmcoreInfo info(text);
            if (info.symbol("swapper_pg_dir") && info.value("PAGESIZE"))
                return info;
        }
    }
    return {};
}

}  // namespace

Result<std::string> Reader::text(uint64_t address, size_t most) const {
    std::string text;
    char piece[64];
    while (text.size() < most) {
        // Never across the page's end: the next one may be missing, and the text over before it.
        const size_t in_page = page_bytes - (address + text.size()) % page_bytes;
        const size_t count = std::min({sizeof piece, most - text.size(), in_page});
        auto done = read(address + text.size(), {reinterpret_cast<uint8_t *>(piece), count});
        if (!done)
            return done.error();
        const size_t length = strnlen(piece, count);
        text.append(piece, length);
        if (length < count)
            break;
    }
    return text;
}

Result<std::vector<uint8_t>> Reader::bytes(uint64_t address, size_t count) const {
    std::vector<uint8_t> bytes(count);
    if (auto done = read(address, bytes); !done)
        return done.error();
    return bytes;
}

Result<std::unique_ptr<Memory>> Memory::open(std::unique_ptr<Dump> dump) {
    std::unique_ptr<Memory> memory(new Memory(std::move(dump)));
    memory->info_ = VmcoreInfo(memory->dump_->facts().vmcoreinfo);
    if (memory->info_.empty())
        memory->info_ = find_vmcoreinfo(*memory->dump_);
    if (memory->info_.empty())
        return Error{Errc::failed, "the dump has no VMCOREINFO, neither noted nor in its memory",
                     "a hypervisor's dump needs all of the guest's memory"};
    auto paging = page_x86_64(*memory->dump_, memory->info_);
    if (!paging)
        return paging.error();
    memory->paging_ = std::move(*paging);
    return memory;
}

Result<uint64_t> Memory::physical(uint64_t address) const {
    return paging_->physical(address);
}

// Bytes from there on that follow each other in the machine's memory as well, up to `most`: a dump
// reads many pages in less time at once.
size_t Memory::neighbours(uint64_t address, uint64_t physical, size_t most) const {
    size_t count = page_bytes - address % page_bytes;
    while (count < most) {
        const auto next = paging_->physical(address + count);
        if (!next || *next != physical + count)
            break;
        count += page_bytes;
    }
    return std::min(count, most);
}

Status Memory::read(uint64_t address, std::span<uint8_t> to) const {
    while (!to.empty()) {
        auto physical = paging_->physical(address);
        if (!physical)
            return physical.error();
        const size_t count = neighbours(address, *physical, to.size());
        if (auto done = dump_->read(*physical, to.first(count)); !done)
            return done;
        to = to.subspan(count);
        address += count;
    }
    return success();
}

}  // namespace whydrop::kdump
