// SPDX-License-Identifier: GPL-2.0-or-later
// Prints scripts for machines where only bpftrace or BCC is.
#include "engine/script.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <sstream>

#include "commands/command.h"
#include "commands/document_options.h"
#include "commands/packet_options.h"
#include "model/text.h"
#include "source/kernel_btf.h"
#include "source/tracefs/event_format.h"
#include "sys/tracefs.h"

namespace whydrop {
namespace {

struct Options {
    ScriptRequest script;
    std::vector<std::string> by, words;
    std::string format_file;
    DocumentOptions list;
};

// As an event's format names reasons: without SKB_DROP_REASON_.
Result<ScriptKernel> from_format(const std::string &text) {
    const auto format = parse_event_format(text);
    if (!format)
        return format.error();
    ScriptKernel kernel;
    const EventField *reason = format->field("reason");
    kernel.has_reasons = reason != nullptr;
    if (reason)
        for (const auto &[code, name] : reason->names)
            kernel.reasons.add_core("SKB_DROP_REASON_" + name, static_cast<uint32_t>(code));
    kernel.reasons.sort();
    return kernel;
}

Result<ScriptKernel> from_file(const std::string &path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file)
        return Error{Errc::usage, "cannot read " + path,
                     "--event-format takes a copy of events/skb/kfree_skb/format"};
    auto kernel = from_format(text.str());
    if (!kernel)
        return Error{Errc::usage, path + " is no format of an event",
                     "--event-format takes a copy of events/skb/kfree_skb/format"};
    return kernel;
}

// BTF, which everybody may read; without it what tracefs says.
Result<ScriptKernel> of_this_kernel() {
    KernelBtf btf;
    if (btf.load())
        return ScriptKernel{btf.has_reasons(), btf.reasons()};
    const auto tracefs = TraceFs::find();
    const auto text = tracefs ? tracefs->top().read("events/skb/kfree_skb/format")
                              : Result<std::string>(tracefs.error());
    return text ? from_format(*text) : Result<ScriptKernel>(text.error());
}

Result<std::string> script_of(Options options, const Invocation &invocation) {
    const auto keys = parse_group_keys(options.by, PacketEvent::drop);
    if (!keys)
        return keys.error();
    options.script.by = *keys;
    options.script.command_line = invocation.command_line;
    options.script.words = joined_filter(options.words);
    Result<ScriptKernel> kernel = ScriptKernel{};
    if (!options.format_file.empty())
        kernel = from_file(options.format_file);
    else if (script_needs_kernel(options.script))
        kernel = of_this_kernel();
    return kernel ? make_script(options.script, *kernel) : Result<std::string>(kernel.error());
}

Result<int> run(const Options &options, const Invocation &invocation) {
    Output output(STDOUT_FILENO);
    Status shown = success();
    if (options.script.tool.empty()) {
        shown = DocumentWriter(output, style_of(options.list, invocation)).write(script_list());
    } else {
        const auto script = script_of(options, invocation);
        if (!script)
            return script.error();
        shown = output.write(*script);
    }
    if (shown)
        shown = output.flush();
    if (!shown && !output.closed())
        return shown.error();
    return 0;
}

void add_filters(CLI::App &app, Options &options) {
    const char *group = "What the script counts";
    ScriptRequest &script = options.script;
    add_reason_filter(app, script.reasons, group);
    app.add_option("-i,--iface", script.iface, "Events of this device (of drops, name or index)")
        ->type_name("IFACE")
        ->group(group);
    app.add_option("-p,--pid", script.pid, "Events while this process was running")
        ->type_name("PID")
        ->group(group);
    app.add_option("--comm", script.comm, "The same by the process's name")
        ->type_name("NAME")
        ->group(group);
    add_list(app, "--by", options.by,
             "Count drops by these keys: " + group_key_names(PacketEvent::drop), "KEY,...")
        ->group(group);
    app.add_option("-d,--duration", script.duration_s,
                   "End after this time (default: as the script is told, else at Ctrl-C)")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, 1000000))
        ->group(group);
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    app.add_option("TOOL", options->script.tool, "bpftrace or bcc")->type_name("TOOL");
    app.add_option("KIND", options->script.kind, "Which script; without, they are listed")
        ->type_name("KIND");
    app.add_option(
           "FILTER", options->words,
           "Of drops: packets by host, net, port and protocol, as in pcap-filter(7), joined "
           "by 'and'; of called: the function")
        ->type_name("FILTER");
    add_filters(app, *options);
    app.add_option("--event-format", options->format_file,
                   "For another kernel: a copy of its events/skb/kfree_skb/format")
        ->type_name("FILE");
    add_document_options(app, options->list, "The list of what there is");
    add_examples(app,
                 {{"whydrop script", "what there is"},
                  {"whydrop script bpftrace drops | bpftrace - 10", "drops with their reasons"},
                  {"whydrop script bpftrace drops -i eth0 --by flow,reason udp port 53",
                   "DNS that eth0 loses, by flow"},
                  {"whydrop script bpftrace called ipt_do_table -d 5", "was it called"},
                  {"whydrop script bcc drops > drops.py", "for a kernel without BTF"}});
    return [options](const Invocation &invocation) { return run(*options, invocation); };
}

}  // namespace

extern const Command script_command{
    "script", "Print a script for bpftrace or BCC that answers a question alone", false, setup};

}  // namespace whydrop
