// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "generator.h"
#include "generator.skel.h"
#include "sys/handle.h"

namespace whydrop::bench {

namespace {

using Skeleton = Handle<generator_bpf, &generator_bpf__destroy>;

constexpr uint64_t call_frames = 1 << 30;  // of one call at most; a call costs about 10 ms

Status run(const Skeleton &skeleton, uint64_t frames) {
    Frame frame = make_frame();
    while (frames > 0) {
        const uint64_t now = std::min(frames, call_frames);
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = FRAME_BYTES, .repeat = static_cast<int>(now),
                    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        if (bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.send), &options) != 0) {
            Error error = errno_error("this kernel does not run XDP on live frames", errno);
            error.code = Errc::unsupported;
            return error;
        }
        frames -= now;
    }
    return success();
}

}  // namespace

Result<Sent> send_live_frames(const Load &load, Watch &watch) {
    libbpf_set_print(nullptr);
    Skeleton skeleton(generator_bpf__open());
    if (!skeleton)
        return errno_error("cannot open the generator's program", errno);
    skeleton->rodata->flows = load.flows;
    skeleton->rodata->period_ns = load.rate ? 1'000'000'000 / load.rate : 0;
    if (const int err = generator_bpf__load(skeleton.get())) {
        Error error = errno_error("cannot load the generator's program", -err);
        error.code = Errc::unsupported;
        return error;
    }
    if (auto warm = run(skeleton, load.warm_up); !warm)
        return warm.error();
    Sent sent;
    skeleton->bss->due_ns = 0;
    const uint64_t before = skeleton->bss->sent;
    watch.begin();
    const uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
    if (auto ran = run(skeleton, load.frames); !ran)
        return ran.error();
    sent.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    sent.wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    watch.end();
    sent.frames = skeleton->bss->sent;
    sent.timed = sent.frames - before;
    return sent;
}

}  // namespace whydrop::bench
