// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pair_question.h"

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

Status check(const HistWords &words) {
    if (words.from.empty() || words.to.empty() || words.on.empty())
        return Error{Errc::usage, "the time between two events needs both, and what joins them",
                     "--from EVENT --to EVENT --on FIELD"};
    if (!words.event.empty())
        return Error{Errc::usage, "unexpected argument '" + words.event + "'",
                     "--from and --to name the events"};
    if (words.own || !words.start_on.empty() || !words.stop_on.empty() || !words.values.empty())
        return Error{Errc::usage,
                     "--own, --start-on, --stop-on and --val do not go with --from and --to",
                     "--filter looks at the first event"};
    if (words.keys.size() + (words.stack ? 1 : 0) > 1)
        return Error{Errc::usage, "beside the time there is room for one key", {}};
    return success();
}

// The field of each: "skbaddr", or "prev_pid,next_pid" where they have two names.
void split(const std::string &on, PairQuery &query) {
    const size_t comma = on.find(',');
    query.from_on = on.substr(0, comma);
    query.to_on = comma == std::string::npos ? on : on.substr(comma + 1);
}

// Of the first event, if it has such a field.
Status add_key(const TraceFs &fs, const HistWords &words, PairAsk &ask) {
    if (words.keys.empty() && !words.stack)
        return success();
    auto key = parse_hist_key(words.stack ? "stacktrace" : words.keys.front());
    if (!key)
        return key.error();
    auto from = read_event_format(fs.top(), ask.from);
    if (!from)
        return from.error();
    const bool first = is_stack_key(*key) || from->field(key->name);
    (first ? ask.query.from_key : ask.query.to_key) = std::move(*key);
    return success();
}

}  // namespace

Result<HistQuestion> pair_question(const TraceFs &fs, const HistWords &words) {
    if (auto checked = check(words); !checked)
        return checked.error();
    auto from = fs.event(words.from);
    if (!from)
        return from.error();
    auto to = fs.event(words.to);
    if (!to)
        return to.error();
    HistQuestion question;
    PairAsk ask;
    ask.from = *from;
    ask.to = *to;
    split(words.on, ask.query);
    ask.query.from_condition = words.filter;
    ask.query.size = words.size;
    if (auto added = add_key(fs, words, ask); !added)
        return added.error();
    question.what = from->text() + " to " + to->text() + " by " + words.on;
    question.condition = words.filter;
    question.ask.event = *from;
    question.pairs = std::move(ask);
    question.view.sort = {{"latency_ns.log2", false}};
    question.view.percent = words.percent;
    return question;
}

}  // namespace whydrop
