// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the seeds of the unwinder's fuzzer: unwind_seeds DIRECTORY. unwind_test compares them with
// the scenarios they come from.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../kdump/unwind_scenarios.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: unwind_seeds DIRECTORY\n");
        return 2;
    }
    const std::filesystem::path directory = argv[1];
    for (const auto &seed : whydrop::test::unwind_seeds()) {
        const auto bytes = seed.world.image();
        std::ofstream file(directory / seed.name, std::ios::binary);
        file.write(reinterpret_cast<const char *>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        if (!file.flush()) {
            std::fprintf(stderr, "cannot write %s\n", (directory / seed.name).c_str());
            return 1;
        }
    }
    return 0;
}
