// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/save.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "kdump/format/kdump_layout.h"
#include "kdump/save/dump_head.h"
#include "kdump/save/left_out.h"

namespace whydrop::kdump {

namespace {

struct Pages {
    PageSet machine, input;
};

uint64_t end_of(const std::vector<Range> &ranges) {
    return ranges.empty() ? 0 : (ranges.back().end - 1) / page_bytes + 1;
}

void add_ranges(const std::vector<Range> &ranges, PageSet &pages) {
    for (const Range &range : ranges)
        pages.add_pages(range.begin / page_bytes, (range.end - 1) / page_bytes + 1);
}

Result<Pages> pages_of(Dump &dump) {
    const auto there = dump.ranges(), all = dump.machine_ranges();
    const uint64_t limit = std::max(end_of(there), end_of(all));
    if (there.empty() || limit > kdump_most_pages)
        return Error{
            Errc::failed,
            there.empty() ? "the dump has no memory in it" : "the dump claims memory above 256 TiB",
            ""};
    auto machine = PageSet::create(limit), input = PageSet::create(limit);
    if (!machine || !input)
        return (machine ? input : machine).error();
    add_ranges(all, *machine);
    add_ranges(there, *machine);
    add_ranges(there, *input);
    return Pages{std::move(*machine), std::move(*input)};
}

// Pages of zeros (level 1) are seen when they are read; of all others the kernel has to be asked.
void choose_pages(Kernel *kernel, const std::string &no_kernel, const SaveOptions &options,
                  PageSet &pages, SaveReport &report) {
    if ((options.dump_level & ~level::zero) == 0)
        return;
    if (!kernel) {
        report.not_told = no_kernel;
        return;
    }
    const auto left =
        leave_out(*kernel, options.dump_level, options.elf ? elf_least_gap : 1, pages);
    if (!left) {
        report.not_told = left.error().what;
        return;
    }
    report.left_out = left->pages;
    report.unknown_pages = left->unknown;
}

class Copy {
  public:
    Copy(Pipeline pipeline, DumpWriter &writer, SaveReport &report, const OnProgress &on_progress)
        : pipeline_(std::move(pipeline)),
          writer_(writer),
          report_(report),
          on_progress_(on_progress) {}

    void run() {
        uint64_t done = 0;
        while (const Batch *batch = pipeline_.next()) {
            if (auto written = writer_.add(*batch); !written) {
                report_.stopped = written.error();
                return;
            }
            for (const PackedPage &page : batch->pages)
                if (page.hole)
                    report_.holes.add(page.pfn);
            if (report_.first_hole.empty())
                report_.first_hole = batch->first_hole;
            done += batch->pages.size();
            if (!on_progress_({done, report_.planned_pages})) {
                report_.stopped = Error{Errc::failed, "interrupted", ""};
                return;
            }
        }
    }

  private:
    Pipeline pipeline_;
    DumpWriter &writer_;
    SaveReport &report_;
    const OnProgress &on_progress_;
};

unsigned threads_of(const SaveOptions &options) {
    return options.threads ? options.threads : std::max(std::thread::hardware_concurrency(), 1U);
}

void finish(DumpWriter &writer, SaveReport &report) {
    if (auto ended = writer.end(!report.stopped, report.holes); !ended && !report.stopped)
        report.stopped = ended.error();
    report.file_bytes = writer.file_bytes();
    report.written_pages = writer.written_pages();
    report.zero_pages = writer.zero_pages();
}

Result<SaveReport> write_pages(const DumpOpener &open, Target &target, const SaveOptions &options,
                               const DumpHead &head, const Pages &pages, SaveReport report,
                               const OnProgress &on_progress) {
    const auto writer = options.elf ? elf_writer(target, head, pages.input)
                                    : kdump_writer(target, head, pages.machine, pages.input);
    if (auto begun = writer->begin(); !begun)
        return begun.error();
    auto pipeline = Pipeline::start(open, pages.input,
                                    {head.packing, threads_of(options), options.batch_pages});
    if (!pipeline)
        return pipeline.error();
    Copy(std::move(*pipeline), *writer, report, on_progress).run();
    finish(*writer, report);
    return report;
}

}  // namespace

Result<SaveReport> save_to(const DumpOpener &open, Target &target, const SaveOptions &options,
                           const OnProgress &on_progress) {
    const auto begun = std::chrono::steady_clock::now();
    auto dump = open();
    if (!dump)
        return dump.error();
    auto pages = pages_of(**dump);
    if (!pages)
        return pages.error();
    const DumpFacts facts = (*dump)->facts();
    SaveReport report;
    report.format = options.elf ? "ELF" : "kdump compressed";
    report.compression = options.elf ? "" : packing_name(options.packing);
    report.dump_level = options.dump_level | facts.dump_level.value_or(0);
    report.machine_pages = pages->machine.count();
    report.input_pages = pages->input.count();
    auto kernel = Kernel::open(std::move(*dump));
    Kernel *known = kernel ? kernel->get() : nullptr;
    choose_pages(known, known ? "" : kernel.error().what, options, pages->input, report);
    report.planned_pages = pages->input.count();
    if (!report.not_told.empty())  // the file is not to claim what was not done
        report.dump_level = (options.dump_level & level::zero) | facts.dump_level.value_or(0);
    DumpHead head = dump_head(facts, known);
    head.dump_level = report.dump_level;
    head.packing = options.elf ? packing::none : options.packing;
    auto saved = write_pages(open, target, options, head, *pages, std::move(report), on_progress);
    if (saved)
        saved->seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return saved;
}

Result<SaveReport> save(const std::string &in, const std::string &out, const SaveOptions &options,
                        const OnProgress &on_progress) {
    const auto begun = std::chrono::steady_clock::now();
    if (is_same_file(in, out))
        return Error{Errc::usage, in + " and " + out + " are the same file", ""};
    if (auto dump = open_dump(in); !dump)  // before anything is made
        return dump.error();
    auto file = OutFile::create(out, options.force);
    if (!file)
        return file.error();
    auto saved = save_to([&] { return open_dump(in); }, **file, options, on_progress);
    if (!saved) {
        (*file)->discard();
        return saved.error();
    }
    const auto kept = saved->stopped ? (*file)->keep_partial() : (*file)->commit();
    if (!kept && !saved->stopped)
        saved->stopped = kept.error();
    saved->disk_bytes = (*file)->disk_bytes();
    saved->seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return saved;
}

}  // namespace whydrop::kdump
