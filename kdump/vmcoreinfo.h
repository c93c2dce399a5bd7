// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO: what a kernel writes down of itself for whoever reads its memory
// (Documentation/admin-guide/kdump/vmcoreinfo.rst). Lines of KEY=VALUE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whydrop::kdump {

class VmcoreInfo {
  public:
    VmcoreInfo() = default;
    explicit VmcoreInfo(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] bool empty() const { return text_.empty(); }
    [[nodiscard]] const std::string &text() const { return text_; }

    // "OSRELEASE", "BUILD-ID", ...; of several lines with one key the last counts.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;
    // SYMBOL(name)=, hexadecimal.
    [[nodiscard]] std::optional<uint64_t> symbol(std::string_view name) const;
    // NUMBER(name)=, decimal, perhaps negative.
    [[nodiscard]] std::optional<int64_t> number(std::string_view name) const;

  private:
    std::string text_;
};

}  // namespace whydrop::kdump
