// SPDX-License-Identifier: GPL-2.0-or-later
// What a dead kernel left: a report, or one part of it in full.
#include "source/vmcore/vmcore.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "commands/command.h"
#include "commands/document_options.h"
#include "commands/vmcore_parts.h"
#include "render/document.h"

namespace whydrop {
namespace {

struct Options {
    std::string core, what, where;
    DocumentOptions document;
    bool all = false, blocked = false;
    uint64_t count = 8;
    DebugWanted debug;
};

using Show = std::function<Status(Vmcore &core, DocumentWriter &writer, const Options &options)>;

constexpr size_t last_lines = 20;  // of the log in a report

Status write_all(DocumentWriter &writer, const std::vector<std::function<Section()>> &parts) {
    for (const auto &part : parts)
        if (auto written = writer.write(part()); !written)
            return written;
    return success();
}

// The order of a report. What takes long comes last; each part is shown when it is there.
Status report(Vmcore &core, DocumentWriter &writer, const Options &) {
    return write_all(writer,
                     {[&] { return core.summary(); }, [&] { return core.log(last_lines); },
                      [&] { return core.running(); }, [&] { return core.blocked(); },
                      [&] { return core.modules(); }, [&] { return core.devices(); },
                      [&] { return core.device_drops(); }, [&] { return core.qdiscs(); },
                      [&] { return core.softnet(); }, [&] { return core.napi(false); },
                      [&] { return core.works(); }, [&] { return core.waits(); },
                      [&] { return core.bpf_programs(); }, [&] { return core.bpf_maps(); }});
}

Status write(DocumentWriter &writer, const Result<Section> &section) {
    return section ? writer.write(*section) : Status(section.error());
}

Status backtraces(Vmcore &core, DocumentWriter &writer, const Options &options) {
    if (options.blocked)
        return writer.write(core.blocked());
    if (options.all)
        return write(writer, core.backtraces({}));
    if (options.what.empty())
        return writer.write(core.running());
    char *end = nullptr;
    const int64_t pid = std::strtoll(options.what.c_str(), &end, 10);
    if (*end)
        return Error{Errc::usage, "'" + options.what + "' is no pid", "-a shows all tasks"};
    return write(writer, core.backtraces(pid));
}

Status network(Vmcore &core, DocumentWriter &writer, const Options &) {
    return write_all(writer, {[&] { return core.devices(); }, [&] { return core.device_drops(); },
                              [&] { return core.qdiscs(); }, [&] { return core.softnet(); },
                              [&] { return core.napi(true); }});
}

Status work(Vmcore &core, DocumentWriter &writer, const Options &) {
    return write_all(writer, {[&] { return core.works(); }, [&] { return core.waits(); }});
}

Status bpf(Vmcore &core, DocumentWriter &writer, const Options &options) {
    if (!options.what.empty())
        return write(writer, core.bpf_map(options.what));
    return write_all(writer,
                     {[&] { return core.bpf_programs(); }, [&] { return core.bpf_maps(); }});
}

struct Part {
    const char *name, *summary;
    Show show;
    const char *argument = nullptr, *argument_help = nullptr;
    bool required = false;
};

const std::vector<Part> parts = {
    {"summary", "The first block of the report alone",
     [](Vmcore &core, DocumentWriter &writer, const Options &) {
         return writer.write(core.summary());
     }},
    {"log", "The kernel's log",
     [](Vmcore &core, DocumentWriter &writer, const Options &) {
         return writer.write(core.log(0));
     }},
    {"bt", "Backtraces: of each CPU, of one task, -a of all, -b of the blocked ones", backtraces,
     "PID", "Of this task"},
    {"ps", "The tasks",
     [](Vmcore &core, DocumentWriter &writer, const Options &) {
         return writer.write(core.tasks());
     }},
    {"mod", "The modules",
     [](Vmcore &core, DocumentWriter &writer, const Options &) {
         return writer.write(core.modules());
     }},
    {"net", "Devices, queueing disciplines, softnet, NAPI", network},
    {"work", "Works that run or wait, and who waits for them", work},
    {"bpf", "BPF programs and maps, or what a map held", bpf, "MAP", "A map's name or number"},
    {"sym", "A symbol's address, or the symbol at an address",
     [](Vmcore &core, DocumentWriter &writer, const Options &options) {
         return write(writer, core.symbol(options.what));
     },
     "SYMBOL", "A name, a name and a distance (name+0x10), or an address", true},
    {"struct", "A type's members, and what they held",
     [](Vmcore &core, DocumentWriter &writer, const Options &options) {
         return write(writer, core.structure(options.what, options.where));
     },
     "TYPE", "The tag of a structure or union", true},
    {"rd", "Words of memory",
     [](Vmcore &core, DocumentWriter &writer, const Options &options) {
         return write(writer, core.words(options.what, options.count));
     },
     "ADDRESS", "Where they begin: an address or a symbol", true},
    {"info", "What the file says of itself",
     [](Vmcore &core, DocumentWriter &writer, const Options &) {
         return writer.write(core.info());
     }},
};

Result<int> run(const Options &options, const Show &show, const Invocation &invocation) {
    auto core = Vmcore::open(options.core, options.debug);
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.document, invocation));
    if (!core) {
        // What the file itself says is all that can be had of a damaged one.
        if (core.error().code == Errc::failed)
            if (const auto info = Vmcore::info_without_kernel(options.core))
                (void)writer.write(*info).ok();
        return core.error();
    }
    auto shown = show(*core, writer, options);
    if (shown)
        shown = writer.end(core->losses());
    if (!shown && !output.closed())
        return shown.error();
    return 0;
}

