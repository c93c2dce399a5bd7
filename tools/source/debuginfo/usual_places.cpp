// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/usual_places.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace whydrop {

namespace {

namespace fs = std::filesystem;

// A release comes out of a dump: it may be anything but a part of a path.
bool is_plain(const std::string &name) {
    return !name.empty() && name.find('/') == std::string::npos && name != "." && name != "..";
}

void add_if_there(std::vector<std::string> &places, const std::string &path) {
    std::error_code error;
    if (fs::is_regular_file(path, error))
        places.push_back(path);
}

// "snd-hda-intel.ko.debug" as the kernel calls it; empty: no module.
std::string module_of_file(std::string name) {
    for (const char *ending : {".debug", ".ko"})
        if (name.ends_with(ending))
            name.resize(name.size() - std::char_traits<char>::length(ending));
        else if (std::string_view(ending) == ".ko")
            return {};
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

}  // namespace

std::vector<std::string> places_by_id(const std::string &root, const std::string &id) {
    std::vector<std::string> places;
    if (id.size() > 2 && id.find_first_not_of("0123456789abcdef") == std::string::npos)
        add_if_there(places, root + "/usr/lib/debug/.build-id/" + id.substr(0, 2) + "/" +
                                 id.substr(2) + ".debug");
    return places;
}

std::vector<std::string> vmlinux_places(const std::string &root, const std::string &release) {
    std::vector<std::string> places;
    if (!is_plain(release))
        return places;
    for (const std::string &path :
         {"/usr/lib/debug/boot/vmlinux-" + release,
          "/usr/lib/debug/lib/modules/" + release + "/vmlinux", "/boot/vmlinux-" + release,
          "/lib/modules/" + release + "/build/vmlinux"})
        add_if_there(places, root + path);
    return places;
}

ModulePlaces module_places(const std::string &root, const std::string &release) {
    ModulePlaces places;
    if (!is_plain(release))
        return places;
    for (const char *folder : {"/usr/lib/debug/lib/modules/", "/lib/modules/"}) {
        std::error_code error;
        fs::recursive_directory_iterator at(root + folder + release,
                                            fs::directory_options::skip_permission_denied, error);
        for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
            std::error_code of_file;
            const std::string module = module_of_file(at->path().filename().string());
            if (!module.empty() && at->is_regular_file(of_file))
                places.emplace(module, at->path().string());
        }
    }
    return places;
}

}  // namespace whydrop
