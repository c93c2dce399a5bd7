// SPDX-License-Identifier: GPL-2.0-or-later
// A directory of a test's own, gone when the test is.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace whydrop::test {

class TempDir {
  public:
    TempDir() {
        std::string name =
            (std::filesystem::temp_directory_path() / "whydrop-test-XXXXXX").string();
        path_ = mkdtemp(name.data()) != nullptr ? name : std::string();
    }
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    ~TempDir() {
        std::error_code ignored;
        if (!path_.empty())
            std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string &path() const { return path_; }

    // Writes a file in it and returns its path.
    std::string write(const std::string &name, std::string_view text) const {
        const std::string path = path_ + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    std::string write(const std::string &name, const std::vector<uint8_t> &bytes) const {
        const std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
        return write(name, text);
    }

  private:
    std::string path_;
};

}  // namespace whydrop::test
