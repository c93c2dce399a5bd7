// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/tracefs.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace whydrop {

namespace {

const std::vector<std::string> usual_places = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

Error file_error(const std::string &what, int err) {
    if (err == EACCES || err == EPERM)
        return errno_error(what, err, "root may");
    Error error = errno_error(what, err);
    if (err == ENOENT || err == ENODEV)
        error.code = Errc::unsupported;
    if (err == EINVAL)
        error.code = Errc::usage;
    return error;
}

// Nobody else sees this mount: what is mounted where stays as it was.
Result<Fd> mount_unseen() {
    const std::string what = "cannot get at tracefs";
    const Fd context(fsopen("tracefs", FSOPEN_CLOEXEC));
    if (!context)
        return file_error(what, errno);
    if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return file_error(what, errno);
    Fd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
    if (!mount)
        return file_error(what, errno);
    return mount;
}

bool is_tracefs(const std::string &path) {
    return TraceDir(path).has("available_events");
}

// Letters in common at best, in order: good enough to find what was meant by a wrong name.
size_t likeness(const std::string &a, const std::string &b) {
    std::vector<size_t> row(b.size() + 1);
    for (const char letter : a)
        for (size_t j = 0, left_above = 0; j < b.size(); j++) {
            const size_t above = row[j + 1];
            row[j + 1] = letter == b[j] ? left_above + 1 : std::max(row[j], above);
            left_above = above;
        }
    return row.back();
}

std::string near_names(const std::vector<TraceEvent> &events, const std::string &wanted) {
    constexpr size_t shown = 4;
    std::vector<std::pair<double, std::string>> ranked;
    for (const TraceEvent &event : events) {
        const size_t of_name = likeness(wanted, event.name);
        const size_t of_text = likeness(wanted, event.text());
        const auto share = [&](size_t same, size_t letters) {
            return 2.0 * static_cast<double>(same) / static_cast<double>(wanted.size() + letters);
        };
        ranked.emplace_back(
            std::max(share(of_name, event.name.size()), share(of_text, event.text().size())),
            event.text());
    }
    std::sort(ranked.begin(), ranked.end(), [](const auto &a, const auto &b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::string names;
    for (size_t i = 0; i < ranked.size() && i < shown && ranked[i].first > 0.6; i++)
        names += (i ? ", " : "") + ranked[i].second;
    return names;
}

}  // namespace

Result<std::string> TraceDir::read(const std::string &file) const {
    const std::string path = path_ + "/" + file;
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return file_error("cannot open " + path, errno);
    std::string text;
    char piece[65536];
    for (;;) {
        const ssize_t got = ::read(fd.get(), piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error("cannot read " + path, errno);
        if (got == 0)
            return text;
        text.append(piece, static_cast<size_t>(got));
    }
}

Status TraceDir::append(const std::string &file, const std::string &text) const {
    const std::string path = path_ + "/" + file;
    const Fd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!fd)
        return file_error("cannot open " + path, errno);
    const std::string line = text + "\n";
    if (const ssize_t put = write(fd.get(), line.data(), line.size()); put < 0)
        return file_error("cannot write to " + path, errno);
    return success();
}

bool TraceDir::has(const std::string &file) const {
    return access((path_ + "/" + file).c_str(), F_OK) == 0;
}

Result<TraceFs> TraceFs::find(const std::vector<std::string> &places) {
    for (const std::string &place : places)
        if (is_tracefs(place))
            return TraceFs(TraceDir(place), Fd());
    return Error{Errc::unsupported, "tracefs is not mounted",
                 "mount -t tracefs tracefs /sys/kernel/tracing"};
}

Result<TraceFs> TraceFs::find() {
    if (auto found = find(usual_places))
        return found;
    auto mount = mount_unseen();
    if (!mount)
        return mount.error();
    TraceDir top("/proc/self/fd/" + std::to_string(mount->get()));
    if (!top.has("available_events"))
        return Error{Errc::unsupported, "this kernel's tracefs has no events",
                     "it is built without CONFIG_EVENT_TRACING"};
    return TraceFs(std::move(top), std::move(*mount));
}

Result<std::vector<TraceEvent>> TraceFs::events() const {
    auto text = top_.read("available_events");
    if (!text)
        return text.error();
    std::vector<TraceEvent> events;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);)
        if (const size_t colon = line.find(':'); colon != std::string::npos)
            events.push_back({line.substr(0, colon), line.substr(colon + 1)});
    return events;
}

Result<TraceEvent> TraceFs::event(const std::string &wanted) const {
    auto all = events();
    if (!all)
        return all.error();
    std::string text = wanted;
    std::replace(text.begin(), text.end(), '/', ':');
    std::vector<TraceEvent> found;
    for (const TraceEvent &event : *all)
        if (event.text() == text || event.name == text)
            found.push_back(event);
    if (found.size() == 1)
        return found.front();
    if (found.empty()) {
        const std::string near = near_names(*all, text);
        return Error{Errc::usage, "this kernel has no event '" + wanted + "'",
                     near.empty() ? "" : "near to it: " + near};
    }
    std::string names;
    for (const TraceEvent &event : found)
        names += (names.empty() ? "" : ", ") + event.text();
    return Error{Errc::usage, "there is more than one event '" + wanted + "'", "one of " + names};
}

// [  348.887621] hist:skb:kfree_skb: error: Couldn't find field
//   Command: hist:keys=foo
//                      ^
std::vector<TraceError> parse_error_log(const std::string &text) {
    static const std::string mark = " error: ", command = "  Command: ";
    std::vector<TraceError> errors;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (const size_t at = line.find(mark); line.starts_with("[") && at != std::string::npos) {
            errors.push_back({line.substr(line.rfind(mark) + mark.size()), {}, 0});
            if (!errors.back().what.empty() && errors.back().what.back() == ' ')
                errors.back().what.pop_back();
        } else if (!errors.empty() && line.starts_with(command)) {
            errors.back().command = line.substr(command.size());
        } else if (const size_t caret = line.find('^');
                   !errors.empty() && caret != std::string::npos && caret >= command.size() &&
                   line.find_first_not_of(' ') == caret) {
            errors.back().position = caret - command.size();
        }
    }
    return errors;
}

}  // namespace whydrop
