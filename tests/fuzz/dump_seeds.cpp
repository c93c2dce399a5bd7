// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the seeds of the dump fuzzer: dump_seeds DIRECTORY. format_hostile_test compares them with
// the samples they come from.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../kdump/dump_samples.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: dump_seeds DIRECTORY\n");
        return 2;
    }
    const std::filesystem::path directory = argv[1];
    for (const auto &sample : whydrop::test::dump_samples()) {
        std::ofstream file(directory / sample.name, std::ios::binary);
        file.write(reinterpret_cast<const char *>(sample.fuzz_input.data()),
                   static_cast<std::streamsize>(sample.fuzz_input.size()));
        if (!file.flush()) {
            std::fprintf(stderr, "cannot write %s\n", (directory / sample.name).c_str());
            return 1;
        }
    }
    return 0;
}
