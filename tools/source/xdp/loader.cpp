// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/statfs.h>
#include <xdp/libxdp.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "source/bpf_objects.h"
#include "source/libbpf_words.h"
#include "sys/handle.h"

namespace whydrop {

namespace {

namespace fs = std::filesystem;

using Object = Handle<bpf_object, &bpf_object__close>;
using Program = Handle<xdp_program, &xdp_program__close>;
using Programs = Handle<xdp_multiprog, &xdp_multiprog__close>;

constexpr char usual_bpffs[] = "/sys/fs/bpf";

bool is_bpffs(const std::string &directory) {
    struct statfs about = {};
    return ::statfs(directory.c_str(), &about) == 0 &&
           static_cast<unsigned long>(about.f_type) == BPF_FS_MAGIC;
}

// What is there of a path that is to be made: it says what the rest will be part of.
fs::path existing_part(fs::path path) {
    std::error_code error;
    while (!fs::exists(path, error) && path != path.parent_path())
        path = path.parent_path();
    return path;
}

Result<int> index_of(const std::string &dev) {
    const unsigned index = ::if_nametoindex(dev.c_str());
    if (index == 0)
        return Error{Errc::usage, "there is no device '" + dev + "' in this network namespace",
                     "-n NETNS looks in another; whydrop xdp status and `ip link` list devices"};
    return static_cast<int>(index);
}

Error refused(const std::string &what, int err) {
    Error error = errno_error(what, err,
                              err == EPERM ? "run as root, or with CAP_BPF, CAP_NET_ADMIN and "
                                             "CAP_SYS_ADMIN"
                                           : "");
    if (err == EPERM)
        error.code = Errc::unsupported;
    return error;
}

// libxdp keeps its dispatchers in bpffs, and says nothing while we do the talking.
Status prepare_libxdp() {
    libxdp_set_print(nullptr);
    const auto bpffs = reachable_bpffs(usual_bpffs);
    if (!bpffs)
        return bpffs.error();
    ::setenv(XDP_BPFFS_ENVVAR, bpffs->c_str(), 1);
    return success();
}

std::string names_in(const bpf_object *object) {
    std::string names;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object) names +=
        (names.empty() ? "" : ", ") + std::string(bpf_program__name(program)) + " (" +
        bpf_program__section_name(program) + ")";
    return names.empty() ? "none" : names;
}

bool is_xdp(const bpf_program *program) {
    const std::string section = bpf_program__section_name(program);
    return section.starts_with("xdp") || bpf_program__type(program) == BPF_PROG_TYPE_XDP;
}

// Its section says what else it is.
bool is_of_another_type(const bpf_program *program) {
    return !is_xdp(program) && bpf_program__type(program) != BPF_PROG_TYPE_UNSPEC;
}

// The one that is asked for, by name or section.
Result<std::string> choose(const bpf_object *object, const XdpLoad &load) {
    std::vector<std::string> fitting;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object) {
        const std::string name = bpf_program__name(program);
        const std::string section = bpf_program__section_name(program);
        const bool asked_for =
            load.program.empty()
                ? (load.section.empty() ? is_xdp(program) : section == load.section)
                : name == load.program;
        if (asked_for)
            fitting.push_back(name);
    }
    const std::string has = load.file + " has these programs: " + names_in(object);
    if (fitting.empty())
        return Error{Errc::usage,
                     load.program.empty() && load.section.empty()
                         ? load.file + " has no XDP program"
                         : load.file + " has no program '" + load.program + load.section + "'",
                     has};
    if (fitting.size() > 1)
        return Error{Errc::usage, load.file + " has several XDP programs: which one?",
                     has + "; choose with --prog"};
    const bpf_program *chosen = bpf_object__find_program_by_name(object, fitting[0].c_str());
    if (is_of_another_type(chosen))
        return Error{Errc::usage,
                     "'" + fitting[0] + "' is no XDP program: its section is " +
                         bpf_program__section_name(chosen),
                     has};
    return fitting[0];
}

// The others of the file need not be to this kernel's liking.
void load_only(bpf_object *object, const std::string &name) {
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object)
        bpf_program__set_autoload(program, name == bpf_program__name(program));
}

// Each map has its path; where it may be used as it is there, libbpf compares its shape.
Result<std::vector<std::string>> set_pins(bpf_object *object, const XdpLoad &load) {
    std::vector<std::string> paths;
    if (load.pin.empty())
        return paths;
    const auto directory = reachable_bpffs(load.pin);
    if (!directory)
        return directory.error();
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map))
            continue;
        const std::string path = *directory + "/" + bpf_map__name(map);
        std::error_code error;
        if (!load.reuse_maps && fs::exists(path, error))
            return Error{Errc::usage, path + " is there already",
                         "--reuse-maps goes on with it; or remove it"};
        if (const int err = bpf_map__set_pin_path(map, path.c_str()))
            return refused("cannot pin the map " + std::string(bpf_map__name(map)), -err);
        paths.push_back(path);
    }
    return paths;
}

