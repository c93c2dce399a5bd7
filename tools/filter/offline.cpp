// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter/offline.h"

#include <linux/bpf_common.h>
#include <linux/filter.h>

#include <array>
#include <optional>

namespace whydrop {

namespace {

// One run. Jumps go forward only, so that it ends.
class Machine {
  public:
    Machine(const ClassicProgram &program, std::span<const uint8_t> bytes, uint64_t whole)
        : program_(program), bytes_(bytes), whole_(whole) {}

    Match run() {
        while (!answer_ && at_ < program_.size())
            step(program_[at_++]);
        return answer_.value_or(Match::no);
    }

  private:
    void step(const ClassicInsn &insn) {
        switch (BPF_CLASS(insn.code)) {
            case BPF_LD:
                return load(insn, a_);
            case BPF_LDX:
                return load(insn, x_);
            case BPF_ST:
                return store(insn, a_);
            case BPF_STX:
                return store(insn, x_);
            case BPF_ALU:
                return calculate(insn);
            case BPF_JMP:
                return jump(insn);
            case BPF_MISC:
                (BPF_MISCOP(insn.code) == BPF_TAX ? x_ : a_) =
                    BPF_MISCOP(insn.code) == BPF_TAX ? a_ : x_;
                return;
            default:  // BPF_RET
                answer_ = (BPF_RVAL(insn.code) == BPF_A ? a_ : insn.k) ? Match::yes : Match::no;
        }
    }

    void load(const ClassicInsn &insn, uint32_t &into) {
        switch (BPF_MODE(insn.code)) {
            case BPF_IMM:
                into = insn.k;
                return;
            case BPF_LEN:
                into = static_cast<uint32_t>(whole_);
                return;
            case BPF_MEM:
                into = insn.k < memory_.size() ? memory_[insn.k] : 0;
                return;
            case BPF_MSH:  // the length of an IPv4 header
                if (const auto byte = read(insn.k, 1))
                    into = (*byte & 0xf) * 4;
                return;
            default:  // BPF_ABS, BPF_IND
                const uint64_t from = BPF_MODE(insn.code) == BPF_IND ? uint64_t{x_} : 0;
                const uint32_t size = BPF_SIZE(insn.code);
                if (const auto value = read(from + insn.k, size == BPF_W   ? 4
                                                           : size == BPF_H ? 2
                                                                           : 1))
                    into = *value;
        }
    }

    // Beyond the packet's end nothing matches; beyond the recording's nobody knows.
    std::optional<uint32_t> read(uint64_t from, uint32_t size) {
        if (from + size > bytes_.size()) {
            answer_ = from + size > whole_ ? Match::no : Match::undecided;
            return {};
        }
        uint32_t value = 0;
        for (uint32_t i = 0; i < size; i++)
            value = value << 8 | bytes_[from + i];
        return value;
    }

    void store(const ClassicInsn &insn, uint32_t value) {
        if (insn.k < memory_.size())
            memory_[insn.k] = value;
    }

    void calculate(const ClassicInsn &insn) {
        const uint32_t b = BPF_SRC(insn.code) == BPF_X ? x_ : insn.k;
        const uint32_t op = BPF_OP(insn.code);
        if ((op == BPF_DIV || op == BPF_MOD) && b == 0) {
            answer_ = Match::no;
            return;
        }
        switch (op) {
            case BPF_ADD:
                a_ += b;
                break;
            case BPF_SUB:
                a_ -= b;
                break;
            case BPF_MUL:
                a_ *= b;
                break;
            case BPF_DIV:
                a_ /= b;
                break;
            case BPF_MOD:
                a_ %= b;
                break;
            case BPF_AND:
                a_ &= b;
                break;
            case BPF_OR:
                a_ |= b;
                break;
            case BPF_XOR:
                a_ ^= b;
                break;
            case BPF_LSH:
                a_ = b < 32 ? a_ << b : 0;
                break;
            case BPF_RSH:
                a_ = b < 32 ? a_ >> b : 0;
                break;
            default:  // BPF_NEG
                a_ = 0 - a_;
        }
    }

    void jump(const ClassicInsn &insn) {
        const uint32_t b = BPF_SRC(insn.code) == BPF_X ? x_ : insn.k;
        switch (BPF_OP(insn.code)) {
            case BPF_JA:
                at_ += insn.k;
                return;
            case BPF_JGT:
                at_ += a_ > b ? insn.jt : insn.jf;
                return;
            case BPF_JGE:
                at_ += a_ >= b ? insn.jt : insn.jf;
                return;
            case BPF_JSET:
                at_ += a_ & b ? insn.jt : insn.jf;
                return;
            default:  // BPF_JEQ
                at_ += a_ == b ? insn.jt : insn.jf;
        }
    }

    const ClassicProgram &program_;
    std::span<const uint8_t> bytes_;
    uint64_t whole_;
    size_t at_ = 0;
    uint32_t a_ = 0, x_ = 0;
    std::array<uint32_t, BPF_MEMWORDS> memory_{};
    std::optional<Match> answer_;
};

}  // namespace

Match run_classic(const ClassicProgram &program, std::span<const uint8_t> bytes, uint64_t whole) {
    return Machine(program, bytes, whole).run();
}

Result<OfflineFilter> OfflineFilter::compile(const std::string &expression) {
    OfflineFilter filter;
    auto ethernet = compile_expression(expression, FilterLink::ethernet);
    if (!ethernet)
        return ethernet.error();
    filter.ethernet_ = std::move(*ethernet);
    auto ip = compile_expression(expression, FilterLink::ip);
    filter.says_nothing_of_ip_ = !ip.ok();
    if (ip)
        filter.ip_ = std::move(*ip);
    return filter;
}

Match OfflineFilter::matches(const Packet &packet) const {
    if (packet.link == LinkType::none || packet.bytes.empty())
        return Match::undecided;
    const auto bytes = bytes_on_wire(packet);
    const uint64_t whole = packet.wire_bytes + (bytes.size() - packet.bytes.size());
    if (packet.link == LinkType::ethernet)
        return run_classic(ethernet_, bytes, whole);
    return says_nothing_of_ip_ ? Match::undecided : run_classic(ip_, bytes, whole);
}

}  // namespace whydrop
