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
    const bool two = options.recording == "-" && options.stdout_taken;
    if (two || ((options.recording == "-" || options.stdout_taken) && options.style.json))
        return Error{Errc::usage, "two outputs cannot share stdout",
                     "give one of -o and -f json a file"};
    return success();
}

DocumentOutput::DocumentOutput(DocumentOutputOptions options)
    : options_(std::move(options)),
      output_(options_.recording == "-" || options_.stdout_taken ? STDERR_FILENO : STDOUT_FILENO),
      shown_(output_, options_.style) {
    options_.quiet |= options_.recording == "-" || options_.stdout_taken;
}

bool DocumentOutput::closed() const {
    return output_.closed() || (file_ && file_->closed());
}

Status DocumentOutput::unless_closed(const Status &status) const {
    return status || closed() ? success() : status;
}

// Text has so many rows, or as many as were asked for.
void DocumentOutput::limit(std::vector<Section> &sections, size_t rows) const {
    for (Section &section : sections)
        section.shown = options_.top ? options_.top : rows;
}

Status DocumentOutput::begin(const Session &session) {
    if (!options_.recording.empty()) {
        auto file = RecordFile::create(options_.recording);
        if (!file)
            return file.error();
        file_.emplace(std::move(*file));
        DocumentStyle style;
        style.json = style.heads = true;
        recorded_.emplace(*file_, style);
        auto begun = recorded_->begin(session);
        if (begun)
            begun = file_->flush();
        if (begun)
            begun = file_->works();
        if (!begun)
            return unless_closed(begun);
    }
    // Who reads it knows from here on that it is observed.
    auto begun = shown_.begin(session);
    return unless_closed(begun ? output_.flush() : begun);
}

Status DocumentOutput::redraw(std::vector<Section> so_far) {
    const size_t taken = 5;  // title, header, what is cut, a note; the cursor's
    const Window window = window_of(output_.fd());
    const size_t fit = window.rows > taken + 1 ? window.rows - taken : 1;
    limit(so_far, fit);
    DocumentStyle style = options_.style;
    style.columns = std::min(style.columns, window.columns);
    std::vector<Screen::Line> lines;
    for (Section &section : so_far) {
        section.shown = std::min(section.shown, fit);
        const bool says_nothing = section.rows.empty() && section.if_empty.empty();
        if (says_nothing || section.shape == SectionShape::notes || is_of_json(section))
            continue;
        if (!lines.empty())
            lines.emplace_back();
        if (!section.title.empty())
            lines.push_back({section.title, true});
        std::istringstream text(section_text(section, style));
        for (std::string line; std::getline(text, line);)
            lines.push_back({line});
    }
    return screen_.draw(output_, lines, style.colour);
}

Status DocumentOutput::interval(std::vector<Section> so_far) {
    if (options_.quiet)
        return success();
    if (!options_.style.json && isatty(output_.fd()) == 1)
        return unless_closed(redraw(std::move(so_far)));
    if (!options_.style.json)
        std::erase_if(so_far, [](const Section &section) {
            return section.shape == SectionShape::notes;  // the end has them
        });
    limit(so_far, interval_rows);
    return unless_closed(write_all(shown_, so_far));
}

Status DocumentOutput::more(const Section &section) {
    if (recorded_)
        if (auto written = recorded_->more(section); !written)
            return unless_closed(written);
    return options_.quiet ? success() : unless_closed(shown_.more(section));
}

Status DocumentOutput::end(Document report) {
    limit(report.sections, final_rows);
    if (recorded_) {
        auto written = write_all(*recorded_, report.sections);
        if (written)
            written = recorded_->end(report.losses);
        if (!written)
            return unless_closed(written);
        const Losses lost = lost_in(*file_, "recording", "lines");
        report.losses.insert(report.losses.end(), lost.begin(), lost.end());
    }
    if (!options_.style.json)
        if (auto cleared = output_.write(screen_.cleared()); !cleared)
            return unless_closed(cleared);
    auto written = write_all(shown_, report.sections);
    return unless_closed(written ? shown_.end(report.losses) : written);
}

}  // namespace whydrop
