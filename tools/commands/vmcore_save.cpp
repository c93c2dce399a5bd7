// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop vmcore save: copies a dump, /proc/vmcore or a file.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>

#include "commands/command.h"
#include "commands/document_options.h"
#include "commands/vmcore_parts.h"
#include "engine/signals.h"
#include "kdump/hex.h"
#include "kdump/save/save.h"
#include "render/document.h"
#include "render/progress.h"

namespace whydrop {
namespace {

struct Options {
    std::string in, out;
    std::string as = "kdump", compress = "zstd";
    DocumentOptions document;
    kdump::SaveOptions save;
    bool progress = false, quiet = false;
};

const std::map<std::string, uint32_t> packings = {
    {"zstd", kdump::packing::zstd}, {"zlib", kdump::packing::zlib},
    {"lzo", kdump::packing::lzo},   {"snappy", kdump::packing::snappy},
    {"none", kdump::packing::none},
};

std::string pages_text(uint64_t pages) {
    return std::to_string(pages) + (pages == 1 ? " page" : " pages");
}

Section result_section(const Options &options, const kdump::SaveReport &report) {
    using kdump::page_bytes;
    const uint64_t input_bytes = report.input_pages * page_bytes;
    const double rate = static_cast<double>(input_bytes) / std::max(report.seconds, 1e-6);
    Section section;
    section.type = "vmcore_save";
    section.shape = SectionShape::facts;
    section.columns = {{"file", "FILE"},
                       {"format", "FORMAT"},
                       {"compression", "PACKED WITH"},
                       {"dump_level", "LEVEL"},
                       {"complete", "COMPLETE"},
                       {"machine_pages", "MACHINE PAGES"},
                       {"input_pages", "PAGES READ"},
                       {"written_pages", "PAGES WRITTEN"},
                       {"zero_pages", "PAGES OF ZEROS"},
                       {"hole_pages", "PAGES IN HOLES"},
                       {"input_bytes", "MEMORY", ValueForm::bytes},
                       {"file_bytes", "FILE SIZE", ValueForm::bytes},
                       {"disk_bytes", "ON THE DISK", ValueForm::bytes},
                       {"seconds", "SECONDS"},
                       {"bytes_per_second", "MEMORY/SECOND", ValueForm::bytes}};
    section.rows.push_back({options.out + (report.stopped ? ".partial" : ""), report.format,
                            report.compression.empty() ? Value() : Value(report.compression),
                            uint64_t{report.dump_level}, !report.stopped, report.machine_pages,
                            report.input_pages, report.written_pages, report.zero_pages,
                            report.holes.pages(), input_bytes, report.file_bytes, report.disk_bytes,
                            report.seconds, static_cast<uint64_t>(rate)});
    return section;
}

Section left_out_section(const kdump::SaveReport &report) {
    Section section;
    section.type = "left_out";
    section.title = "Left out";
    section.columns = {{"kind", "KIND"}, {"pages", "PAGES"}, {"bytes", "BYTES", ValueForm::bytes}};
    section.if_empty = "no page was left out";
    for (size_t i = 1; i < report.left_out.size(); i++)
        if (const uint64_t pages = report.left_out[i])
            section.rows.push_back(
                {std::string(kdump::page_kind_name(static_cast<kdump::PageKind>(i))), pages,
                 pages * kdump::page_bytes});
    return section;
}

Section holes_section(const kdump::SaveReport &report) {
    constexpr size_t most = 20;
    const auto &holes = report.holes.ranges();
    Section section;
    section.type = "hole";
    section.title = "Holes, which are zeros in the file";
    if (holes.size() > most)
        section.title +=
            " (the first " + std::to_string(most) + " of " + std::to_string(holes.size()) + ")";
    section.columns = {
        {"begin", "FROM", ValueForm::hex}, {"end", "TO", ValueForm::hex}, {"pages", "PAGES"}};
    for (size_t i = 0; i < std::min(holes.size(), most); i++)
        section.rows.push_back(
            {holes[i].begin, holes[i].end, (holes[i].end - holes[i].begin) / kdump::page_bytes});
    return section;
}

Losses losses_of(const kdump::SaveReport &report) {
    Losses losses;
    const auto lose = [&](const char *kind, uint64_t count, const std::string &why) {
        if (count)
            losses.push_back({kind, count, "pages", why});
    };
    lose("holes", report.holes.pages(), "could not be read: " + report.first_hole);
    if (report.stopped)
        lose("incomplete", report.planned_pages - report.written_pages, report.stopped->what);
    if (!report.not_told.empty())
        losses.push_back({"page_types", 1, "kernels",
                          "pages were copied that the level leaves out: " + report.not_told});
    lose("unknown_pages", report.unknown_pages,
         "were copied: what kind they are is not in the dump");
    return losses;
}

Status show(const Options &options, const kdump::SaveReport &report, const Invocation &invocation) {
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.document, invocation));
    std::vector<Section> sections = {result_section(options, report), left_out_section(report)};
    if (report.holes.pages())
        sections.push_back(holes_section(report));
    for (const Section &section : sections)
        if (auto written = writer.write(section); !written)
            return output.closed() ? success() : written;
    auto ended = writer.end(losses_of(report));
    return output.closed() ? success() : ended;
}

