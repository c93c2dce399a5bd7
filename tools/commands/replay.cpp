// SPDX-License-Identifier: GPL-2.0-or-later
// Reads what was recorded, and says what the live commands would have said.
#include "engine/replay.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "commands/document_options.h"
#include "commands/outputs.h"
#include "commands/packet_options.h"
#include "engine/replay_trace.h"
#include "engine/signals.h"
#include "render/progress.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {
namespace {

struct Options {
    std::string file;
    ReplayOptions replay;
    std::vector<std::string> by, filter_words;
    std::string slice;
    DropOutputOptions output;
    bool no_header = false;
    TraceQuestion trace;
    std::vector<std::string> keys, sort;
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

// The words for histograms, as `hist` has them.
Status resolve_trace(Options &options) {
    TraceQuestion &trace = options.trace;
    trace.json = options.output.format == "json";
    trace.quiet = options.output.text.quiet;
    for (const std::string &word : options.keys) {
        auto key = parse_hist_key(word);
        if (!key)
            return key.error();
        trace.hist.keys.push_back(*key);
    }
    for (const std::string &word : options.sort) {
        const size_t dot = word.rfind('.');
        const bool rising = word.ends_with(".ascending");
        trace.hist.sort.push_back(
            {rising || word.ends_with(".descending") ? word.substr(0, dot) : word, !rising});
    }
    const bool of_hist = !trace.hist.values.empty() || !trace.hist.sort.empty() ||
                         !trace.hist.condition.empty() || trace.top;
    if (!trace.asks_for_hist() && of_hist)
        return Error{Errc::usage, "--val, --sort, --filter and --top belong to --key",
                     "--event skb:kfree_skb --key location.sym"};
    if (trace.asks_for_hist() && trace.list)
        return Error{Errc::usage, "--events lists, --key counts: one of both", ""};
    if (!trace.event.empty() && !trace.asks_for_hist() && !trace.list)
        return Error{Errc::usage, "--event chooses what --key counts or --events lists", ""};
    return success();
}

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
    if (auto asked = resolve_trace(options); !asked)
        return asked;
    options.replay.filter.packet = joined_filter(options.filter_words);
    options.output.text.style.header = !options.no_header;
    options.output.colour = invocation.colour;
    options.output.capture.filter = options.replay.filter.packet;
    return DropOutput::check(options.output);
}

Status replay(const Options &options, const ReplayOutput &output, const ReadingProgress &progress) {
    if (is_trace_file(options.file)) {
        auto file = TraceDat::open(options.file);
        return file ? replay_trace(**file, options.replay, options.trace, output, progress)
                    : Status(file.error());
    }
    auto recording = Recording::open(options.file);
    if (!recording)
        return recording.error();
    if (options.trace.list || !options.trace.event.empty() || options.trace.asks_for_hist())
        return Error{Errc::usage, "--event, --events and --key are for a trace.dat of trace-cmd",
                     "--by counts the drops of a recording"};
    return replay_recording(*recording, options.replay, output.sinks, output.document, progress);
}

Result<int> run(Options options, const Invocation &invocation) {
    if (auto resolved = resolve(options, invocation); !resolved)
        return resolved.error();
    DropOutput sinks(options.output);
    Output output(STDOUT_FILENO);
    const DocumentOptions shown{options.output.format, options.no_header,
                                options.output.text.style.wide};
    DocumentWriter document(output, style_of(shown, invocation));
    Bar bar(options.output);
    const ReadingProgress progress = [&bar](uint64_t bytes, uint64_t of_bytes) {
        bar(bytes, of_bytes);
    };
    auto replayed = replay(options, {sinks.sinks(), document, output}, progress);
    if (!replayed && !output.closed() && !sinks.closed())
        return replayed.error();
    return 0;
}

void add_what(CLI::App &app, Options &options) {
    app.add_option("FILE", options.file,
                   "A recording (-o FILE of a live command, or its -f json; -: stdin), or a "
                   "trace.dat of trace-cmd")
        ->type_name("FILE");
    const char *group = "What to count";
    const PacketWords words{"Drops", "drop", "", PacketEvent::drop, group};
    add_packet_filters(app, options.replay.filter, options.filter_words, words);
    app.add_option("--slice", options.slice,
                   "Only this part: seconds since the beginning (0.5,2), @ and a time of the "
                   "recording's clock, or local time (14:03:07,14:04); either may be empty")
        ->type_name("START,END")
        ->group(group);
    add_list(app, "--by", options.by,
             "Count by these keys, whatever it was counted by: reason, location, dev, netns, "
             "proto, flow, src, dst, stack, comm",
             "KEY,...")
        ->group(group);
}

void add_trace(CLI::App &app, Options &options) {
    const char *group = "Of a trace.dat";
    TraceQuestion &trace = options.trace;
    app.add_flag("--events", trace.list, "List each event, as trace-cmd report does")->group(group);
    app.add_option("--event", trace.event, "Count or list this event only: skb:kfree_skb")
        ->type_name("EVENT")
        ->group(group);
    add_list(app, "--key", options.keys,
             "Count it by these fields, as hist triggers do: name, len.log2, "
             "location.sym, common_pid.execname, stacktrace",
             "FIELD,...")
        ->group(group);
    add_list(app, "--val", trace.hist.values, "Add these fields up", "FIELD,...")->group(group);
    add_list(app, "--sort", options.sort, "By these keys and values (default hitcount)",
             "FIELD,...")
        ->group(group);
    app.add_option("--filter", trace.hist.condition,
                   "Only events for which this is true, as in the kernel's filters: len > 100")
        ->type_name("CONDITION")
        ->group(group);
    app.add_option("--top", trace.top, "Show so many rows")->type_name("N")->group(group);
}

void add_output(CLI::App &app, Options &options) {
    add_outputs(app, options.output);
    app.add_flag("--all", options.output.text.style.show_folded,
                 "Show the drops of normal operation too, instead of folding them")
        ->group(output_group);
    app.add_option("--rules", options.replay.rules,
                   "Explain anew, with more rules (*.yaml) from this directory")
        ->type_name("DIR")
        ->allow_extra_args(false)
        ->group(output_group);
    add_shown(app, options.output, options.no_header,
              "Show what was observed, and how, before the report");
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    add_what(app, *options);
    add_trace(app, *options);
    add_output(app, *options);
    add_examples(
        app, {{"whydrop replay run.jsonl", "the report of 'whydrop drops -o run.jsonl' again"},
              {"whydrop replay run.jsonl --by flow", "another table of a run with --each"},
              {"whydrop replay run.jsonl --slice 2,3.5 'udp port 53'", "a second and a half of it"},
              {"whydrop replay run.jsonl --pcapng lost.pcapng", "its packets for Wireshark"},
              {"ssh host whydrop drops -o - | whydrop replay -", "explained here"},
              {"whydrop replay trace.dat", "what trace-cmd record saw: events, received, dropped"},
              {"whydrop replay trace.dat --event net:netif_receive_skb --key name --val len",
               "packets and bytes by device"}});
    return [options](const Invocation &invocation) -> Result<int> {
        if (options->file.empty())
            return Error{Errc::usage, "no recording is given", "whydrop replay FILE"};
        std::optional<FirstInterruptIsForTheWriter> first;
        if (options->file == "-")
            first.emplace();
        return run(*options, invocation);
    };
}

}  // namespace

extern const Command replay_command{
    "replay", "Read a recording, and say what the live command said", false, setup};

}  // namespace whydrop
