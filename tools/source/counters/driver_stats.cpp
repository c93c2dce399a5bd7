// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/driver_stats.h"

#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "source/counters/proc_file.h"
#include "source/counters/proc_text.h"

namespace whydrop {

namespace {

constexpr uint32_t most_counters = 65536;  // mlx5 with many queues has some thousands

// ethtool's structs end in arrays; words keep them aligned.
template <typename Head>
class Question {
  public:
    Question(uint32_t command, size_t more_bytes)
        : words_((sizeof(Head) + more_bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t)) {
        head().cmd = command;
    }
    Head &head() { return *reinterpret_cast<Head *>(words_.data()); }
    [[nodiscard]] const uint8_t *more() const {
        return reinterpret_cast<const uint8_t *>(words_.data()) + sizeof(Head);
    }
    bool ask(int socket, const std::string &dev) {
        ifreq request = {};
        dev.copy(request.ifr_name, sizeof request.ifr_name - 1);
        request.ifr_data = reinterpret_cast<char *>(words_.data());
        return ioctl(socket, SIOCETHTOOL, &request) == 0;
    }

  private:
    std::vector<uint64_t> words_;
};

// How many counters the driver has now: queues come and go. 0 with ENODEV too: the device went.
uint32_t count_of(int socket, const std::string &dev) {
    Question<ethtool_sset_info> question(ETHTOOL_GSSET_INFO, sizeof(uint32_t));
    question.head().sset_mask = uint64_t{1} << ETH_SS_STATS;
    if (!question.ask(socket, dev) || question.head().sset_mask == 0)
        return 0;
    uint32_t count = 0;
    std::memcpy(&count, question.more(), sizeof count);
    return std::min(count, most_counters);
}

// The PCI device behind it, "0000:00:04.0"; empty: none.
std::string bus_place(int socket, const std::string &dev) {
    Question<ethtool_drvinfo> question(ETHTOOL_GDRVINFO, 0);
    if (!question.ask(socket, dev))
        return {};
    const char *place = question.head().bus_info;
    return {place, strnlen(place, sizeof question.head().bus_info)};
}

// By sysfs of the bus, which is the same in every network namespace; that of devices is not.
std::vector<std::string> interrupt_numbers(const std::string &place) {
    std::vector<std::string> numbers;
    if (place.empty() || place.find('/') != std::string::npos)
        return numbers;
    const Handle<DIR, &closedir> folder(
        opendir(("/sys/bus/pci/devices/" + place + "/msi_irqs").c_str()));
    if (!folder)
        return numbers;
    while (const dirent *entry = readdir(folder.get()))
        if (entry->d_name[0] != '.')
            numbers.emplace_back(entry->d_name);
    std::ranges::sort(numbers);
    return numbers;
}

}  // namespace

CounterGroup DriverStats::counters_of(uint32_t ifindex, const std::string &dev) {
    CounterGroup group{counter_source::driver, dev, ifindex, {}, dev};
    const uint32_t count = count_of(socket_.get(), dev);
    if (count == 0)
        return group;
    Question<ethtool_gstrings> names(ETHTOOL_GSTRINGS, size_t{count} * ETH_GSTRING_LEN);
    names.head().string_set = ETH_SS_STATS;
    names.head().len = count;
    Question<ethtool_stats> values(ETHTOOL_GSTATS, size_t{count} * sizeof(uint64_t));
    values.head().n_stats = count;
    if (!names.ask(socket_.get(), dev) || !values.ask(socket_.get(), dev))
        return group;
    // Queues that came in between: the kernel says how many it wrote, never more than fit.
    const uint32_t both = std::min({count, names.head().len, values.head().n_stats});
    for (uint32_t i = 0; i < both; i++) {
        const auto *name = reinterpret_cast<const char *>(names.more()) + i * ETH_GSTRING_LEN;
        std::string text(name, strnlen(name, ETH_GSTRING_LEN));
        text.erase(0, text.find_first_not_of(' '));
        uint64_t value = 0;
        std::memcpy(&value, values.more() + i * sizeof value, sizeof value);
        if (!text.empty())
            group.counters.push_back({std::move(text), value});
    }
    return group;
}

CounterGroup DriverStats::interrupts_of(uint32_t ifindex, const std::string &dev) {
    CounterGroup group{counter_source::interrupts, dev, ifindex, {}, dev};
    const auto [known, fresh] = interrupts_.try_emplace(ifindex);
    if (fresh)
        known->second = interrupt_numbers(bus_place(socket_.get(), dev));
    for (const std::string &number : known->second) {
        const std::string folder = "/sys/kernel/irq/" + number;
        std::string name = read_proc_file(folder + "/actions").value_or("");
        name.erase(std::min(name.find('\n'), name.size()));
        const auto counts = read_proc_file(folder + "/per_cpu_count");
        if (!name.empty() && counts)  // nobody takes an interrupt without a name
            group.counters.push_back({name, parse_cpu_counts(*counts)});
    }
    return group;
}

std::vector<CounterGroup> DriverStats::read(const DeviceNames &devices) {
    std::vector<CounterGroup> groups;
    if (!socket_)
        socket_ = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket_)
        return groups;
    for (const auto &[ifindex, dev] : devices) {
        if (!without_.contains(ifindex)) {
            CounterGroup group = counters_of(ifindex, dev);
            if (group.counters.empty() && errno == EOPNOTSUPP)
                without_.insert(ifindex);
            if (!group.counters.empty())
                groups.push_back(std::move(group));
        }
        if (CounterGroup group = interrupts_of(ifindex, dev); !group.counters.empty())
            groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace whydrop
