// SPDX-License-Identifier: GPL-2.0-or-later
// Version 6: the parts stand one behind the other, in a fixed order, up to where the pages are.
#include <algorithm>

#include "source/tracedat/head.h"

namespace whydrop::tracedat {

namespace {

using namespace std::string_view_literals;

constexpr uint16_t option_buffer = 3;
constexpr uint64_t tag_bytes = 10;
constexpr uint32_t most_cpus = 1U << 16;
// Of everything before the pages; kallsyms and formats are some 10 MB.
constexpr uint64_t most_head_bytes = uint64_t{256} * 1024 * 1024,
                   usual_head_bytes = uint64_t{8} * 1024 * 1024;

struct Instance {
    uint64_t offset = 0;
    std::string name;
};

const Error &cut() {
    static const Error error{Errc::failed, "it ends before its events begin, or is damaged there",
                             ""};
    return error;
}

// Where the pages of each CPU are. Those that are cut off are left out, and said.
bool read_cpus(Cursor &cursor, uint64_t file_bytes, uint32_t cpus, Head &head, Buffer &buffer) {
    for (uint32_t cpu = 0; cpu < cpus; cpu++) {
        const auto offset = cursor.number<uint64_t>(), size = cursor.number<uint64_t>();
        if (!size)
            return false;
        const uint64_t there = *offset < file_bytes ? std::min(*size, file_bytes - *offset) : 0;
        if (there < *size)
            head.losses.push_back({"truncated", *size - there, "bytes",
                                   "of the events of CPU " + std::to_string(cpu) +
                                       " lie behind the end of the file"});
        if (there)
            buffer.cpus.push_back({cpu, *offset, there});
    }
    return true;
}

bool read_options(Cursor &cursor, Head &head, std::vector<Instance> &instances) {
    for (;;) {
        const auto id = cursor.number<uint16_t>();
        if (!id || *id == 0)
            return id.has_value();
        const auto size = cursor.number<uint32_t>();
        const auto data = size ? cursor.take(*size) : std::nullopt;
        if (!data)
            return false;
        if (*id == option_buffer) {
            Cursor inner(*data);
            const auto offset = inner.number<uint64_t>();
            const auto name = inner.text();
            if (offset && name)
                instances.push_back({*offset, *name});
        } else {
            read_option(*id, *data, head);
        }
    }
}

Status read_instance(const Input &input, const Instance &instance, uint32_t cpus, Head &head) {
    const auto bytes = input.read(instance.offset, tag_bytes + uint64_t{16} * cpus);
    Buffer buffer;
    buffer.name = instance.name;
    buffer.clock = head.clock;
    buffer.page_size = head.page_size;
    Cursor cursor(bytes ? std::string_view(*bytes) : std::string_view());
    const auto tag = cursor.take(tag_bytes);
    if (!tag || *tag != "flyrecord\0"sv || !read_cpus(cursor, input.size(), cpus, head, buffer))
        head.losses.push_back(
            {"truncated", 1, "buffer",
             "the events of the instance " + instance.name + " lie behind the end of the file"});
    else
        head.buffers.push_back(std::move(buffer));
    return success();
}

Status read_events(const Input &input, Cursor &cursor, Head &head) {
    const auto cpus = cursor.number<uint32_t>();
    auto tag = cursor.take(tag_bytes);
    std::vector<Instance> instances;
    if (tag && *tag == "options  \0"sv)
        tag = read_options(cursor, head, instances) ? cursor.take(tag_bytes) : std::nullopt;
    if (!tag || !cpus || *cpus > most_cpus)
        return cut();
    if (*tag == "latency  \0"sv)
        return Error{Errc::usage, "it holds a latency trace, which is text", "trace-cmd report"};
    Buffer top;
    top.clock = head.clock;
    top.page_size = head.page_size;
    if (*tag != "flyrecord\0"sv || !read_cpus(cursor, input.size(), *cpus, head, top))
        return cut();
    head.buffers.push_back(std::move(top));
    head.cpus = std::max(head.cpus, *cpus);
    for (const Instance &instance : instances)
        if (auto read = read_instance(input, instance, *cpus, head); !read)
            return read;
    return success();
}

Status read_parts(const Input &input, std::string_view bytes, Head &head) {
    Cursor cursor(bytes);
    if (!read_header_info(cursor, head) || !read_ftrace_events(cursor, head) ||
        !read_event_formats(cursor, head) || !read_sized(cursor, false, head.kallsyms) ||
        !read_sized(cursor, false, head.printk_formats) || !read_sized(cursor, true, head.cmdlines))
        return cut();
    return read_events(input, cursor, head);
}

}  // namespace

// How long all of it is stands nowhere: so much is read as is mostly enough, and else more.
Status read_version_6(const Input &input, uint64_t at, Head &head) {
    for (uint64_t most = usual_head_bytes;; most *= 4) {
        const uint64_t size = std::min({input.size() - at, most, most_head_bytes});
        const auto bytes = input.read(at, size);
        if (!bytes)
            return Error{Errc::failed, "it cannot be read", ""};
        Head attempt = head;
        auto read = read_parts(input, *bytes, attempt);
        if (!read && size == most && size < most_head_bytes)
            continue;
        head = std::move(attempt);
        return read;
    }
}

}  // namespace whydrop::tracedat
