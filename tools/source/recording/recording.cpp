// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/recording/recording.h"

#include <utility>

#include "decode/packet.h"

namespace whydrop {

namespace {

using namespace std::string_view_literals;

constexpr std::pair<std::string_view, const char *> kinds[] = {
    {"\x17\x08\x44tracing"sv, "a trace.dat of trace-cmd, which has to be a file"},
    {"\xd4\xc3\xb2\xa1"sv, "a pcap capture"},
    {"\xa1\xb2\xc3\xd4"sv, "a pcap capture"},
    {"\x4d\x3c\xb2\xa1"sv, "a pcap capture"},
    {"\xa1\xb2\x3c\x4d"sv, "a pcap capture"},
    {"\x0a\x0d\x0d\x0a"sv, "a pcapng capture"},
    {"\x1f\x8b"sv, "packed by gzip: unpack it first (gunzip)"},
    {"\x28\xb5\x2f\xfd"sv, "packed by zstd: unpack it first (unzstd)"},
    {"\xfd"
     "7zXZ"sv,
     "packed by xz: unpack it first (unxz)"},
    {"PERFILE2"sv, "a perf.data of perf"},
    {"\x7f"
     "ELF"sv,
     "an ELF file; a kernel's dump is for 'whydrop vmcore'"},
    {"KDUMP   "sv, "a dump of a kernel, for 'whydrop vmcore'"},
};

const char *const hint =
    "it takes what 'whydrop drops -o FILE' or 'trace-cmd record' wrote, and - for stdin";

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

std::string foreign_kind(std::string_view first_bytes) {
    for (const auto &[magic, kind] : kinds)
        if (first_bytes.starts_with(magic))
            return kind;
    return {};
}

Result<Recording> Recording::open(const std::string &path) {
    auto lines = LineReader::open(path);
    if (!lines)
        return lines.error();
    Recording recording(path == "-" ? "stdin" : path, std::move(*lines));
    const std::string kind = foreign_kind(recording.lines_.peek(16));
    if (!kind.empty())
        return Error{Errc::usage, recording.name_ + " is no recording of whydrop: it is " + kind,
                     hint};
    while (!recording.waiting_) {
        const auto line = recording.lines_.next();
        if (!line && !recording.lines_.problem().empty())
            return Error{Errc::failed,
                         "cannot read " + recording.name_ + ": " + recording.lines_.problem(), ""};
        if (!line)
            return Error{Errc::usage, recording.name_ + " is empty", hint};
        if (is_blank(*line))
            continue;
        if (auto read = recording.read(*line, recording.waiting_); !read)
            return Error{Errc::usage,
                         recording.name_ + " is no recording of whydrop: " + read.error().what,
                         read.error().hint.empty() ? hint : read.error().hint};
        if (!recording.waiting_)
            break;  // a row: more of its section may come
    }
    return recording;
}

namespace {

// Who wrote the line may not have known what the bytes are: scripts do not.
void decode(Packet &packet) {
    if (packet.levels.empty() && !packet.bytes.empty() && packet.malformed.empty())
        decode_packet(packet);
}

void decode(JsonLine &line) {
    if (auto *drop = std::get_if<DropRecord>(&line))
        decode(drop->packet);
    if (auto *group = std::get_if<GroupLine>(&line))
        for (DropRecord &sample : group->group.samples)
            decode(sample.packet);
}

}  // namespace

Status Recording::read(std::string_view line, std::optional<RecordedItem> &item) {
    JsonLine known;
    auto read = from_json(line, known);
    const bool is_feature = read && std::holds_alternative<Feature>(known);
    if (!read || is_feature) {
        const auto row = sections_.add(line);
        ended_ |= is_feature;
        return row ? success() : (read ? row : read);
    }
    ended_ = std::holds_alternative<Losses>(known);
    decode(known);
    item = RecordedItem(std::move(known));
    return success();
}

void Recording::note_bad(const std::string &why) {
    if (bad_lines_++ == 0)
        first_bad_ = "line " + std::to_string(lines_.line()) + ": " + why;
}

std::optional<RecordedItem> Recording::next() {
    if (waiting_) {
        // Sections that began before what waits come first.
        if (auto section = sections_.take())
            return RecordedItem(std::move(*section));
        return std::exchange(waiting_, std::nullopt);
    }
    while (const auto line = lines_.next()) {
        if (lines_.cut()) {
            note_bad("it is longer than any that whydrop writes");
            continue;
        }
        if (is_blank(*line))
            continue;
        auto read = this->read(*line, waiting_);
        if (!read && lines_.unfinished())
            cut_last_line_ = true;
        else if (!read)
            note_bad(read.error().what);
        else if (waiting_)
            return next();
        else if (sections_.ready())
            return RecordedItem(std::move(*sections_.take()));
    }
    if (auto section = sections_.take())
        return RecordedItem(std::move(*section));
    return {};
}

Losses Recording::losses() const {
    Losses losses;
    if (bad_lines_)
        losses.push_back({"bad_lines", bad_lines_, bad_lines_ == 1 ? "line" : "lines",
                          "could not be read; the first is " + first_bad_});
    if (!lines_.problem().empty())
        losses.push_back(
            {"unread", 1, "rest",
             "behind line " + std::to_string(lines_.line()) + ": " + lines_.problem()});
    else if (cut_last_line_)
        losses.push_back({"truncated", 1, "line",
                          "the file ends in the middle of line " + std::to_string(lines_.line()) +
                              ": what came behind it is not there"});
    else if (!ended_)
        losses.push_back({"truncated", 1, "end",
                          "the last line is not that of the losses: the run was killed, its disk "
                          "was full, or the file was cut"});
    return losses;
}

}  // namespace whydrop