enum xdp_attach_mode libxdp_mode(XdpMode mode) {
    return mode == XdpMode::native    ? XDP_MODE_NATIVE
           : mode == XdpMode::generic ? XDP_MODE_SKB
                                      : XDP_MODE_HW;
}

// What is there, and was put there by somebody who knows nothing of dispatchers. 0: nothing.
uint32_t foreign_program(int ifindex) {
    const Programs there(xdp_multiprog__get_from_ifindex(ifindex));
    if (libxdp_get_error(there.get()) || !xdp_multiprog__is_legacy(there.get())) {
        return 0;
    }
    const xdp_program *main = xdp_multiprog__main_prog(there.get());
    return main ? xdp_program__id(main) : 0;
}

Error attach_error(const XdpLoad &load, int err) {
    if (const std::string log = end_of_verifier_log(libbpf_words()); !log.empty()) {
        const std::string means = meaning_of_verifier_log(log);
        return {Errc::failed, "the kernel's verifier refuses the program:\n" + log,
                means.empty() ? "" : "that means: " + means};
    }
    const std::string mode = load.mode == XdpMode::offload ? "offload" : "native";
    if (load.mode != XdpMode::generic && (err == EOPNOTSUPP || err == EINVAL))
        return {Errc::usage,
                "the driver of " + load.dev + " has no XDP of mode " + mode + ", or not with its " +
                    "present settings: " +
                    (libbpf_words().empty() ? std::strerror(err) : last_libbpf_words()),
                "--mode skb works with every driver" +
                    std::string(load.mode == XdpMode::offload ? ", --mode native with many" : "")};
    return refused("cannot attach to " + load.dev, err);
}

// How the programs are attached, as the kernel's interface has it: without that, generic ones stay
// where a driver could have its own.
uint32_t mode_flags(const xdp_multiprog *there) {
    const auto mode = libxdp_get_error(there) ? XDP_MODE_UNSPEC : xdp_multiprog__attach_mode(there);
    return mode == XDP_MODE_SKB  ? XDP_FLAGS_SKB_MODE
           : mode == XDP_MODE_HW ? XDP_FLAGS_HW_MODE
                                 : XDP_FLAGS_DRV_MODE;
}

// A program that makes room for another, and comes back unless that stays.
class MakesRoom {
  public:
    static Result<MakesRoom> on(int ifindex, uint32_t program) {
        const Programs there(xdp_multiprog__get_from_ifindex(ifindex));
        auto kept = open_program(program);
        if (!kept)
            return kept.error();
        const uint32_t flags = mode_flags(there.get());
        if (const int err = bpf_xdp_detach(ifindex, flags, nullptr))
            return refused("cannot take off program " + std::to_string(program), -err);
        return MakesRoom(ifindex, flags, std::move(*kept));
    }
    MakesRoom(MakesRoom &&) noexcept = default;
    MakesRoom &operator=(MakesRoom &&) = delete;
    ~MakesRoom() {
        if (program_)
            bpf_xdp_attach(ifindex_, program_.get(), flags_, nullptr);
    }
    void for_good() { program_ = Fd(); }

  private:
    MakesRoom(int ifindex, uint32_t flags, Fd program)
        : ifindex_(ifindex), flags_(flags), program_(std::move(program)) {}
    int ifindex_;
    uint32_t flags_;
    Fd program_;  // empty: moved from, or it stays away
};

Result<XdpLoaded> attach(const XdpLoad &load, int ifindex, Object object, const std::string &name,
                         std::vector<std::string> pinned) {
    keep_libbpf_words();
    xdp_program_opts options = {};
    options.sz = sizeof options;
    options.obj = object.get();
    options.prog_name = name.c_str();
    const Program program(xdp_program__create(&options));
    if (const long err = libxdp_get_error(program.get()))
        return refused("cannot open the program " + name, static_cast<int>(-err));
    XdpLoaded loaded;
    loaded.replaced = foreign_program(ifindex);
    if (loaded.replaced && !load.force)
        return Error{Errc::usage,
                     load.dev + " runs program " + std::to_string(loaded.replaced) +
                         " already, which knows nothing of others beside it",
                     "--force puts this one in its place; whydrop xdp status shows it"};
    std::optional<MakesRoom> room;
    if (loaded.replaced) {
        auto made = MakesRoom::on(ifindex, loaded.replaced);
        if (!made)
            return made.error();
        room.emplace(std::move(*made));
    }
    if (const int err = xdp_program__attach(program.get(), ifindex, libxdp_mode(load.mode), 0))
        return attach_error(load, -err);
    if (room)
        room->for_good();
    loaded.program = xdp_program__id(program.get());
    loaded.name = name;
    loaded.is_dispatched = foreign_program(ifindex) == 0;
    loaded.pinned = std::move(pinned);
    return loaded;
}

// Everything that is on the device, whoever put it there.
std::vector<uint32_t> all_on(const xdp_multiprog *there) {
    std::vector<uint32_t> ids;
    if (xdp_multiprog__is_legacy(there)) {
        if (const xdp_program *main = xdp_multiprog__main_prog(there))
            ids.push_back(xdp_program__id(main));
        return ids;
    }
    for (const xdp_program *program = xdp_multiprog__next_prog(nullptr, there); program;
         program = xdp_multiprog__next_prog(program, there))
        ids.push_back(xdp_program__id(program));
    return ids;
}

