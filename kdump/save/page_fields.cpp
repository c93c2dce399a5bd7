// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/page_layout.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t vmemmap_fixed = 0xffffea0000000000;  // without a variable: no KASLR

Error unknown(const std::string &what) {
    return {Errc::failed, "this kernel does not say " + what, ""};
}

std::optional<uint64_t> enumerator(Types &types, std::string_view enumeration,
                                   const std::string &name) {
    const uint32_t id = types.enumeration(enumeration);
    if (id)
        for (const BtfEnumerator &entry : types.btf().enumerators(id))
            if (entry.name == name)
                return entry.value;
    return {};
}

uint64_t flag(Types &types, const std::string &name) {
    const auto bit = enumerator(types, "pageflags", name);
    return bit ? uint64_t{1} << *bit : 0;
}

Status read_fields(Types &types, PageFields &fields) {
    fields.struct_bytes = types.size_of("page");
    const auto place = [&](uint64_t &at, std::initializer_list<const char *> paths) {
        for (const char *path : paths)
            if (const auto field = types.field("page", path)) {
                at = field->offset_bytes;
                return success();
            }
        return Status(unknown("where struct page has " + std::string(*paths.begin())));
    };
    // Renamed in 7.x ("mm: rename the 'compound_head' field in the 'struct page'").
    for (const auto &done :
         {place(fields.flags_at, {"flags"}), place(fields.mapping_at, {"mapping"}),
          place(fields.private_at, {"private"}), place(fields.type_at, {"_mapcount", "page_type"}),
          place(fields.compound_at, {"compound_head", "compound_info"})})
        if (!done)
            return done;
    return success();
}

Status read_flags(Types &types, PageFields &fields) {
    fields.lru = flag(types, "PG_lru");
    fields.private_ = flag(types, "PG_private");
    fields.reserved = flag(types, "PG_reserved");
    fields.head = flag(types, "PG_head");
    if (!fields.lru || !fields.private_ || !fields.reserved || !fields.head)
        return unknown("the flags of a page (enum pageflags)");
    fields.swapcache = flag(types, "PG_swapcache");
    fields.swapbacked = flag(types, "PG_swapbacked");
    fields.slab = flag(types, "PG_slab");          // a type since 46df8e73a4a3 (6.10)
    fields.hwpoison = flag(types, "PG_hwpoison");  // with CONFIG_MEMORY_FAILURE
    return success();
}

// Types were bits, cleared in a page_type of -1, and one value when nothing else was; since
// 4ffca5a96678 ("mm: support only one page type per page", 6.12) they are its upper byte.
PageFields::Type type(Kernel &kernel, const std::string &name) {
    std::string upper = name;
    for (char &letter : upper)
        letter = static_cast<char>(letter - 'a' + 'A');
    constexpr unsigned shift = 24;
    if (const auto byte = enumerator(kernel.types(), "pagetype", "PGTY_" + name))
        return {static_cast<uint32_t>(*byte) << shift, 0xffU << shift};
    const auto value = kernel.info().number("PAGE_" + upper + "_MAPCOUNT_VALUE");
    return value ? PageFields::Type{static_cast<uint32_t>(*value), UINT32_MAX} : PageFields::Type{};
}

void read_types(Kernel &kernel, PageFields &fields) {
    fields.buddy = type(kernel, "buddy");
    fields.offline = type(kernel, "offline");
    fields.hugetlb = type(kernel, "hugetlb");  // since d99e3140a4d3 (6.10)
}

// Before huge pages had a type, their second struct page told them: by a flag since 9c5ccf2db04b
// ("mm: remove HUGETLB_PAGE_DTOR", 6.6), by the number of their destructor before. That was in
// struct folio alone since 1c5509be58f6 (6.3).
void read_huge(Types &types, PageFields &fields) {
    if (fields.hugetlb.mask)
        return;
    if (const auto bit = enumerator(types, "pageflags", "PG_hugetlb")) {
        if (const auto field = types.field("folio", "_flags_1"))
            fields.huge =
                PageFields::Mark{field->offset_bytes, uint64_t{1} << *bit, uint64_t{1} << *bit};
        return;
    }
    const auto number = enumerator(types, "compound_dtor_id", "HUGETLB_PAGE_DTOR");
    if (!number)
        return;
    if (const auto field = types.field("page", "compound_dtor"))
        fields.huge = PageFields::Mark{fields.struct_bytes + field->offset_bytes, 0xff, *number};
    else if (const auto in_folio = types.field("folio", "_folio_dtor"))
        fields.huge = PageFields::Mark{in_folio->offset_bytes, 0xff, *number};
}

// The kernel's own image is reserved memory: if struct page of its first page does not say so, it
// is not where we look (a kernel without CONFIG_SPARSEMEM_VMEMMAP).
Status check(Kernel &kernel, const PageFields &fields) {
    const auto stext = kernel.info().symbol("_stext");
    const auto physical =
        stext ? kernel.memory().physical(*stext) : Result<uint64_t>(unknown("where its text is"));
    if (!physical)
        return physical.error();
    const auto flags = kernel.memory().load<uint64_t>(
        fields.map + pfn_of(*physical) * fields.struct_bytes + fields.flags_at);
    if (!flags)
        return Error{Errc::failed, "struct page cannot be read: " + flags.error().what, ""};
    if (!(*flags & fields.reserved))
        return Error{Errc::failed, "this kernel's struct pages are not where they are looked for",
                     ""};
    return success();
}

}  // namespace

Result<PageFields> page_fields(Kernel &kernel) {
    PageFields fields;
    Types &types = kernel.types();
    if (auto done = read_fields(types, fields); !done)
        return done.error();
    if (auto done = read_flags(types, fields); !done)
        return done.error();
    read_types(kernel, fields);
    if (!fields.buddy.mask)
        return unknown("how a free page is marked");
    read_huge(types, fields);
    const auto map = kernel.value<uint64_t>("vmemmap_base");
    fields.map = map ? *map : vmemmap_fixed;
    if (auto done = check(kernel, fields); !done)
        return done.error();
    return fields;
}

}  // namespace whydrop::kdump
