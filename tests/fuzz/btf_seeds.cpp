// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the seeds of the BTF fuzzer: btf_seeds DIRECTORY. btf_test compares them with the samples
// they come from.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../unit/btf_samples.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: btf_seeds DIRECTORY\n");
        return 2;
    }
    const std::filesystem::path directory = argv[1];
    for (const auto &sample : whydrop::test::btf_samples()) {
        std::ofstream file(directory / sample.name, std::ios::binary);
        file.write(reinterpret_cast<const char *>(sample.bytes.data()),
                   static_cast<std::streamsize>(sample.bytes.size()));
        if (!file.flush()) {
            std::fprintf(stderr, "cannot write %s\n", (directory / sample.name).c_str());
            return 1;
        }
    }
    return 0;
}
