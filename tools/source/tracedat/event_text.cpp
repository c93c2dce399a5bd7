// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracedat/event_text.h"

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <set>

#include "sys/handle.h"

namespace whydrop::tracedat {

namespace {

using Tep = Handle<tep_handle, &tep_free>;

// A text as wide as the library wants, which reads it with %m[^\n] and writes to nobody.
void learn_names(tep_handle *tep, const Head &head) {
    (void)tep_parse_kallsyms(tep, head.kallsyms.c_str());
    (void)tep_parse_printk_formats(tep, head.printk_formats.c_str());
}

}  // namespace

struct EventPrinter::State {
    explicit State(TraceDat &trace) : file(trace), tep(tep_alloc()) { trace_seq_init(&seq); }
    ~State() { trace_seq_destroy(&seq); }

    TraceDat &file;
    Tep tep;
    trace_seq seq{};
    std::set<const EventFormat *> known;
};

EventPrinter::EventPrinter(TraceDat &file) : state_(std::make_unique<State>(file)) {
    tep_set_loglevel(TEP_LOG_NONE);
    const Head &head = file.head();
    tep_handle *tep = state_->tep.get();
    tep_set_file_bigendian(tep, TEP_LITTLE_ENDIAN);
    tep_set_local_bigendian(tep, tep_is_bigendian() ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
    tep_set_long_size(tep, static_cast<int>(head.layout.commit_size));
    tep_set_page_size(tep, static_cast<int>(head.page_size));
    learn_names(tep, head);
}

EventPrinter::EventPrinter(EventPrinter &&) noexcept = default;
EventPrinter::~EventPrinter() = default;

std::string EventPrinter::text(const TraceEventView &event) {
    State &state = *state_;
    if (state.known.insert(event.format).second)
        if (const auto *kind = state.file.kind(static_cast<uint16_t>(event.format->id)))
            (void)tep_parse_event(state.tep.get(), kind->text->c_str(), kind->text->size(),
                                  kind->system.c_str());
    tep_record record{};
    record.ts = event.time_ns;
    record.cpu = event.cpu;
    record.size = static_cast<int>(event.record.size());
    record.data = const_cast<std::byte *>(event.record.data());
    trace_seq_reset(&state.seq);
    tep_print_event(state.tep.get(), &state.seq, &record, "%s", TEP_PRINT_INFO);
    trace_seq_terminate(&state.seq);
    return state.seq.buffer ? std::string(state.seq.buffer) : "";
}

}  // namespace whydrop::tracedat
