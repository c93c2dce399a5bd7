// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the seeds of the packet fuzzer: packet_seeds DIRECTORY. packet_test compares them with the
// samples they come from.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../unit/packet_samples.h"
#include "packet_input.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: packet_seeds DIRECTORY\n");
        return 2;
    }
    const std::filesystem::path directory = argv[1];
    for (const auto &sample : whydrop::test::packet_samples()) {
        const auto input = whydrop::test::fuzz_from_packet(sample.packet);
        std::ofstream file(directory / sample.name, std::ios::binary);
        file.write(reinterpret_cast<const char *>(input.data()),
                   static_cast<std::streamsize>(input.size()));
        if (!file.flush()) {
            std::fprintf(stderr, "cannot write %s\n", (directory / sample.name).c_str());
            return 1;
        }
    }
    return 0;
}