Error incomplete(const Options &options, const kdump::SaveReport &report) {
    return {Errc::failed,
            report.stopped->what + ": " + options.out + ".partial has " +
                pages_text(report.written_pages) + " of " + std::to_string(report.planned_pages) +
                ", the rest is missing",
            "it can be opened as it is; remove it, or repeat with --force"};
}

Status check(const Options &options) {
    if (options.out == "-")
        return Error{Errc::usage, "a dump cannot be written to stdout",
                     "parts of it are known at the end only: name a file"};
    if (options.as == "elf" && options.compress != "zstd" && options.compress != "none")
        return Error{Errc::usage, "ELF is not packed: --compress is for --as kdump", ""};
    return success();
}

Result<int> run(Options options, const Invocation &invocation) {
    if (auto checked = check(options); !checked)
        return checked.error();
    options.save.elf = options.as == "elf";
    options.save.packing = packings.at(options.compress);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of the write
    auto signals = RunSignals::catch_them();
    if (!signals)
        return signals.error();
    const auto begun = std::chrono::steady_clock::now();
    std::unique_ptr<ProgressLine> line;
    if (!options.quiet && (options.progress || ::isatty(STDERR_FILENO)))
        line = std::make_unique<ProgressLine>(STDERR_FILENO);
    auto report =
        kdump::save(options.in, options.out, options.save, [&](const kdump::SaveProgress &now) {
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
            if (line)
                line->draw({now.pages * kdump::page_bytes, now.of_pages * kdump::page_bytes,
                            spent.count()});
            return !signals->take().stop;
        });
    line.reset();
    if (!report)
        return report.error();
    if (!options.quiet)
        if (auto shown = show(options, *report, invocation); !shown)
            return shown.error();
    if (report->stopped)
        return incomplete(options, *report);
    return 0;
}

void add_options(CLI::App &app, Options &options) {
    app.add_option("IN", options.in, "The dump: /proc/vmcore, or a file")->required();
    app.add_option("OUT", options.out, "The file to write; OUT.partial until it is complete")
        ->required();
    app.add_option("--dump-level", options.save.dump_level,
                   "Pages to leave out, a sum of: 1 zeros, 2 and 4 cache, 8 programs, 16 free")
        ->check(CLI::Range(0, 31))
        ->type_name("LEVEL")
        ->capture_default_str();
    app.add_option("--as", options.as, "The format of OUT")
        ->check(CLI::IsMember({"kdump", "elf"}))
        ->type_name("kdump|elf")
        ->capture_default_str();
    app.add_option("--compress", options.compress, "What each page is packed with")
        ->check(CLI::IsMember(packings))
        ->type_name("zstd|zlib|lzo|snappy|none")
        ->capture_default_str();
    app.add_option("--threads", options.save.threads, "Pack on so many; by default one for a CPU")
        ->check(CLI::Range(1, 1024))
        ->type_name("COUNT");
    app.add_flag("--force", options.save.force, "Overwrite OUT");
    app.add_flag("--progress", options.progress, "Show it also where stderr is no terminal");
    app.add_flag("-q,--quiet", options.quiet, "Print errors only");
    add_document_options(app, options.document);
}

}  // namespace

Subcommand add_vmcore_save(CLI::App &vmcore) {
    auto options = std::make_shared<Options>();
    CLI::App *app = vmcore.add_subcommand(
        "save", "Copy a dump, without the pages that a level leaves out, packed with zstd");
    add_options(*app, *options);
    add_examples(
        *app,
        {{"whydrop vmcore save /proc/vmcore /mnt/vmcore", "in the capture kernel: what is needed"},
         {"whydrop vmcore save --dump-level 0 core copy", "all of it"},
         {"whydrop vmcore save --as elf core core.elf", "for a tool that reads ELF alone"}});
    return {app, [options](const Invocation &invocation) { return run(*options, invocation); }};
}

}  // namespace whydrop
