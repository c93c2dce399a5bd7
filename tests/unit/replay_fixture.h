// SPDX-License-Identifier: GPL-2.0-or-later
// A recording as -o writes it, and what replay says of it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "engine/replay.h"
#include "render/recording.h"
#include "render/text.h"
#include "sample_report.h"
#include "temp_dir.h"

namespace whydrop::test {

inline std::string text_at(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// JSON has no room for what is no UTF-8, and of that the sample's device has some.
inline Report report() {
    Report report = sample::report();
    report.groups[1].dev->name = "v\x1b[2Jx";
    return report;
}

inline void set_by(ReplayOptions &options, GroupKey key) {
    options.by |= static_cast<GroupKeys>(key);
}

class ReplayTest : public testing::Test {
  protected:
    struct Replayed {
        Status status = success();
        std::string out;
    };

    // What -o makes of a run.
    std::string record(const std::vector<DropRecord> &each, bool ended = true) {
        std::string path = dir_.path() + "/run.jsonl";
        RecordingSink sink(path);
        EXPECT_TRUE(sink.begin(sample::session()).ok());
        for (const DropRecord &drop : each)
            EXPECT_TRUE(sink.record(drop).ok());
        const auto counted = each.empty() ? sink.interval(report()) : success();
        const auto finished = ended ? sink.end(report(), sample::losses()) : sink.flush();
        EXPECT_TRUE(counted.ok() && finished.ok());
        return path;
    }

    Replayed replay(const std::string &path, const ReplayOptions &options = {},
                    bool show_each = true, Sink *more = nullptr) {
        auto recording = Recording::open(path);
        if (!recording)
            return {recording.error(), ""};
        const std::string shown = dir_.write("shown", std::string_view());
        Replayed replayed;
        {
            const Fd file(::open(shown.c_str(), O_WRONLY));
            Output output(file.get());
            TextOptions text;
            text.each = show_each;
            TextSink sink(output, text);
            DocumentWriter document(output, {});
            std::vector<Sink *> sinks = {&sink};
            if (more)
                sinks.push_back(more);
            replayed.status = replay_recording(*recording, options, sinks, document, {});
        }
        replayed.out = text_at(shown);
        return replayed;
    }

    std::string live(const std::vector<DropRecord> &each) {
        const std::string shown = dir_.write("live", std::string_view());
        {
            const Fd file(::open(shown.c_str(), O_WRONLY));
            Output output(file.get());
            TextSink sink(output, {});
            EXPECT_TRUE(sink.begin(sample::session()).ok());
            for (const DropRecord &drop : each)
                EXPECT_TRUE(sink.record(drop).ok());
            EXPECT_TRUE(sink.end(report(), sample::losses()).ok());
        }
        return text_at(shown);
    }

    TempDir dir_;
};

}  // namespace whydrop::test
