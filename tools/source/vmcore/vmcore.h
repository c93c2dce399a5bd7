// SPDX-License-Identifier: GPL-2.0-or-later
// A dump as sections of a document: what `whydrop vmcore` shows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/document.h"
#include "sys/result.h"

namespace whydrop {

// Files with debug information, for source lines and, where the kernel has no BTF, for types.
struct DebugWanted {
    std::string vmlinux;               // empty: not named
    std::vector<std::string> modules;  // .ko files
    bool look = true;                  // in the usual places, for what is not named
    std::string root;                  // of the usual places; for tests
};

class Vmcore {
  public:
    // Errors: usage for what is no dump, and for debug files that are none or of another build;
    // failed for one whose kernel cannot be found.
    static Result<Vmcore> open(const std::string &path, DebugWanted debug = {});
    Vmcore(Vmcore &&) noexcept;
    Vmcore &operator=(Vmcore &&) noexcept;
    ~Vmcore();

    Section summary();
    Section log(size_t most);  // the last records; 0: all
    Section running();         // a backtrace for each CPU
    Section blocked();         // tasks in the D state, those with equal stacks as one
    Section modules();
    Section devices();
    Section device_drops();
    Section qdiscs();
    Section softnet();
    Section napi(bool all);  // of all, or those that were asked for, polled or switched off
    Section works();
    Section waits();  // who waits for which work
    Section bpf_programs();
    Section bpf_maps();

    Section tasks();
    // Backtraces of all tasks (absent), or of one. Errors: usage, there is none.
    Result<Section> backtraces(std::optional<int64_t> pid);
    // What a BPF map held, by its name or number. Errors: usage, there is none; unsupported.
    Result<Section> bpf_map(const std::string &name);
    // A symbol's address, or the symbol at an address ("0xffff...", "name", "name+0x10"); with
    // debug files also its source line, a row for each function that was inlined there. Errors:
    // usage.
    Result<Section> symbol(const std::string &text);
    // A type's members; with an address or a symbol, what they held. Errors: usage.
    Result<Section> structure(const std::string &type, const std::string &where);
    // `count` words of eight bytes. Errors: usage.
    Result<Section> words(const std::string &where, uint64_t count);
    Section info();  // VMCOREINFO and what the file says of itself
    // The same of a dump in which no kernel can be found. Errors: as of the file.
    static Result<Section> info_without_kernel(const std::string &path);

    // Commands for crash(8) with the addresses of this dump, to go on by hand.
    std::string crash_script();

    // What could not be read until now.
    [[nodiscard]] const Losses &losses() const;

  private:
    struct State;
    explicit Vmcore(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
