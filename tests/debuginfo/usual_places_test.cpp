// SPDX-License-Identifier: GPL-2.0-or-later
// Where debug files are looked for.
#include "source/debuginfo/usual_places.h"

#include <gtest/gtest.h>

#include "../unit/temp_dir.h"

namespace whydrop::test {
namespace {

const std::string id = "00c0ffee";

struct Tree {
    TempDir folder;
    std::string add(const std::string &path) const {
        std::filesystem::create_directories(
            std::filesystem::path(folder.path() + path).parent_path());
        return folder.write(path.substr(1), std::string_view("x"));
    }
};

TEST(UsualPlaces, OfAVmlinuxInTheirOrder) {
    const Tree tree;
    std::vector<std::string> all;
    for (const char *path :
         {"/usr/lib/debug/.build-id/00/c0ffee.debug", "/usr/lib/debug/boot/vmlinux-6.1",
          "/usr/lib/debug/lib/modules/6.1/vmlinux", "/boot/vmlinux-6.1",
          "/lib/modules/6.1/build/vmlinux"})
        all.push_back(tree.add(path));
    tree.add("/boot/vmlinux-6.2");
    std::filesystem::create_directories(tree.folder.path() + "/boot/vmlinux-6.3");
    EXPECT_EQ(vmlinux_places(tree.folder.path(), "6.1", id), all);
    EXPECT_TRUE(vmlinux_places(tree.folder.path(), "6.0", "ffff").empty());
    EXPECT_TRUE(vmlinux_places(tree.folder.path(), "6.3", "").empty());
}

TEST(UsualPlaces, OfAModuleByTheKernelsName) {
    const Tree tree;
    const std::vector<std::string> all = {
        tree.add("/usr/lib/debug/.build-id/00/c0ffee.debug"),
        tree.add("/usr/lib/debug/lib/modules/6.1/kernel/sound/snd-one.ko.debug"),
        tree.add("/lib/modules/6.1/updates/snd_one.ko"),
    };
    tree.add("/lib/modules/6.1/kernel/snd-one.ko.xz");
    tree.add("/lib/modules/6.1/kernel/snd-one-two.ko");
    tree.add("/lib/modules/6.1/kernel/snd-one");
    tree.add("/lib/modules/6.2/kernel/snd-one.ko");
    EXPECT_EQ(module_places(tree.folder.path(), "6.1", id, "snd_one"), all);
}

// The release and the build id come out of the dump.
TEST(UsualPlaces, AreNotElsewhereWhateverTheDumpSays) {
    const Tree tree;
    tree.add("/usr/lib/debug/lib/modules/vmlinux");
    tree.add("/usr/lib/debug/vmlinux");
    tree.add("/lib/modules/x.ko");
    tree.add("/usr/lib/debug/x.debug");
    for (const char *release : {"", ".", "..", "../..", "x/../.."}) {
        EXPECT_TRUE(vmlinux_places(tree.folder.path(), release, "../../x").empty()) << release;
        EXPECT_TRUE(module_places(tree.folder.path(), release, "../../x", "x").empty()) << release;
    }
}

}  // namespace
}  // namespace whydrop::test
