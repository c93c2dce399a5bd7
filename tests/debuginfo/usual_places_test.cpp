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

TEST(UsualPlaces, OfABuildId) {
    const Tree tree;
    const std::string file = tree.add("/usr/lib/debug/.build-id/00/c0ffee.debug");
    EXPECT_EQ(places_by_id(tree.folder.path(), id), std::vector<std::string>{file});
    EXPECT_TRUE(places_by_id(tree.folder.path(), "00c0ffef").empty());
}

TEST(UsualPlaces, OfAVmlinuxInTheirOrder) {
    const Tree tree;
    std::vector<std::string> all;
    for (const char *path :
         {"/usr/lib/debug/boot/vmlinux-6.1", "/usr/lib/debug/lib/modules/6.1/vmlinux",
          "/boot/vmlinux-6.1", "/lib/modules/6.1/build/vmlinux"})
        all.push_back(tree.add(path));
    tree.add("/boot/vmlinux-6.2");
    std::filesystem::create_directories(tree.folder.path() + "/boot/vmlinux-6.3");
    EXPECT_EQ(vmlinux_places(tree.folder.path(), "6.1"), all);
    EXPECT_TRUE(vmlinux_places(tree.folder.path(), "6.0").empty());
    EXPECT_TRUE(vmlinux_places(tree.folder.path(), "6.3").empty());
}

TEST(UsualPlaces, OfModulesByTheKernelsNames) {
    const Tree tree;
    const ModulePlaces all = {
        {"snd_one", tree.add("/usr/lib/debug/lib/modules/6.1/kernel/sound/snd-one.ko.debug")},
        {"snd_one", tree.add("/lib/modules/6.1/updates/snd_one.ko")},
        {"snd_one_two", tree.add("/lib/modules/6.1/kernel/snd-one-two.ko")},
    };
    tree.add("/lib/modules/6.1/kernel/snd-one.ko.xz");
    tree.add("/lib/modules/6.1/kernel/snd-one");
    tree.add("/lib/modules/6.2/kernel/snd-one.ko");
    EXPECT_EQ(module_places(tree.folder.path(), "6.1"), all);
}

// The release and the build id come out of the dump.
TEST(UsualPlaces, AreNotElsewhereWhateverTheDumpSays) {
    const Tree tree;
    tree.add("/usr/lib/debug/lib/modules/vmlinux");
    tree.add("/usr/lib/debug/vmlinux");
    tree.add("/lib/modules/x.ko");
    tree.add("/usr/lib/debug/x.debug");
    EXPECT_TRUE(places_by_id(tree.folder.path(), "../../x").empty());
    for (const char *release : {"", ".", "..", "../..", "x/../.."}) {
        EXPECT_TRUE(vmlinux_places(tree.folder.path(), release).empty()) << release;
        EXPECT_TRUE(module_places(tree.folder.path(), release).empty()) << release;
    }
}

}  // namespace
}  // namespace whydrop::test