void add_common(CLI::App &app, Options &options) {
    add_document_options(app, options.document);
    add_debug_options(app, options.debug);
}

CLI::App *add_part(CLI::App &app, const Part &part, Options &options) {
    CLI::App *sub = app.add_subcommand(part.name, part.summary);
    sub->add_option("CORE", options.core, "The dump")->required();
    if (part.argument) {
        auto *argument = sub->add_option(part.argument, options.what, part.argument_help);
        if (part.required)
            argument->required();
    }
    const std::string name = part.name;
    if (name == "struct")
        sub->add_option("ADDRESS", options.where, "Where one is: an address or a symbol");
    if (name == "rd")
        sub->add_option("COUNT", options.count, "Words of eight bytes")->capture_default_str();
    if (name == "bt") {
        sub->add_flag("-a,--all", options.all, "All tasks");
        sub->add_flag("-b,--blocked", options.blocked, "Tasks in the D state, by equal stacks");
    }
    add_common(*sub, options);
    return sub;
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    app.add_option("CORE", options->core, "The dump: a file, or /proc/vmcore");
    add_common(app, *options);
    std::vector<Subcommand> nested;
    for (const Part &part : parts)
        nested.push_back({add_part(app, part, *options), [options, &part](const Invocation &call) {
                              return run(*options, part.show, call);
                          }});
    nested.push_back(add_vmcore_list(app));
    nested.push_back(add_vmcore_crash(app));
    nested.push_back(add_vmcore_save(app));
    app.require_subcommand(0, 1);
    add_examples(app,
                 {{"whydrop vmcore /var/crash/vmcore", "what the dead kernel left, in one report"},
                  {"whydrop vmcore bt /var/crash/vmcore -b", "the stacks of blocked tasks"},
                  {"whydrop vmcore bpf vmcore flows", "what the BPF map flows held"},
                  {"whydrop vmcore -f json vmcore | jq .", "for a program"}});
    return chosen_of(nested, [options](const Invocation &invocation) -> Result<int> {
        if (options->core.empty())
            return Error{Errc::usage, "no dump is given", "whydrop vmcore CORE"};
        return run(*options, report, invocation);
    });
}

}  // namespace

extern const Command vmcore_command{
    "vmcore", "Say what a dead kernel left in its memory dump, without debuginfo", false, setup};

}  // namespace whydrop
