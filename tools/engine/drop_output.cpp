// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/drop_output.h"

#include <unistd.h>

#include <algorithm>

#include "render/json_lines.h"
#include "render/recording.h"

namespace whydrop {

namespace {

std::unique_ptr<Sink> shown(const DropOutputOptions &options, Output &output) {
    if (options.format == "json")
        return std::make_unique<JsonLinesSink>(output, options.text.quiet || !options.text.each);
    TextOptions text = options.text;
    text.style.colour = use_colour(options.colour, output.fd());
    text.live = options.live && !options.stdout_taken() && isatty(output.fd()) == 1;
    text.quiet |= options.stdout_taken();
    return std::make_unique<TextSink>(output, text);
}

}  // namespace

Status DropOutput::check(const DropOutputOptions &options) {
    const bool two = options.capture.path == "-" && options.recording == "-";
    if (two || (options.stdout_taken() && options.format == "json"))
        return Error{Errc::usage, "two outputs cannot share stdout",
                     "give one of --pcapng, -o and -f json a file"};
    const CaptureOptions &capture = options.capture;
    if (capture.rotate_bytes && (capture.path.empty() || capture.path == "-"))
        return Error{Errc::usage, "-C begins new files, and there is none",
                     "--pcapng FILE names them"};
    if (capture.files && !capture.rotate_bytes)
        return Error{Errc::usage, "-W says how many files -C may make, and there is no -C", ""};
    return success();
}

DropOutput::DropOutput(const DropOutputOptions &options)
    : output_(options.stdout_taken() ? STDERR_FILENO : STDOUT_FILENO) {
    sinks_.push_back(shown(options, output_));
    if (!options.capture.path.empty())
        sinks_.push_back(std::make_unique<PcapngSink>(options.capture));
    if (!options.recording.empty())
        sinks_.push_back(std::make_unique<RecordingSink>(options.recording));
}

std::vector<Sink *> DropOutput::sinks() const {
    std::vector<Sink *> all;
    for (const auto &sink : sinks_)
        all.push_back(sink.get());
    return all;
}

bool DropOutput::closed() const {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [](const auto &sink) { return sink->closed(); });
}

}  // namespace whydrop
