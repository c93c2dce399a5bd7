// SPDX-License-Identifier: GPL-2.0-or-later
// The names of devices, namespaces and XDP programs behind the numbers that probes give.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace whydrop {

class XdpNames {
  public:
    virtual ~XdpNames() = default;
    // Empty: not known. A name is asked for while its owner is there, and kept.
    virtual std::string device(uint32_t netns, uint32_t ifindex);
    virtual std::string program(uint32_t id);
    virtual std::string netns(uint32_t inode);
    // "drop_port 42, count 43": what a dispatcher calls; empty: it is none.
    virtual std::string called_by(uint32_t id);

  private:
    std::map<std::pair<uint32_t, uint32_t>, std::string> devices_;
    std::map<uint32_t, std::string> programs_, netns_, called_;
};

// "veth1", or "if7" without a name; "-" where there is no device.
std::string device_words(XdpNames &names, uint32_t netns, uint32_t ifindex);
// "web", or its inode without a name.
std::string netns_words(XdpNames &names, uint32_t inode);
// "drop_port 42", or "program 42" without a name; of a dispatcher also those that it calls.
std::string program_words(XdpNames &names, uint32_t id);

}  // namespace whydrop
