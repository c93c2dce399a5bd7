// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's own type information says: which arguments a tracepoint has, what exists, and
// how drop reasons are called. Nothing is read before it is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/reason_table.h"
#include "sys/result.h"

namespace whydrop {

class KernelBtf {
  public:
    // `root` has one file of BTF per module, and "vmlinux".
    explicit KernelBtf(std::string root = "/sys/kernel/btf");
    KernelBtf(KernelBtf &&) noexcept;
    KernelBtf &operator=(KernelBtf &&) noexcept;
    ~KernelBtf();

    // Reads vmlinux's BTF now. Errc::unsupported: this kernel has none; Errc::failed: it is broken.
    Status load();

    // Arguments that a tracepoint of vmlinux passes ("netif_receive_skb"); 0: there is none of that
    // name, or no BTF.
    unsigned tracepoint_arguments(std::string_view name);

    // Arguments of skb:kfree_skb: 2 (skb, location), 3 (and reason, 5.17: c504e5c2f964) or 4 (and
    // rx_sk, 6.11: c53795d48ee8). More when a later kernel appends some. Errors: as load(), and
    // unsupported when the kernel does not have the tracepoint.
    Result<unsigned> kfree_skb_arguments();

    // Their ids in vmlinux's BTF; 0: not there, or no BTF.
    uint32_t function_id(std::string_view name);
    uint32_t struct_id(std::string_view name);

    // Does vmlinux have it? Of variables BTF names only per-CPU ones, and not on every kernel:
    // false may mean that nobody wrote it down. False without BTF.
    bool has_function(std::string_view name);
    bool has_variable(std::string_view name);

    // Does this kernel say why it drops? False before 5.17.
    bool has_reasons();

    // The number that says nothing: NOT_SPECIFIED's, or 0 where there are no reasons at all.
    // Absent: every drop of this kernel has a reason.
    std::optional<uint32_t> unspecified_reason();

    // The reason of a number; without a name when nobody names it. The modules' BTF is read on the
    // first number that is of a subsystem and that vmlinux does not name; once more after a second
    // when still unknown, as modules come.
    Reason reason(uint32_t code);

    // The numbers a user means by -r NAME: see ReasonTable::codes(). Errors: usage for a name that
    // neither vmlinux nor a loaded module has, unsupported when there are no reasons at all.
    Result<std::vector<uint32_t>> reason_codes(std::string_view name);

    // Every reason, the loaded modules' too. Empty: none, or no BTF.
    const ReasonTable &reasons();

    // Reads the names of reasons if nobody has yet and gives the memory of vmlinux's BTF back: call
    // it after attaching. What else is asked for later reads it anew.
    void release();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
