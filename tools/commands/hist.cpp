// SPDX-License-Identifier: GPL-2.0-or-later
// A histogram of any trace event, kept by the kernel itself.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <sstream>

#include "codec/hist_json.h"
#include "commands/command.h"
#include "commands/report_run.h"
#include "engine/hist_diff.h"
#include "engine/hist_presets.h"
#include "engine/hist_question.h"
#include "engine/hist_run.h"
#include "render/drop_text.h"
#include "render/words.h"

namespace whydrop {
namespace {

struct Options {
    HistWords words;
    bool list = false;
    std::vector<std::string> diff;  // two recordings
    ReportRun report;
};

Result<int> shown(Status status, const Output &output) {
    if (!status && !output.closed())
        return status.error();
    return 0;
}

std::string name_of(const HistPreset &preset) {
    return preset.name + (preset.argument ? std::string(" ") + preset.argument : "");
}

Section preset_list() {
    Section section;
    section.type = "hist_preset";
    section.title = "presets";
    section.columns = {{"preset", "PRESET"}, {"event", "EVENT"}, {"answers", "ANSWERS"}};
    for (const HistPreset &preset : hist_presets())
        section.rows.push_back(
            {name_of(preset), std::string(preset.event), std::string(preset.answers)});
    return section;
}

// All events, or those whose name has `part` in it.
Result<Section> event_list(const std::string &part) {
    auto fs = TraceFs::find();
    if (!fs)
        return fs.error();
    auto events = fs->events();
    if (!events)
        return events.error();
    Section section;
    section.type = "event";
    section.title = "events of this kernel";
    section.columns = {{"event", "EVENT"}};
    section.if_empty = "this kernel has no event with '" + part + "' in its name";
    for (const TraceEvent &event : *events)
        if (event.text().find(part) != std::string::npos)
            section.rows.push_back({event.text()});
    return section;
}

Result<int> list(const Options &options, const Invocation &invocation) {
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.report.document, invocation));
    if (auto written = writer.write(preset_list()); !written)
        return shown(written, output);
    const auto events = event_list(options.words.event);
    if (!events)
        return events.error();
    return shown(writer.write(*events), output);
}

Result<RecordedHist> read_recording(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file.is_open() && file.peek() != std::ifstream::traits_type::eof())
        text << file.rdbuf();
    if (!file)
        return errno_error("cannot read " + path, errno);
    auto hist = read_hist_lines(text.str());
    if (!hist)
        return Error{hist.error().code, path + ": " + hist.error().what, hist.error().hint};
    return hist;
}

Result<int> diff(const Options &options, const Invocation &invocation) {
    const auto before = read_recording(options.diff[0]);
    if (!before)
        return before.error();
    const auto after = read_recording(options.diff[1]);
    if (!after)
        return after.error();
    auto section = hist_diff(*before, *after);
    if (!section)
        return section.error();
    section->shown = options.report.top;
    Output output(STDOUT_FILENO);
    const DocumentStyle style = style_of(options.report.document, invocation);
    auto written = DocumentWriter(output, style).write(*section);
    for (const std::string &note : hist_diff_notes(*before, *after))
        if (written && !style.json)
            written = output.write(wrap("note: ", note, kTextColumns));
    return shown(written ? output.flush() : written, output);
}

Status check(const Options &options, const Invocation &invocation) {
    const bool pairs = !options.words.from.empty();
    if (options.words.event.empty() && !pairs)
        return Error{Errc::usage, "no event is given", "'whydrop hist --list' shows them"};
    if (options.words.own && invocation.observed.empty())
        return Error{Errc::usage, "--own is about the command after --, and there is none",
                     "whydrop hist EVENT --own -- COMMAND ARG..."};
    return success();
}

Result<int> run(const Options &options, const Invocation &invocation) {
    if (options.list)
        return list(options, invocation);
    if (!options.diff.empty())
        return diff(options, invocation);
    if (auto checked = check(options, invocation); !checked)
        return checked.error();
    const auto where = options.report.output(invocation);
    if (!where)
        return where.error();
    const auto fs = TraceFs::find();
    if (!fs)
        return fs.error();
    auto question = hist_question(*fs, options.words);
    if (!question)
        return question.error();
    HistRunOptions run;
    run.question = std::move(*question);
    run.own = options.words.own;
    run.stop_after = options.report.length.count;
    run.time = options.report.time(invocation);
    run.command_line = invocation.command_line;
    DocumentOutput output(*where);
    return run_hist(*fs, run, output);
}

