// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/json_lines.h"

#include "codec/json.h"

namespace whydrop {

Status JsonLinesSink::begin(const Session &session) {
    Status written = output_.write(to_json(session) + "\n");
    return written ? output_.flush() : written;  // who waits for it knows that counting begins
}

// Not flushed by line: at a million drops a second that would be a system call each.
Status JsonLinesSink::record(const DropRecord &drop) {
    return output_.write(to_json(drop) + "\n");
}

Status JsonLinesSink::write_report(const Report &report, bool final) {
    for (const auto &group : report.groups)
        if (Status written = output_.write(to_json(group, final) + "\n"); !written)
            return written;
    return output_.write(total_to_json(report, final) + "\n");
}

Status JsonLinesSink::interval(const Report &so_far) {
    Status written = write_report(so_far, false);
    return written ? output_.flush() : written;
}

Status JsonLinesSink::end(const Report &report, const Losses &losses) {
    Status written = write_report(report, true);
    if (written)
        written = output_.write(losses_to_json(losses) + "\n");
    return written ? output_.flush() : written;
}

}  // namespace whydrop
