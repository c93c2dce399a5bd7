// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/dump_head.h"

#include <algorithm>

#include "kdump/save/note_bytes.h"
#include "kdump/walk/summary.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t direct_map_fixed = 0xffff888000000000;  // without a variable: no KASLR

void add_names(Kernel &kernel, DumpHead &head) {
    const Summary summary = read_summary(kernel);
    head.node = summary.node;
    head.release = summary.release;
    head.version = summary.version;
    head.time_unix_s = summary.time_unix_s.value_or(0);
}

void add_addresses(Kernel &kernel, DumpHead &head) {
    const auto base = kernel.value<uint64_t>("page_offset_base");
    head.direct_map = base ? *base : direct_map_fixed;
    const uint64_t text = kernel.symbols().address_of("_text");
    const uint64_t end = kernel.symbols().address_of("_end");
    const auto physical = kernel.memory().physical(text);
    if (!text || end <= text || !physical)
        return;
    head.image_address = text;
    head.image = {*physical, *physical + rounded_up(end - text, page_bytes)};
}

// A header may have VMCOREINFO without a note, and a hypervisor's dump has it in memory alone.
void add_notes(const DumpFacts &facts, DumpHead &head) {
    head.notes = facts.notes;
    const auto found = std::search(head.notes.begin(), head.notes.end(), head.vmcoreinfo.begin(),
                                   head.vmcoreinfo.end());
    if (head.vmcoreinfo.empty() || found != head.notes.end())
        return;
    append_note(
        head.notes, "VMCOREINFO",
        {reinterpret_cast<const uint8_t *>(head.vmcoreinfo.data()), head.vmcoreinfo.size()});
}

}  // namespace

DumpHead dump_head(const DumpFacts &facts, Kernel *kernel) {
    DumpHead head;
    head.vmcoreinfo = facts.vmcoreinfo;
    if (kernel) {
        head.vmcoreinfo = kernel->info().text();
        add_names(*kernel, head);
        add_addresses(*kernel, head);
    }
    const VmcoreInfo info(head.vmcoreinfo);
    if (head.release.empty())
        head.release = info.value("OSRELEASE").value_or("");
    head.phys_base = static_cast<uint64_t>(info.number("phys_base").value_or(0));
    head.cpus = static_cast<uint32_t>(facts.prstatus.size());
    add_notes(facts, head);
    return head;
}

}  // namespace whydrop::kdump
