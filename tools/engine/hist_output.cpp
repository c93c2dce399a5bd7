// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_output.h"

#include <unistd.h>

#include <sstream>

#include "render/drop_text.h"
#include "render/recording.h"
#include "render/words.h"

namespace whydrop {

namespace {

// An interval is a glance: the end has the rest.
constexpr size_t interval_rows = 20, final_rows = 100;

Section titled(const HistReport &report) {
    Section section = hist_section(report.histogram, report.view);
    section.title = hist_title(report);
    return section;
}

// For programs: all there is.
Status write_lines(DocumentWriter &writer, const HistReport &report) {
    HistView all = report.view;
    all.top = 0;
    auto written = writer.write(hist_summary(report));
    return written ? writer.write(hist_section(report.histogram, all)) : written;
}

}  // namespace

Status HistOutput::check(const HistOutputOptions &options) {
    if (options.recording == "-" && options.style.json)
        return Error{Errc::usage, "two outputs cannot share stdout",
                     "give one of -o and -f json a file"};
    return success();
}

HistOutput::HistOutput(HistOutputOptions options)
    : options_(std::move(options)),
      output_(options_.recording == "-" ? STDERR_FILENO : STDOUT_FILENO),
      shown_(output_, options_.style) {
    options_.quiet |= options_.recording == "-";
}

bool HistOutput::closed() const {
    return output_.closed() || (file_ && file_->closed());
}

Status HistOutput::unless_closed(Status status) const {
    return status || closed() ? success() : status;
}

Status HistOutput::begin(const Session &session) {
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

Status HistOutput::redraw(const HistReport &so_far) {
    const Window window = window_of(output_.fd());
    const size_t taken = 4;  // title, header, a note; the cursor's
    HistReport fitting = so_far;
    const size_t fit = window.rows > taken + 1 ? window.rows - taken : 1;
    fitting.view.top = so_far.view.top ? std::min(so_far.view.top, fit) : fit;
    std::vector<Screen::Line> lines = {{hist_title(fitting), true}};
    std::istringstream text(
        section_text(hist_section(fitting.histogram, fitting.view), options_.style));
    for (std::string line; std::getline(text, line);)
        lines.push_back({line});
    return screen_.draw(output_, lines, options_.style.colour);
}

Status HistOutput::show(const HistReport &so_far) {
    if (options_.style.json)
        return write_lines(shown_, so_far);
    if (isatty(output_.fd()) == 1)
        return redraw(so_far);
    HistReport glance = so_far;
    if (glance.view.top == 0)
        glance.view.top = interval_rows;
    return shown_.write(titled(glance));
}

Status HistOutput::interval(const HistReport &so_far) {
    if (options_.quiet)
        return success();
    return unless_closed(show(so_far));
}

Status HistOutput::end(const HistReport &report, Losses losses) {
    if (recorded_) {
        auto written = write_lines(*recorded_, report);
        if (written)
            written = recorded_->end(losses);
        if (!written)
            return unless_closed(written);
        const Losses lost = lost_in(*file_, "recording", "lines");
        losses.insert(losses.end(), lost.begin(), lost.end());
    }
    if (options_.style.json) {
        auto written = write_lines(shown_, report);
        return unless_closed(written ? shown_.end(losses) : written);
    }
    HistReport last = report;
    if (last.view.top == 0)
        last.view.top = final_rows;
    auto written = output_.write(screen_.cleared());
    if (written)
        written = shown_.write(titled(last));
    for (const auto &more : {hist_notes(last.histogram, last.view), last.notes})
        notes_.insert(notes_.end(), more.begin(), more.end());
    for (const std::string &note : notes_)
        if (written)
            written = output_.write(wrap("note: ", note, kTextColumns));
    return unless_closed(written ? shown_.end(losses) : written);
}

}  // namespace whydrop
