// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/bpf_features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "sys/handle.h"

namespace whydrop {
namespace {

using BtfHandle = Handle<btf, &btf__free>;
constexpr uint32_t kLockedBytes = 16u << 20;

// libbpf speaks to stderr on its own; what a probe finds is told by its result alone.
class QuietLibrary {
  public:
    QuietLibrary() : before_(libbpf_set_print(nullptr)) {}
    ~QuietLibrary() { libbpf_set_print(before_); }
    QuietLibrary(const QuietLibrary &) = delete;
    QuietLibrary &operator=(const QuietLibrary &) = delete;

  private:
    libbpf_print_fn_t before_;
};

FeatureProbe refused(const std::string &what, int error) {
    return {false, what + ": " + std::strerror(error < 0 ? -error : error)};
}

constexpr bpf_insn move(uint8_t reg, int32_t value) {
    return {BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value};
}
constexpr bpf_insn kExit = {BPF_JMP | BPF_EXIT, 0, 0, 0, 0};

Fd load(bpf_prog_type type, const std::vector<bpf_insn> &code, int attach_type = -1,
        uint32_t attach_btf_id = 0) {
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    if (attach_type >= 0)
        options.expected_attach_type = static_cast<bpf_attach_type>(attach_type);
    options.attach_btf_id = attach_btf_id;
    int fd = bpf_prog_load(type, "whydrop_probe", "GPL", code.data(), code.size(), &options);
    if (fd < 0)
        errno = -fd;
    return Fd(fd < 0 ? -1 : fd);
}

BtfHandle kernel_types(std::string &error) {
    btf *types = btf__load_vmlinux_btf();
    if (!types)
        error = std::strerror(errno);
    return BtfHandle(types);
}

FeatureProbe probe_traced(const char *target, bpf_attach_type type) {
    QuietLibrary quiet;
    int id = libbpf_find_vmlinux_btf_id(target, type);
    if (id <= 0)
        return {false, std::string(target) + " is not in the kernel's BTF"};
    Fd program = load(BPF_PROG_TYPE_TRACING, {move(BPF_REG_0, 0), kExit}, type, id);
    if (!program)
        return refused(std::string("loading a program for ") + target, errno);
    int link = bpf_raw_tracepoint_open(nullptr, program.get());
    if (link < 0)
        return refused(std::string("attaching to ") + target, link);
    Fd owner(link);
    return {true, std::string(target) + " can be traced"};
}

}  // namespace

FeatureProbe probe_tp_btf() {
    return probe_traced("kfree_skb", BPF_TRACE_RAW_TP);
}

FeatureProbe probe_fentry() {
    return probe_traced("bpf_fentry_test1", BPF_TRACE_FENTRY);  // nobody calls it
}

FeatureProbe probe_ring_buffer() {
    int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "whydrop_probe", 0, 0,
                            static_cast<uint32_t>(::getpagesize()), nullptr);
    if (fd < 0)
        return refused("creating a ring buffer", fd);
    Fd owner(fd);
    return {true, "samples and --each travel by it"};
}

FeatureProbe probe_locked_memory() {
    int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "whydrop_probe", sizeof(uint32_t), 4096,
                            kLockedBytes / 4096, nullptr);
    if (fd < 0)
        return refused("creating a map of 16 MiB", fd);
    Fd owner(fd);
    return {true, "a map of 16 MiB was created"};
}

FeatureProbe probe_rdonly_cast() {
    QuietLibrary quiet;
    std::string error;
    BtfHandle kernel = kernel_types(error);
    if (!kernel)
        return {false, "no BTF: " + error};
    int function = btf__find_by_name_kind(kernel.get(), "bpf_rdonly_cast", BTF_KIND_FUNC);
    int skb = btf__find_by_name_kind(kernel.get(), "sk_buff", BTF_KIND_STRUCT);
    int target = libbpf_find_vmlinux_btf_id("kfree_skb", BPF_TRACE_RAW_TP);
    if (function < 0 || skb < 0 || target < 0)
        return {false, "bpf_rdonly_cast is not in the kernel's BTF"};
    bpf_insn call = {BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, function};
    Fd program =
        load(BPF_PROG_TYPE_TRACING, {move(BPF_REG_2, skb), call, move(BPF_REG_0, 0), kExit},
             BPF_TRACE_RAW_TP, static_cast<uint32_t>(target));
    if (!program)
        return refused("loading a program that calls bpf_rdonly_cast", errno);
    return {true, "fields are read without a helper call"};
}

FeatureProbe probe_kprobe() {
    std::ifstream file("/sys/bus/event_source/devices/kprobe/type");
    uint32_t type = 0;
    if (!(file >> type))
        return {false, "the kernel has no kprobe events"};
    static const char function[] = "ip_rcv";
    perf_event_attr attr{};
    attr.size = sizeof(attr);
    attr.type = type;
    attr.config1 = reinterpret_cast<uint64_t>(function);
    attr.disabled = 1;
    long fd = ::syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return refused(std::string("a kprobe on ") + function, errno);
    Fd owner(static_cast<int>(fd));
    return {true, std::string(function) + " can be probed"};
}

FeatureProbe probe_xdp_live_frames() {
    Fd program = load(BPF_PROG_TYPE_XDP, {move(BPF_REG_0, 1 /* XDP_DROP */), kExit});
    if (!program)
        return refused("loading an XDP program", errno);
    std::vector<uint8_t> frame(64);
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<uint32_t>(frame.size());
    options.repeat = 1;
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    if (int error = bpf_prog_test_run_opts(program.get(), &options); error != 0)
        return refused("running an XDP program on a live frame", error);
    return {true, "frames can be made inside the kernel"};
}

std::string bpf_library_version() {
    const char *text = libbpf_version_string();
    return text[0] == 'v' ? text + 1 : text;
}

}  // namespace whydrop
