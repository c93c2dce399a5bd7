// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/document_output.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "render/drop_text.h"
#include "render/recording.h"
#include "render/words.h"

namespace whydrop {

namespace {

// An interval is a glance: the end has the rest.
constexpr size_t interval_rows = 20, final_rows = 100;

Status write_all(DocumentWriter &writer, const std::vector<Section> &sections) {
    for (const Section &section : sections)
        if (auto written = writer.write(section); !written)
            return written;
    return success();
}

}  // namespace

Status DocumentOutput::check(const DocumentOutputOptions &options) {
    if (options.recording == "-" && options.style.json)
        return Error{Errc::usage, "two outputs cannot share stdout",
                     "give one of -o and -f json a file"};
    return success();
}

DocumentOutput::DocumentOutput(DocumentOutputOptions options)
    : options_(std::move(options)),
      output_(options_.recording == "-" ? STDERR_FILENO : STDOUT_FILENO),
      shown_(output_, options_.style) {
    options_.quiet |= options_.recording == "-";
}

bool DocumentOutput::closed() const {
    return output_.closed() || (file_ && file_->closed());
}

Status DocumentOutput::unless_closed(Status status) const {
    return status || closed() ? success() : status;
}

size_t DocumentOutput::rows(size_t otherwise) const {
    return options_.top ? options_.top : otherwise;
}

Status DocumentOutput::begin(const Session &session) {
    notes_ = session.notes;
    if (!options_.recording.empty()) {
        auto file = RecordFile::create(options_.recording);
        if (!file)
            return file.error();
        file_.emplace(std::move(*file));
        DocumentStyle style;
        style.json = true;
        recorded_.emplace(*file_, style);
        auto begun = recorded_->begin(session);
        if (begun)
            begun = file_->flush();
        if (begun)
            begun = file_->works();
        if (!begun)
            return unless_closed(begun);
    }
    return unless_closed(shown_.begin(session));
}

Status DocumentOutput::redraw(const DocumentReport &so_far) {
    const Window window = window_of(output_.fd());
    const size_t taken = 4;  // title, header, a note; the cursor's
    const size_t fit = window.rows > taken + 1 ? window.rows - taken : 1;
    std::vector<Screen::Line> lines;
    for (const Section &section : so_far.cut(std::min(rows(fit), fit))) {
        if (!lines.empty())
            lines.emplace_back();
        if (!section.title.empty())
            lines.push_back({section.title, true});
        std::istringstream text(section_text(section, options_.style));
        for (std::string line; std::getline(text, line);)
            lines.push_back({line});
    }
    return screen_.draw(output_, lines, options_.style.colour);
}

Status DocumentOutput::show(const DocumentReport &so_far) {
    if (options_.style.json)
        return write_all(shown_, so_far.whole());
    if (isatty(output_.fd()) == 1)
        return redraw(so_far);
    return write_all(shown_, so_far.cut(rows(interval_rows)));
}

Status DocumentOutput::interval(const DocumentReport &so_far) {
    if (options_.quiet)
        return success();
    return unless_closed(show(so_far));
}

Status DocumentOutput::show_last(const DocumentReport &report) {
    if (options_.style.json)
        return write_all(shown_, report.whole());
    auto written = output_.write(screen_.cleared());
    if (written)
        written = write_all(shown_, report.cut(rows(final_rows)));
    const auto more = report.notes(rows(final_rows));
    notes_.insert(notes_.end(), more.begin(), more.end());
    for (const std::string &note : notes_)
        if (written)
            written = output_.write(wrap("note: ", note, kTextColumns));
    return written;
}

Status DocumentOutput::end(const DocumentReport &report, Losses losses) {
    if (recorded_) {
        auto written = write_all(*recorded_, report.whole());
        if (written)
            written = recorded_->end(losses);
        if (!written)
            return unless_closed(written);
        const Losses lost = lost_in(*file_, "recording", "lines");
        losses.insert(losses.end(), lost.begin(), lost.end());
    }
    auto written = show_last(report);
    return unless_closed(written ? shown_.end(losses) : written);
}

}  // namespace whydrop
