// SPDX-License-Identifier: GPL-2.0-or-later
// Reads what was recorded, and says what the live commands would have said.
#include "engine/replay.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "commands/outputs.h"
#include "render/progress.h"

namespace whydrop {
namespace {

struct Options {
    std::string file;
    ReplayOptions replay;
    std::vector<std::string> by, filter_words;
    std::string slice;
    DropOutputOptions output;
    bool no_header = false;
};

// On a terminal's stderr, when it takes long and nothing else is drawn there.
class Bar {
  public:
    explicit Bar(const DropOutputOptions &output) {
        const bool drawn_on = !output.stdout_taken() && isatty(STDOUT_FILENO) == 1;
        if (isatty(STDERR_FILENO) == 1 && !drawn_on)
            line_.emplace(STDERR_FILENO);
    }
    void operator()(uint64_t bytes, uint64_t of_bytes) {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
        if (line_ && of_bytes && passed.count() > 0.5)
            line_->draw({bytes, of_bytes, passed.count()});
    }

  private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::optional<ProgressLine> line_;
};

Status resolve(Options &options, const Invocation &invocation) {
    if (!options.by.empty()) {
        auto keys = parse_group_keys(options.by, PacketEvent::drop);
        if (!keys)
            return keys.error();
        options.replay.by = *keys;
        options.output.text.each = false;
    }
    if (!options.slice.empty()) {
        auto slice = Slice::parse(options.slice);
        if (!slice)
            return slice.error();
        options.replay.slice = *slice;
    }
    options.replay.filter.packet = joined_filter(options.filter_words);
    options.output.text.style.header = !options.no_header;
    options.output.colour = invocation.colour;
    options.output.capture.filter = options.replay.filter.packet;
    return DropOutput::check(options.output);
}

Result<int> run(Options options, const Invocation &invocation) {
    if (auto resolved = resolve(options, invocation); !resolved)
        return resolved.error();
    auto recording = Recording::open(options.file);
    if (!recording)
        return recording.error();
    DropOutput sinks(options.output);
    Output output(STDOUT_FILENO);
    DocumentStyle style;
    style.json = options.output.format == "json";
    style.header = !options.no_header;
    style.wide = options.output.text.style.wide;
    style.colour = use_colour(invocation.colour, STDOUT_FILENO);
    DocumentWriter document(output, style);
    Bar bar(options.output);
    auto replayed =
        replay_recording(*recording, options.replay, sinks.sinks(), document,
                         [&bar](uint64_t bytes, uint64_t of_bytes) { bar(bytes, of_bytes); });
    if (!replayed && !output.closed())
        return replayed.error();
    return 0;
}

void add_what(CLI::App &app, Options &options) {
    app.add_option("FILE", options.file,
                   "The recording (-o FILE of a live command, or its -f json); -: stdin")
        ->type_name("FILE");
    const char *group = "What to count";
    add_drop_filters(app, options.replay.filter, options.filter_words, group);
    app.add_option("--slice", options.slice,
                   "Only this part: seconds since the beginning (0.5,2), @ and a time of the "
                   "recording's clock, or local time (14:03:07,14:04); either may be empty")
        ->type_name("START,END")
        ->group(group);
    app.add_option("--by", options.by,
                   "Count by these keys, whatever it was counted by: reason, location, dev, netns, "
                   "proto, flow, src, dst, stack, comm")
        ->type_name("KEY,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group(group);
}

void add_output(CLI::App &app, Options &options) {
    const char *group = "What to show and keep";
    add_outputs(app, options.output, group);
    app.add_flag("--all", options.output.text.style.show_folded,
                 "Show the drops of normal operation too, instead of folding them")
        ->group(group);
    app.add_option("--rules", options.replay.rules,
                   "Explain anew, with more rules (*.yaml) from this directory")
        ->type_name("DIR")
        ->allow_extra_args(false)
        ->group(group);
    app.add_flag("--no-header", options.no_header, "Tables without their header")->group(group);
    app.add_flag("--wide", options.output.text.style.wide,
                 "More than 100 columns where it takes them")
        ->group(group);
    app.add_flag("-q,--quiet", options.output.text.quiet, "Only the summary at the end")
        ->group(group);
    app.add_flag("-v,--verbose", options.output.text.style.verbose,
                 "Show what was observed, and how, before the report")
        ->group(group);
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    add_what(app, *options);
    add_output(app, *options);
    add_examples(
        app, {{"whydrop replay run.jsonl", "the report of 'whydrop drops -o run.jsonl' again"},
              {"whydrop replay run.jsonl --by flow", "another table of a run with --each"},
              {"whydrop replay run.jsonl --slice 2,3.5 'udp port 53'", "a second and a half of it"},
              {"whydrop replay run.jsonl --pcapng lost.pcapng", "its packets for Wireshark"},
              {"ssh host whydrop drops -o - | whydrop replay -", "explained here"}});
    return [options](const Invocation &invocation) -> Result<int> {
        if (options->file.empty())
            return Error{Errc::usage, "no recording is given", "whydrop replay FILE"};
        return run(*options, invocation);
    };
}

}  // namespace

extern const Command replay_command{
    "replay", "Read a recording, and say what the live command said", false, setup};

}  // namespace whydrop
