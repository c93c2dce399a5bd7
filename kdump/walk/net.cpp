// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/net.h"

#include <algorithm>
#include <array>

#include "kdump/kernel.h"
#include "kdump/walk/addresses.h"
#include "kdump/walk/modules.h"

namespace whydrop::kdump {

namespace {

constexpr uint32_t up_flag = 1;               // IFF_UP
constexpr uint64_t no_carrier_bit = 1u << 2;  // __LINK_STATE_NOCARRIER
constexpr uint64_t stopped_bits = 3;          // __QUEUE_STATE_DRV_XOFF, __QUEUE_STATE_STACK_XOFF
constexpr uint32_t most_queues = 4096;
constexpr size_t most_qdiscs = 4096;
// Functions of which it is known where they count: of bridges and tunnels, dummy, lo.
constexpr std::string_view tunnels_count = "dev_get_tstats64", dummy_counts = "dummy_get_stats64",
                           loopback_counts = "loopback_get_stats64";

class Walk {
  public:
    explicit Walk(Kernel &kernel) : kernel_(kernel) {}

    Network run() {
        const Ref head = kernel_.variable("net_namespace_list", "list_head");
        count(for_each_in_list(head, "net", "list", [&](const Ref &net) {
            read_namespace(net);
            return true;
        }));
        for (const uint32_t cpu : kernel_.cpus())
            read_softnet(cpu);
        return std::move(network_);
    }

  private:
    void count(const Status &done) { network_.lost += done ? 0 : 1; }

    void read_namespace(const Ref &net) {
        NetNamespace found;
        found.inode = static_cast<uint32_t>(net["ns.inum"].number_or(0));
        count(for_each_in_list(net["dev_base_head"], "net_device", "dev_list", [&](const Ref &dev) {
            auto name = dev["name"].text();
            if (name)
                found.devices.push_back(read_device(dev, std::move(*name), found.inode));
            else
                network_.lost++;
            return true;
        }));
        network_.namespaces.push_back(std::move(found));
    }

    NetDevice read_device(const Ref &dev, std::string name, uint32_t netns) {
        NetDevice found;
        found.address = dev.address();
        found.netns = netns;
        found.name = std::move(name);
        found.ifindex = static_cast<uint32_t>(dev["ifindex"].number_or(0));
        found.mtu = static_cast<uint32_t>(dev["mtu"].number_or(0));
        found.flags = static_cast<uint32_t>(dev["flags"].number_or(0));
        found.up = found.flags & up_flag;
        found.carrier = !(dev["state"].number_or(0) & no_carrier_bit);
        found.driver = driver_of(dev["netdev_ops"].number_or(0));
        if (const uint64_t at = dev["dev_addr"].number_or(0))
            (void)kernel_.memory().read(at, found.mac).ok();
        found.addresses = read_addresses(dev, network_.lost);
        read_queues(dev, found);
        read_counters(dev, found);
        read_qdiscs(dev, found);
        return found;
    }

    // The module in which its operations are, or what they are called.
    std::string driver_of(uint64_t operations) {
        for (const Module &module : kernel_.modules())
            if (module.holds(operations))
                return module.name;
        std::string name = operations ? kernel_.name_of(operations) : "";
        return name.substr(0, name.find('+'));
    }

    void read_queues(const Ref &dev, NetDevice &found) {
        found.tx_queues = static_cast<uint32_t>(dev["real_num_tx_queues"].number_or(0));
        found.rx_queues = static_cast<uint32_t>(dev["real_num_rx_queues"].number_or(0));
        for (uint32_t i = 0; i < std::min(found.tx_queues, most_queues); i++)
            if (dev["_tx"].at(i)["state"].number_or(0) & stopped_bits)
                found.stopped_queues++;
    }

    void read_counters(const Ref &dev, NetDevice &found) {
        const std::string counts = function_that_counts(dev);
        found.driver_counts = !counts.empty() && counts != tunnels_count &&
                              counts != dummy_counts && counts != loopback_counts;
        for (const char *name : {"rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors",
                                 "tx_errors", "rx_missed_errors", "rx_over_errors",
                                 "tx_carrier_errors", "collisions", "rx_dropped", "tx_dropped"}) {
            const auto value = dev["stats"][name].number();
            if (value &&
                (*value || !found.driver_counts))  // a zero is none where the driver does not count
                found.counters[name] += *value;
        }
        // The stack's own, per CPU: 625788b58445 (5.18); plain numbers of the device before.
        const uint64_t core = dev["core_stats"].number_or(0);
        for (const char *name :
             {"rx_dropped", "tx_dropped", "rx_nohandler", "rx_otherhost_dropped"})
            if (const Ref plain = dev[name]; plain.ok())
                found.counters[std::string("core_") + name] += plain["counter"].number_or(0);
            else if (core)
                add_per_cpu(core, "net_device_core_stats", name, "core_", found);
        add_software_counters(dev, counts, found);
    }

    // "dummy_get_stats64"; nothing where the stack counts.
    std::string function_that_counts(const Ref &dev) {
        for (const char *name : {"ndo_get_stats64", "ndo_get_stats"})
            if (const uint64_t at = dev["netdev_ops"][name].number_or(0)) {
                const std::string function = kernel_.name_of(at);
                return function.substr(0, function.find(' '));
            }
        return {};
    }

