// SPDX-License-Identifier: GPL-2.0-or-later
#include "synth.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <sstream>
#include <stdexcept>

#include "bytes_writer.h"
#include "kdump/bytes.h"

namespace whydrop::test {

namespace {

using kdump::page_bytes;

Bytes bytes_in(std::istream &words) {
    Bytes bytes;
    for (std::string word; words >> word;) {
        if (word == "at")
            break;
        bytes.push_back(static_cast<uint8_t>(std::stoul(word, nullptr, 16)));
    }
    return bytes;
}

std::array<uint8_t, page_bytes> page_of(std::istream &words) {
    std::array<uint8_t, page_bytes> page{};
    std::string kind, number;
    words >> kind;
    if (kind == "fill" && words >> number) {
        page.fill(static_cast<uint8_t>(std::stoul(number, nullptr, 16)));
    } else if (kind == "noise" && words >> number) {
        std::mt19937 noise(static_cast<uint32_t>(std::stoul(number, nullptr, 0)));
        for (uint8_t &byte : page)
            byte = static_cast<uint8_t>(noise());
    } else if (kind == "bytes") {
        const Bytes bytes = bytes_in(words);
        const size_t at = words >> number ? std::stoul(number, nullptr, 0) : 0;
        if (bytes.empty() || at + bytes.size() > page.size())
            throw std::invalid_argument("bytes that do not fit");
        std::copy(bytes.begin(), bytes.end(), page.begin() + static_cast<long>(at));
    } else {
        throw std::invalid_argument("a page of what?");
    }
    return page;
}

void read_line(std::istream &words, SynthMemory &memory) {
    std::string verb, rest;
    if (!(words >> verb) || verb[0] == '#')
        return;
    if (verb == "vmcoreinfo") {
        std::getline(words >> std::ws, rest);
        memory.vmcoreinfo += rest + '\n';
    } else if (verb == "prstatus") {
        memory.prstatus.push_back(bytes_in(words));
    } else if ((verb == "page" || verb == "left") && words >> rest) {
        const uint64_t pfn = std::stoull(rest, nullptr, 0) / page_bytes;
        if (verb == "left")
            memory.left_out.insert(pfn);
        else
            memory.pages[pfn] = page_of(words);
    } else {
        throw std::invalid_argument("no such line");
    }
}

}  // namespace

SynthMemory synth_memory(std::string_view text) {
    SynthMemory memory;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        try {
            std::istringstream words(line);
            read_line(words, memory);
        } catch (const std::logic_error &error) {
            throw std::invalid_argument(line + ": " + error.what());
        }
    }
    return memory;
}

Bytes synth_note(std::string_view name, uint32_t type, const Bytes &body) {
    Bytes note;
    put(note, 0, static_cast<uint32_t>(name.size() + 1));
    put(note, 4, static_cast<uint32_t>(body.size()));
    put(note, 8, type);
    put_text(note, 12, name);
    note.resize(kdump::rounded_up(12 + name.size() + 1, 4));
    append(note, body);
    note.resize(kdump::rounded_up(note.size(), 4));
    return note;
}

Bytes synth_notes(const SynthMemory &memory) {
    Bytes notes;
    for (const Bytes &cpu : memory.prstatus) {
        append(notes, synth_note("CORE", 1, cpu));
        append(notes, synth_note("QEMU", 0, {1, 2, 3}));
    }
    if (!memory.vmcoreinfo.empty())
        append(notes,
               synth_note("VMCOREINFO", 0, {memory.vmcoreinfo.begin(), memory.vmcoreinfo.end()}));
    return notes;
}

Bytes synth_records(const Records &records, bool end_mark) {
    Bytes out;
    put_text(out, 0, "makedumpfile");
    out.resize(16);
    append_big_endian(out, 1);  // type
    append_big_endian(out, 1);  // version
    out.resize(4096);
    for (const auto &[offset, bytes] : records) {
        append_big_endian(out, offset);
        append_big_endian(out, bytes.size());
        append(out, bytes);
    }
    if (end_mark) {
        append_big_endian(out, UINT64_MAX);
        append_big_endian(out, UINT64_MAX);
    }
    return out;
}

Bytes synth_flattened(const Bytes &file, size_t record_bytes) {
    Records records;
    for (size_t at = 0; at < file.size(); at += record_bytes) {
        const auto begin = file.begin() + static_cast<long>(at);
        const auto end = begin + static_cast<long>(std::min(record_bytes, file.size() - at));
        records.insert(records.begin(), {at, Bytes(begin, end)});
    }
    auto first = records.back();
    std::fill(records.back().second.begin(), records.back().second.end(), uint8_t{0xee});
    records.push_back(first);
    return synth_records(records);
}

std::vector<SynthFile> synth_files(const SynthMemory &memory) {
    const std::pair<uint32_t, const char *> packings[] = {
        {0, ""}, {1, "zlib"}, {2, "lzo"}, {4, "snappy"}, {0x20, "zstd"}};
    std::vector<SynthFile> files;
    files.push_back({"elf", "ELF", "", 0, synth_elf(memory)});
    files.push_back({"elf of qemu", "ELF", "", 0, synth_elf(memory, {.like_qemu = true})});
    files.push_back(
        {"elf of many segments", "ELF", "", 0, synth_elf(memory, {.many_segments = true})});
    for (uint32_t version = 1; version <= 6; version++)
        for (const auto &[flag, name] : packings)
            files.push_back({"kdump " + std::to_string(version) + " " + name, "kdump compressed",
                             name, version,
                             synth_kdump(memory, {.version = version, .packing = flag})});
    const size_t plain = files.size();
    for (size_t i = 0; i < plain; i++) {
        SynthFile file = files[i];
        file.name = "flattened " + file.name;
        file.format = "flattened " + file.format;
        file.bytes = synth_flattened(file.bytes);
        files.push_back(std::move(file));
    }
    return files;
}

Status BytesSource::read(uint64_t offset, std::span<uint8_t> to) {
    if (!kdump::within(offset, to.size(), bytes_.size()))
        return Error{Errc::failed, "the file ends at byte " + std::to_string(bytes_.size()), ""};
    if (!to.empty())
        std::memcpy(to.data(), bytes_.data() + offset, to.size());
    return success();
}

std::span<const uint8_t> BytesSource::view(uint64_t offset, uint64_t bytes) const {
    if (!views_ || !kdump::within(offset, bytes, bytes_.size()))
        return {};
    return bytes_.subspan(offset, bytes);
}

Result<std::unique_ptr<kdump::Dump>> open_bytes(std::span<const uint8_t> bytes, bool views) {
    return kdump::open_dump(std::make_unique<BytesSource>(bytes, views));
}

}  // namespace whydrop::test
