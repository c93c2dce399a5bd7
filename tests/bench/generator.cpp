// SPDX-License-Identifier: GPL-2.0-or-later
// bench_generate: causes drops at a known price, in a network namespace of its own, and prints one
// line of JSON about it. Meant to be the COMMAND of what is measured.
#include "generator.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <barrier>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "observer.h"
#include "sys/handle.h"

namespace whydrop::bench {

namespace {

struct Options {
    Load load;
    std::vector<int> cpus = {0};  // a generator on each
    std::string method = "auto";
};

struct Worker {
    Sent sent;
    uint64_t netns = 0;    // inode
    uint64_t dropped = 0;  // as the kernel's own counter says
    std::string method;
    Status status = success();
};

Status enter_new_netns() {
    if (::unshare(CLONE_NEWNET) != 0)
        return errno_error("cannot make a network namespace", errno, "run as root");
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq lo{};
    std::snprintf(lo.ifr_name, sizeof lo.ifr_name, "lo");
    lo.ifr_flags = IFF_UP;
    if (!socket || ::ioctl(socket.get(), SIOCSIFFLAGS, &lo) != 0)
        return errno_error("cannot set lo up", errno);
    return success();
}

Status pin_to(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0)
        return errno_error("cannot run on CPU " + std::to_string(cpu), errno);
    return success();
}

// IpExt InCsumErrors of this thread's namespace: names on one line, numbers on the next.
uint64_t checksum_drops() {
    std::ifstream file("/proc/thread-self/net/netstat");
    for (std::string names, numbers; std::getline(file, names) && std::getline(file, numbers);) {
        std::istringstream name_of(names), number_of(numbers);
        std::string name, number;
        while (name_of >> name && number_of >> number)
            if (name == "InCsumErrors")
                return std::stoull(number);
    }
    return 0;
}

// What the observer had used when all generators began, and when all had ended.
struct ObserverCpu {
    uint64_t begin = 0, end = 0;
    bool begun = false;
};

// Called once each time all generators have come to the same point.
struct ReadObserver {
    ObserverCpu *cpu;
    void operator()() noexcept {
        (cpu->begun ? cpu->end : cpu->begin) = process_cpu_ns(::getppid());
        cpu->begun = true;
    }
};

class Together : public Watch {
  public:
    explicit Together(std::barrier<ReadObserver> &barrier) : barrier_(barrier) {}
    void begin() override { barrier_.arrive_and_wait(); }
    void end() override { barrier_.arrive_and_wait(); }

  private:
    std::barrier<ReadObserver> &barrier_;
};

Status work(Worker &worker, const Options &options, int cpu, Watch &watch) {
    if (auto pinned = pin_to(cpu); !pinned)
        return pinned;
    if (auto entered = enter_new_netns(); !entered)
        return entered;
    struct stat netns {};
    if (::stat("/proc/thread-self/ns/net", &netns) == 0)
        worker.netns = netns.st_ino;
    worker.method = "packet";
    auto sent = Result<Sent>(Error{});
    if (options.method != "packet") {
        sent = send_live_frames(options.load, watch);
        if (sent)
            worker.method = "xdp";
        else if (options.method == "xdp" || sent.error().code != Errc::unsupported)
            return sent.error();
        else
            std::fprintf(stderr, "bench_generate: %s; sending by AF_PACKET, which costs more\n",
                         sent.error().what.c_str());
    }
    if (worker.method == "packet")
        sent = send_packets(options.load, watch);
    if (!sent)
        return sent.error();
    worker.sent = *sent;
    worker.dropped = checksum_drops();
    return success();
}

void print(const std::vector<Worker> &workers, uint64_t observer_cpu, uint64_t observer_rss) {
    nlohmann::json line;
    Sent total;
    uint64_t dropped = 0;
    for (const Worker &worker : workers) {
        total.frames += worker.sent.frames;
        total.timed += worker.sent.timed;
        total.cpu_ns += worker.sent.cpu_ns;
        total.wall_ns = std::max(total.wall_ns, worker.sent.wall_ns);
        dropped += worker.dropped;
        line["netns"].push_back(worker.netns);
    }
    line["type"] = "generated";
    line["method"] = workers.front().method;
    line["sent"] = total.frames;
    line["dropped"] = dropped;
    line["timed"] = total.timed;
    line["cpu_ns"] = total.cpu_ns;
    line["wall_ns"] = total.wall_ns;
    line["ns_per_drop"] = static_cast<double>(total.cpu_ns) / static_cast<double>(total.timed);
    line["drops_per_s"] =
        static_cast<double>(total.timed) * 1e9 / static_cast<double>(total.wall_ns);
    line["observer_cpu_ns"] = observer_cpu;
    line["observer_rss_bytes"] = observer_rss;
    std::printf("%s\n", line.dump().c_str());
}

Status generate(const Options &options) {
    std::vector<Worker> workers(options.cpus.size());
    std::vector<std::thread> threads;
    ObserverCpu cpu;
    std::barrier barrier(static_cast<std::ptrdiff_t>(workers.size()), ReadObserver{&cpu});
    for (size_t i = 0; i < workers.size(); i++)
        threads.emplace_back([&, i] {
            Together watch(barrier);
            workers[i].status = work(workers[i], options, options.cpus[i], watch);
            if (!workers[i].status)
                barrier.arrive_and_drop();  // the others shall not wait for it
        });
    for (std::thread &thread : threads)
        thread.join();
    for (const Worker &worker : workers)
        if (!worker.status)
            return worker.status;
    print(workers, cpu.end - cpu.begin, process_rss_bytes(::getppid()));
    return success();
}

}  // namespace

}  // namespace whydrop::bench

int main(int argc, char **argv) {
    using namespace whydrop::bench;
    Options options;
    CLI::App app{"Causes IP_CSUM drops in a network namespace of its own"};
    app.add_option("--frames", options.load.frames, "Frames that are timed, per CPU");
    app.add_option("--warm-up", options.load.warm_up, "Frames before them");
    app.add_option("--flows", options.load.flows, "Flows, in turn")->check(CLI::PositiveNumber);
    app.add_option("--rate", options.load.rate, "Frames a second, per CPU; 0: all at once");
    app.add_option("--cpus", options.cpus, "A generator on each of these")->delimiter(',');
    app.add_option("--method", options.method, "xdp, packet, or auto: xdp where it works")
        ->check(CLI::IsMember({"auto", "xdp", "packet"}));
    CLI11_PARSE(app, argc, argv);
    if (auto done = generate(options); !done) {
        std::fprintf(stderr, "bench_generate: %s\n", done.error().what.c_str());
        return static_cast<int>(done.error().code);
    }
    return 0;
}