    void add_per_cpu(uint64_t address, const char *structure, const char *field, const char *prefix,
                     NetDevice &found) {
        for (const uint32_t cpu : kernel_.cpus())
            if (const auto at = address ? kernel_.per_cpu(address, cpu) : Result<uint64_t>(Error{}))
                if (const auto value = kernel_.at(structure, *at)[field].number())
                    found.counters[std::string(prefix) + field] += *value;
    }

    // Of software devices that count per CPU in the one way or the other. What lo sends it
    // receives.
    void add_software_counters(const Ref &dev, const std::string &counts, NetDevice &found) {
        const bool loopback = counts == loopback_counts;
        for (const char *name : {"packets", "bytes"})
            for (const char *direction : {"tx_", "rx_"})
                if (loopback || (counts == dummy_counts && *direction == 't'))
                    add_per_cpu(dev["lstats"].number_or(0), "pcpu_lstats", name, direction, found);
        // Those of a kind (34d21de99cea, 6.8) need no function of their own.
        const std::string kind =
            kernel_.types().enumerator("netdev_stat_type", dev["pcpu_stat_type"].number_or(0));
        if (counts == tunnels_count || (counts.empty() && kind == "NETDEV_PCPU_STAT_TSTATS"))
            for (const char *name : {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes"})
                add_per_cpu(dev["tstats"].number_or(0), "pcpu_sw_netstats", name, "", found);
    }

    void read_qdiscs(const Ref &dev, NetDevice &found) {
        const uint64_t root = dev["qdisc"].number_or(0);
        if (root)
            add_qdisc(kernel_.at("Qdisc", root), found);
        const Ref table = dev["qdisc_hash"];
        const uint64_t buckets = table.ok() ? table.size_bytes() / sizeof(uint64_t) : 0;
        size_t left = most_qdiscs;
        for (uint64_t i = 0; i < buckets; i++) {
            Ref link = table.at(i)["first"];
            for (; link.number_or(0) && left > 0; left--) {
                const Ref qdisc = link.target().container("Qdisc", "hash");
                if (qdisc.address() != root)
                    add_qdisc(qdisc, found);
                link = link.target()["next"];
            }
        }
    }

    // One that cannot be read has not dropped 0.
    void add_qdisc(const Ref &qdisc, NetDevice &found) {
        if (qdisc["qstats.drops"].number())
            found.qdiscs.push_back(read_qdisc(qdisc));
        else
            network_.lost++;
    }

    QueueDiscipline read_qdisc(const Ref &qdisc) {
        QueueDiscipline found;
        found.address = qdisc.address();
        if (auto kind = qdisc["ops"]["id"].text())
            found.kind = std::move(*kind);
        found.handle = static_cast<uint32_t>(qdisc["handle"].number_or(0));
        found.parent = static_cast<uint32_t>(qdisc["parent"].number_or(0));
        found.length = qdisc["q.qlen"].number_or(0);
        found.packets = qdisc["bstats.packets"].number_or(0);
        found.drops = qdisc["qstats.drops"].number_or(0);
        found.requeues = qdisc["qstats.requeues"].number_or(0);
        found.overlimits = qdisc["qstats.overlimits"].number_or(0);
        add_per_cpu_qdisc(qdisc, found);
        return found;
    }

    // Disciplines without a lock count per CPU.
    void add_per_cpu_qdisc(const Ref &qdisc, QueueDiscipline &found) {
        const uint64_t queue = qdisc["cpu_qstats"].number_or(0),
                       basic = qdisc["cpu_bstats"].number_or(0);
        for (const uint32_t cpu : kernel_.cpus()) {
            if (const auto at = queue ? kernel_.per_cpu(queue, cpu) : Result<uint64_t>(Error{})) {
                const Ref stats = kernel_.at("gnet_stats_queue", *at);
                found.length += stats["qlen"].number_or(0);
                found.drops += stats["drops"].number_or(0);
                found.requeues += stats["requeues"].number_or(0);
                found.overlimits += stats["overlimits"].number_or(0);
            }
            // Renamed by 50dc9a8572aa, "net: sched: Merge Qdisc::bstats" (5.16).
            if (const auto at = basic ? kernel_.per_cpu(basic, cpu) : Result<uint64_t>(Error{})) {
                const Ref merged = kernel_.at("gnet_stats_basic_sync", *at);
                const Ref before = kernel_.at("gnet_stats_basic_cpu", *at);
                found.packets += merged.ok() ? merged["packets"].number_or(0)
                                             : before["bstats.packets"].number_or(0);
            }
        }
    }

    void read_softnet(uint32_t cpu) {
        const auto at = kernel_.per_cpu(kernel_.symbols().address_of("softnet_data"), cpu);
        const Ref data = at ? kernel_.at("softnet_data", *at) : Ref(at.error());
        if (!data.ok() || !data["processed"].number()) {
            network_.lost++;
            return;
        }
        Softnet found;
        found.cpu = cpu;
        found.processed = data["processed"].number_or(0);
        // One number until 7.x counts by kind.
        found.dropped = data.has("dropped") ? data.any({"dropped.counter", "dropped"}).number_or(0)
                                            : data["drop_counters.drops0"].number_or(0) +
                                                  data["drop_counters.drops1"].number_or(0);
        found.time_squeeze = data["time_squeeze"].number_or(0);
        found.received_rps = data["received_rps"].number_or(0);
        found.backlog = data["input_pkt_queue.qlen"].number_or(0);
        network_.softnet.push_back(found);
    }

    Kernel &kernel_;
    Network network_;
};

}  // namespace

Network read_network(Kernel &kernel) {
    return Walk(kernel).run();
}

}  // namespace whydrop::kdump
