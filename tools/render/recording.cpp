// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/recording.h"

namespace whydrop {

Status RecordingSink::begin(const Session &session) {
    auto file = RecordFile::create(path_);
    if (!file)
        return file.error();
    file_.emplace(std::move(*file));
    lines_.emplace(*file_);
    auto begun = lines_->begin(session);
    return begun ? file_->works() : begun;
}

Losses RecordingSink::losses() const {
    return file_ ? lost_in(*file_, "recording", "lines") : Losses{};
}

Losses lost_in(const RecordFile &file, const std::string &kind, const std::string &unit) {
    if (file.problem().empty() || file.closed())
        return {};
    return {{kind, file.lost(), unit,
             "could not be written to " + file.path() + " (" + file.problem() +
                 "); it ends with the last whole one; what was counted is whole"}};
}

}  // namespace whydrop