std::string preset_names() {
    std::string names;
    for (const HistPreset &preset : hist_presets())
        names += (names.empty() ? "" : ", ") + name_of(preset);
    return names;
}

void add_what(CLI::App &app, Options &options) {
    HistWords &words = options.words;
    const char *group = "What to count";
    app.add_option("EVENT", words.event,
                   "A trace event (net:netif_receive_skb), or a preset: " + preset_names())
        ->type_name("EVENT")
        ->group(group);
    app.add_option("ARGUMENT", words.argument, "What the preset takes")
        ->type_name("ARGUMENT")
        ->group(group);
    app.add_option("--filter", words.filter,
                   "Only events of which this is true: len > 1500 && name == eth0")
        ->type_name("CONDITION")
        ->group(group);
    app.add_flag("--own", options.words.own, "Only what runs as COMMAND or its children")
        ->group(group);
    app.add_option("--start-on", words.start_on,
                   "Count from this event on: exec:PATH, exit:COMM, or EVENT if CONDITION")
        ->type_name("WHEN")
        ->group(group);
    app.add_option("--stop-on", words.stop_on, "Count until this event; as --start-on")
        ->type_name("WHEN")
        ->group(group);
    app.add_option("--from", words.from, "The time from this event to another, in powers of two")
        ->type_name("EVENT")
        ->group(group);
    app.add_option("--to", words.to, "The other one")->type_name("EVENT")->group(group);
    app.add_option("--on", words.on, "The field by which they belong together (skbaddr)")
        ->type_name("FIELD,...")
        ->group(group);
    app.add_flag("--list", options.list,
                 "Show the presets, and the events with EVENT in their name")
        ->group(group);
    app.add_option("--diff", options.diff,
                   "Compare two recordings (-o): one from before, one from after")
        ->type_name("FILE")
        ->expected(2)
        ->group(group);
}

void add_how(CLI::App &app, Options &options) {
    HistWords &words = options.words;
    const char *group = "How to count";
    add_list(app, "--key", words.keys,
             "Count by these fields, at most 3; .hex .sym .sym-offset .log2 .buckets=N .execname "
             ".syscall .usecs say how",
             "KEY,...")
        ->group(group);
    add_list(app, "--val", words.values, "Sum these fields, at most 2", "FIELD,...")->group(group);
    add_list(app, "--sort", words.sort,
             "Rank by these: hitcount (the default), values, keys; .ascending and .descending "
             "turn them",
             "NAME,...")
        ->group(group);
    app.add_flag("-s,--stack", words.stack, "Count by kernel stack too")->group(group);
    app.add_option("--size", words.size, "Entries the kernel has room for (default 2048)")
        ->type_name("N")
        ->check(CLI::Range(1, 131072))
        ->group(group);
}

void add_output(CLI::App &app, Options &options) {
    const char *group = "What to show and keep";
    add_top(app, options.report);
    app.add_flag("--percent", options.words.percent, "Shares of the sums too")->group(group);
    add_report_output(app, options.report);
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    add_what(app, *options);
    add_how(app, *options);
    add_run_length(app, options->report.length, "Stop when N events or more were counted");
    add_output(app, *options);
    add_examples(
        app,
        {{"whydrop hist drops", "why and where packets are lost, until Ctrl-C"},
         {"whydrop hist net:netif_receive_skb --key skbaddr.hex --val len -d 5",
          "each packet received in five seconds, and its bytes"},
         {"whydrop hist kmalloc -- ls", "who takes memory while ls runs, by bytes"},
         {"whydrop hist net:netif_receive_skb --key len.log2 --filter 'name == eth0'",
          "how long the packets are that eth0 receives"},
         {"whydrop hist net:netif_receive_skb -s --start-on exec:/usr/bin/wget --stop-on exit:wget",
          "ways of receiving, counted while wget lives"},
         {"whydrop hist --from netif_receive_skb --to consume_skb --on skbaddr",
          "how long packets live, from their reception to their end"},
         {"whydrop hist --diff monday.json tuesday.json",
          "what has changed between two recordings"},
         {"whydrop hist --list skb", "presets, and events that are about skb"}});
    return [options](const Invocation &invocation) { return run(*options, invocation); };
}

}  // namespace

extern const Command hist_command{
    "hist", "Count any trace event by its fields, in the kernel, and rank what was counted", true,
    setup};

}  // namespace whydrop