Status detach_one(xdp_multiprog *there, int ifindex, uint32_t id) {
    for (xdp_program *program = xdp_multiprog__next_prog(nullptr, there); program;
         program = xdp_multiprog__next_prog(program, there))
        if (xdp_program__id(program) == id) {
            const int err =
                xdp_program__detach(program, ifindex, xdp_multiprog__attach_mode(there), 0);
            return err ? Status(refused("cannot detach program " + std::to_string(id), -err))
                       : success();
        }
    return Error{Errc::usage, "there is no program " + std::to_string(id) + " on the device", ""};
}

std::string text_of(const std::vector<uint32_t> &ids) {
    std::string text;
    for (const uint32_t id : ids)
        text += (text.empty() ? "" : ", ") + std::to_string(id);
    return text;
}

// Which of those on the device are meant, and whether they are to be touched.
Status check(const XdpUnload &unload, const std::vector<uint32_t> &ids, bool is_foreign) {
    if (unload.program && std::find(ids.begin(), ids.end(), unload.program) == ids.end())
        return Error{Errc::usage, unload.dev + " has no program " + std::to_string(unload.program),
                     "it has " + text_of(ids)};
    if (!unload.program && !unload.all && ids.size() > 1)
        return Error{Errc::usage, unload.dev + " has several programs: " + text_of(ids),
                     "--id chooses one, --all takes them all"};
    if (is_foreign && !unload.program && !unload.force)
        return Error{Errc::usage,
                     "program " + text_of(ids) + " on " + unload.dev +
                         " is behind no dispatcher of libxdp: it may be somebody else's",
                     "--force or --id takes it off nevertheless"};
    return success();
}

}  // namespace

Result<std::string> reachable_bpffs(const std::string &directory) {
    for (const std::string &way : {directory, "/proc/1/root" + directory})
        if (is_bpffs(existing_part(way).string()))
            return way;
    return Error{Errc::failed, directory + " is in no bpffs, where programs and maps are kept",
                 "mount one: mount -t bpf bpf " + std::string(usual_bpffs) +
                     ". In `ip netns exec` there is none: use -n NETNS instead"};
}

Result<XdpLoaded> load_xdp(const XdpLoad &load) {
    const auto ifindex = index_of(load.dev);
    if (!ifindex)
        return ifindex.error();
    if (auto prepared = prepare_libxdp(); !prepared)
        return prepared.error();
    keep_libbpf_words();
    Object object(bpf_object__open(load.file.c_str()));
    if (!object) {
        char why[128] = {};
        libbpf_strerror(errno, why, sizeof why);
        return Error{Errc::usage, "cannot open " + load.file + ": " + why, last_libbpf_words()};
    }
    const auto name = choose(object.get(), load);
    if (!name)
        return name.error();
    load_only(object.get(), *name);
    auto pins = set_pins(object.get(), load);
    if (!pins)
        return pins.error();
    return attach(load, *ifindex, std::move(object), *name, std::move(*pins));
}

std::vector<uint32_t> dispatched_on(const std::string &dev) {
    const auto ifindex = index_of(dev);
    if (!ifindex || !prepare_libxdp())
        return {};
    keep_libbpf_words();
    const Programs there(xdp_multiprog__get_from_ifindex(*ifindex));
    if (libxdp_get_error(there.get()) || xdp_multiprog__is_legacy(there.get()))
        return {};
    return all_on(there.get());
}

Result<std::vector<uint32_t>> unload_xdp(const XdpUnload &unload) {
    const auto ifindex = index_of(unload.dev);
    if (!ifindex)
        return ifindex.error();
    if (auto prepared = prepare_libxdp(); !prepared)
        return prepared.error();
    keep_libbpf_words();
    const Programs there(xdp_multiprog__get_from_ifindex(*ifindex));
    if (const long err = libxdp_get_error(there.get()); err == -ENOENT)
        return Error{Errc::usage, unload.dev + " has no XDP program", ""};
    else if (err)
        return refused("cannot look at " + unload.dev, static_cast<int>(-err));
    const std::vector<uint32_t> ids = all_on(there.get());
    const bool is_foreign = xdp_multiprog__is_legacy(there.get());
    if (auto checked = check(unload, ids, is_foreign); !checked)
        return checked.error();
    if (is_foreign) {
        if (const int err = bpf_xdp_detach(*ifindex, mode_flags(there.get()), nullptr))
            return refused("cannot detach from " + unload.dev, -err);
        return ids;
    }
    if (unload.all || ids.size() <= 1) {
        if (const int err = xdp_multiprog__detach(there.get()))
            return refused("cannot detach from " + unload.dev, -err);
        return ids;
    }
    if (auto detached = detach_one(there.get(), *ifindex, unload.program); !detached)
        return detached.error();
    return std::vector<uint32_t>{unload.program};
}

}  // namespace whydrop
