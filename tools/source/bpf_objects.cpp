// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/bpf_objects.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace whydrop {

namespace {

namespace fs = std::filesystem;

using BtfHandle = Handle<btf, &btf__free>;

constexpr uint32_t most_maps = 1024;  // of one program
constexpr size_t most_pins = 10'000;  // files looked at

Error bpf_error(const std::string &what, int err) {
    Error error = errno_error(what, err, err == EPERM ? "run as root, or with CAP_SYS_ADMIN" : "");
    if (err == EPERM)
        error.code = Errc::unsupported;
    return error;
}

template <typename Info>
Status get_info(const Fd &object, Info &info, const char *what) {
    uint32_t bytes = sizeof info;
    if (bpf_obj_get_info_by_fd(object.get(), &info, &bytes) != 0)
        return bpf_error(std::string("cannot ask about a ") + what, errno);
    return success();
}

std::string function_in_btf(uint32_t btf_id, uint32_t type) {
    const BtfHandle types(btf__load_from_kernel_by_id(btf_id));
    const btf_type *function = types ? btf__type_by_id(types.get(), type) : nullptr;
    const char *name = function ? btf__name_by_offset(types.get(), function->name_off) : nullptr;
    return name ? name : "";
}

std::string tag_text(const uint8_t (&tag)[BPF_TAG_SIZE]) {
    std::string text;
    for (const uint8_t byte : tag) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        text += digits.data();
    }
    return text;
}

// Every link there is.
Status each_link(const std::function<void(const bpf_link_info &)> &take) {
    for (uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
        const Fd link(bpf_link_get_fd_by_id(id));
        bpf_link_info info = {};
        if (link && get_info(link, info, "link"))
            take(info);
    }
    if (errno != ENOENT)
        return bpf_error("cannot list BPF links", errno);
    return success();
}

std::vector<std::string> bpf_mounts() {
    std::vector<std::string> found;
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        const size_t rest = line.find(" - bpf ");
        std::istringstream words(line);
        std::string word;
        for (int i = 0; i < 5; i++)  // the fifth is where it is mounted
            words >> word;
        if (rest != std::string::npos)
            found.push_back(word);
    }
    return found;
}

// What kind of object a descriptor is, says its name only.
bool is_program(const Fd &object) {
    std::error_code error;
    const auto name = fs::read_symlink("/proc/self/fd/" + std::to_string(object.get()), error);
    return !error && name.string() == "anon_inode:bpf-prog";
}

std::optional<uint32_t> pinned_program(const std::string &path) {
    const Fd object(bpf_obj_get(path.c_str()));
    if (!object || !is_program(object))
        return {};
    const auto info = program_info(object);
    return info ? std::optional(info->id) : std::nullopt;
}

}  // namespace

Result<Fd> open_program(uint32_t id) {
    Fd program(bpf_prog_get_fd_by_id(id));
    if (!program)
        return bpf_error("cannot open BPF program " + std::to_string(id), errno);
    return program;
}

Result<Fd> open_map(uint32_t id) {
    Fd map(bpf_map_get_fd_by_id(id));
    if (!map)
        return bpf_error("cannot open BPF map " + std::to_string(id), errno);
    return map;
}

Result<BpfProgramInfo> program_info(const Fd &program) {
    bpf_prog_info raw = {};
    if (auto got = get_info(program, raw, "program"); !got)
        return got.error();
    BpfProgramInfo info;
    info.maps.resize(std::min(raw.nr_map_ids, most_maps));
    bpf_func_info first_function = {};
    const uint32_t functions = raw.nr_func_info, maps = static_cast<uint32_t>(info.maps.size());
    raw = {};
    raw.nr_map_ids = maps;
    raw.map_ids = reinterpret_cast<uint64_t>(info.maps.data());
    if (functions) {
        raw.nr_func_info = 1;
        raw.func_info_rec_size = sizeof first_function;
        raw.func_info = reinterpret_cast<uint64_t>(&first_function);
    }
    if (auto got = get_info(program, raw, "program"); !got)
        return got.error();
    info.maps.resize(std::min<uint32_t>(raw.nr_map_ids, maps));
    info.id = raw.id;
    info.type = raw.type;
    info.name = raw.name;
    info.tag = tag_text(raw.tag);
    info.loaded_ns = raw.load_time;
    info.btf = raw.btf_id;
    info.run_count = raw.run_cnt;
    info.run_ns = raw.run_time_ns;
    if (raw.btf_id && functions)
        info.function = function_in_btf(raw.btf_id, first_function.type_id);
    return info;
}

Result<BpfMapInfo> map_info(const Fd &map) {
    bpf_map_info raw = {};
    if (auto got = get_info(map, raw, "map"); !got)
        return got.error();
    return BpfMapInfo{raw.id, raw.type, raw.name, raw.key_size, raw.value_size, raw.max_entries};
}

Result<std::map<std::string, uint32_t>> replacements_of(const BpfProgramInfo &program) {
    std::map<std::string, uint32_t> found;
    auto listed = each_link([&](const bpf_link_info &link) {
        if (link.type == BPF_LINK_TYPE_TRACING && link.tracing.attach_type == 0 &&
            link.tracing.target_obj_id == program.id)
            found[function_in_btf(program.btf, link.tracing.target_btf_id)] = link.prog_id;
    });
    if (!listed)
        return listed.error();
    return found;
}

BpfPins find_pins() {
    BpfPins pins;
    size_t looked_at = 0;
    for (const std::string &mount : bpf_mounts()) {
        std::error_code error;
        constexpr auto quietly = fs::directory_options::skip_permission_denied;
        for (fs::recursive_directory_iterator at(mount, quietly, error), end; !error && at != end;
             at.increment(error)) {
            if (++looked_at > most_pins) {
                pins.cut = true;
                return pins;
            }
            std::error_code none;
            if (!at->is_regular_file(none))
                continue;
            if (const auto id = pinned_program(at->path().string()))
                pins.programs[*id].push_back(at->path().string());
        }
    }
    return pins;
}

}  // namespace whydrop
