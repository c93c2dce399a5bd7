// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/napi.h"

#include <algorithm>

#include "kdump/kernel.h"
#include "kdump/walk/net.h"

namespace whydrop::kdump {

namespace {

constexpr std::string_view prefix = "NAPI_STATE_";
constexpr std::string_view busy[] = {"sched", "missed", "disable", "npsvc", "in_busy_polling"};

class Walk {
  public:
    explicit Walk(Kernel &kernel)
        : kernel_(kernel), bits_(kernel.types().enumerators_beside("NAPI_STATE_SCHED")) {}

    NapiTable run(const Network &network) {
        for (const NetNamespace &netns : network.namespaces)
            for (const NetDevice &device : netns.devices)
                read_device(device);
        for (const uint32_t cpu : kernel_.cpus())
            read_cpu(cpu);
        return std::move(table_);
    }

  private:
    void count(const Status &done) { table_.lost += done ? 0 : 1; }

    void read_device(const NetDevice &device) {
        const Ref dev = kernel_.at("net_device", device.address);
        count(for_each_in_list(dev["napi_list"], "napi_struct", "dev_list", [&](const Ref &napi) {
            Napi found = read_one(napi);
            found.netns = device.netns;
            found.device = device.name;
            table_.all.push_back(std::move(found));
            return true;
        }));
    }

    void read_cpu(uint32_t cpu) {
        const auto at = kernel_.per_cpu(kernel_.symbols().address_of("softnet_data"), cpu);
        const Ref data = at ? kernel_.at("softnet_data", *at) : Ref(at.error());
        const auto scheduled = [&](const Ref &napi) {
            const auto known =
                std::find_if(table_.all.begin(), table_.all.end(),
                             [&](const Napi &other) { return other.address == napi.address(); });
            if (known != table_.all.end()) {
                known->cpu = cpu;
                return true;
            }
            Napi found = read_one(napi);  // the CPU's own backlog, or a driver's dummy device
            found.cpu = cpu;
            table_.all.push_back(std::move(found));
            return true;
        };
        count(for_each_in_list(data["poll_list"], "napi_struct", "poll_list", scheduled));
    }

    Napi read_one(const Ref &napi) {
        Napi found;
        found.address = napi.address();
        found.poll = napi["poll"].number_or(0);
        const auto weight = napi["weight"].signed_number();
        found.weight = weight ? *weight : 0;
        found.id = static_cast<uint32_t>(napi["napi_id"].number_or(0));
        found.state_bits = napi["state"].number_or(0);
        for (const auto &bit : bits_)
            if (bit.value < 64 && bit.name.starts_with(prefix) && found.state_bits >> bit.value & 1)
                found.state.push_back(short_name(bit.name, prefix));
        return found;
    }

    Kernel &kernel_;
    std::vector<BtfEnumerator> bits_;
    NapiTable table_;
};

}  // namespace

bool Napi::active() const {
    return cpu || std::any_of(state.begin(), state.end(), [](const std::string &bit) {
               return std::find(std::begin(busy), std::end(busy), bit) != std::end(busy);
           });
}

NapiTable read_napi(Kernel &kernel, const Network &network) {
    return Walk(kernel).run(network);
}

}  // namespace whydrop::kdump
