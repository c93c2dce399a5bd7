// SPDX-License-Identifier: GPL-2.0-or-later
#include "xdp_subject.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <cerrno>

#include "sys/netns.h"

namespace whydrop::live {

void close_object(bpf_object *object) {
    bpf_object__close(object);
}

Result<XdpSubject> XdpSubject::attach(const std::string &file, const std::string &program,
                                      const Fd &netns, uint32_t ifindex, uint32_t mode) {
    XdpSubject subject;
    const std::string path = std::string(WHYDROP_XDP_SUBJECTS) + "/" + file + ".bpf.o";
    subject.object_.reset(bpf_object__open(path.c_str()));
    if (!subject.object_)
        return errno_error("cannot open " + path, errno);
    bpf_program *chosen = nullptr, *any = nullptr;
    bpf_object__for_each_program(any, subject.object_.get()) {
        bpf_program__set_autoload(any, program == bpf_program__name(any));
        if (program == bpf_program__name(any))
            chosen = any;
    }
    if (!chosen)
        return Error{Errc::usage, path + " has no program " + program, ""};
    if (const int err = bpf_object__load(subject.object_.get()))
        return errno_error("cannot load " + program, -err);
    if (auto put = subject.put(bpf_program__fd(chosen), netns, ifindex, mode); !put)
        return put.error();
    return subject;
}

Result<XdpSubject> XdpSubject::attach_bare(const Fd &netns, uint32_t ifindex, uint32_t mode) {
    const bpf_insn passes[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS},
                               {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    const Fd program(bpf_prog_load(BPF_PROG_TYPE_XDP, "bare", "GPL", passes,
                                   sizeof passes / sizeof passes[0], nullptr));
    if (!program)
        return errno_error("cannot load a program", errno);
    XdpSubject subject;
    if (auto put = subject.put(program.get(), netns, ifindex, mode); !put)
        return put.error();
    return subject;
}

Status XdpSubject::put(int program, const Fd &netns, uint32_t ifindex, uint32_t mode) {
    const auto inside = NetnsScope::enter(netns);
    if (!inside)
        return inside.error();
    if (const int err = bpf_xdp_attach(static_cast<int>(ifindex), program, mode, nullptr))
        return errno_error("cannot attach a program", -err);
    netns_.reset(::fcntl(netns.get(), F_DUPFD_CLOEXEC, 0));
    ifindex_ = ifindex;
    program_ = program;
    mode_ = mode;
    bpf_prog_info info = {};
    uint32_t bytes = sizeof info;
    if (bpf_obj_get_info_by_fd(program, &info, &bytes) == 0)
        id_ = info.id;
    return success();
}

XdpSubject::~XdpSubject() {
    if (!netns_)
        return;
    if (const auto inside = NetnsScope::enter(netns_))
        bpf_xdp_detach(static_cast<int>(ifindex_), mode_, nullptr);
}

Status XdpSubject::run(const std::vector<uint8_t> &frame, uint32_t times) const {
    bpf_test_run_opts options = {};
    options.sz = sizeof options;
    options.data_in = frame.data();
    options.data_size_in = static_cast<uint32_t>(frame.size());
    options.repeat = static_cast<int>(times);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = 64;
    const int err = bpf_prog_test_run_opts(program_, &options);
    if (err == -EINVAL)
        return Error{Errc::unsupported, "this kernel has no live frames (5.18)", ""};
    return err ? errno_error("cannot run the program", -err) : success();
}

Status XdpSubject::set(const std::string &map, uint32_t key, uint32_t value) const {
    const int fd = bpf_object__find_map_fd_by_name(object_.get(), map.c_str());
    if (fd < 0 || bpf_map_update_elem(fd, &key, &value, BPF_ANY) != 0)
        return errno_error("cannot set an entry of " + map, errno);
    return success();
}

}  // namespace whydrop::live
