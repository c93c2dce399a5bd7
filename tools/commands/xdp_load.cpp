// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp load and unload.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "commands/document_options.h"
#include "commands/xdp_parts.h"
#include "source/xdp/loader.h"
#include "sys/netns.h"

namespace whydrop {
namespace {

struct Options {
    XdpLoad load;
    XdpUnload unload;
    std::string netns;
    DocumentOptions document;
};

const std::map<std::string, XdpMode> modes = {
    {"native", XdpMode::native}, {"skb", XdpMode::generic}, {"offload", XdpMode::offload}};

Result<int> show(const Section &section, const Options &options, const Invocation &invocation) {
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.document, invocation));
    if (auto written = writer.write(section); !written && !output.closed())
        return written.error();
    return 0;
}

Result<int> load(const Options &options, const Invocation &invocation) {
    const auto inside = NetnsScope::enter(options.netns);
    if (!inside)
        return inside.error();
    const auto loaded = load_xdp(options.load);
    if (!loaded)
        return loaded.error();
    Section section;
    section.type = "xdp_loaded";
    section.shape = SectionShape::facts;
    section.columns = {{"dev", "DEVICE"},
                       {"program", "PROGRAM"},
                       {"id", "ID"},
                       {"dispatched", "OTHERS BESIDE IT"},
                       {"replaced_id", "REPLACED"},
                       {"pinned", "MAPS PINNED"}};
    section.rows = {{options.load.dev, loaded->name, uint64_t{loaded->program},
                     loaded->is_dispatched,
                     loaded->replaced ? Value(uint64_t{loaded->replaced}) : Value(),
                     loaded->pinned.empty() ? Value() : Value(loaded->pinned)}};
    return show(section, options, invocation);
}

Result<int> unload(const Options &options, const Invocation &invocation) {
    const auto inside = NetnsScope::enter(options.netns);
    if (!inside)
        return inside.error();
    const auto gone = unload_xdp(options.unload);
    if (!gone)
        return gone.error();
    Section section;
    section.type = "xdp_unloaded";
    section.columns = {{"dev", "DEV"}, {"id", "UNLOADED"}};
    for (const uint32_t id : *gone)
        section.rows.push_back({options.unload.dev, uint64_t{id}});
    return show(section, options, invocation);
}

void add_common(CLI::App &app, std::string &dev, Options &options) {
    app.add_option("DEV", dev, "The device")->required();
    app.add_option("-n,--netns", options.netns,
                   "Of this network namespace (name, pid, path or inode)")
        ->type_name("NETNS");
    add_document_options(app, options.document);
}

}  // namespace

Subcommand add_xdp_load(CLI::App &xdp) {
    auto options = std::make_shared<Options>();
    CLI::App *app =
        xdp.add_subcommand("load", "Put an XDP program on a device, beside those that are there");
    XdpLoad &what = options->load;
    add_common(*app, what.dev, *options);
    app->add_option("FILE", what.file, "An object with XDP programs (clang -g -O2 -target bpf)")
        ->type_name("FILE.o")
        ->required();
    auto *section = app->add_option("--section", what.section, "The program of this section")
                        ->type_name("NAME");
    app->add_option("--prog", what.program, "The program of this name")
        ->type_name("NAME")
        ->excludes(section);
    app->add_option_function<std::string>(
           "--mode", [&what](const std::string &name) { what.mode = modes.at(name); },
           "By the driver, by the kernel for any driver, or by the device (default native)")
        ->type_name("native|skb|offload")
        ->check(CLI::IsMember(modes));
    auto *pin = app->add_option("--pin", what.pin,
                                "Pin its maps in this directory of a bpffs, where they outlive it")
                    ->type_name("PATH");
    app->add_flag("--reuse-maps", what.reuse_maps, "Go on with the maps that are pinned there")
        ->needs(pin);
    app->add_flag("--force", what.force, "In place of a program that others have put there");
    add_examples(*app, {{"whydrop xdp load eth0 drop.o", "the only XDP program of the file"},
                        {"whydrop xdp load veth1 drop.o --prog drop_udp -n web --mode skb",
                         "one of several, in a namespace"},
                        {"whydrop xdp load eth0 drop.o --pin /sys/fs/bpf/drop --reuse-maps",
                         "with the counts of before"}});
    return {app, [options](const Invocation &invocation) { return load(*options, invocation); }};
}

Subcommand add_xdp_unload(CLI::App &xdp) {
    auto options = std::make_shared<Options>();
    CLI::App *app = xdp.add_subcommand("unload", "Take an XDP program off a device");
    XdpUnload &what = options->unload;
    add_common(*app, what.dev, *options);
    auto *id = app->add_option("--id", what.program, "This one")->type_name("ID");
    app->add_flag("--all", what.all, "All of them")->excludes(id);
    app->add_flag("--force", what.force, "Also what others have put there");
    add_examples(*app, {{"whydrop xdp unload eth0", "the only one"},
                        {"whydrop xdp unload eth0 --id 42", "one of several"}});
    return {app, [options](const Invocation &invocation) { return unload(*options, invocation); }};
}

}  // namespace whydrop
