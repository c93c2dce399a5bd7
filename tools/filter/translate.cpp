// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter/translate.h"

#include <linux/filter.h>

#include <algorithm>
#include <optional>
#include <string>

#include "probes/wire.h"

namespace whydrop {

namespace {

// Registers. r1 to r5 do not survive a call; r0 is what was read or found.
constexpr uint8_t r0 = 0, r1 = 1, r2 = 2, r3 = 3, r5 = 5, r10 = 10;
constexpr uint8_t packet = 6;    // its address, or that of its copy
constexpr uint8_t readable = 7;  // bytes there
constexpr uint8_t a = 8, x = 9;  // the classic machine's A and X, upper halves 0
// The stack: the packet's length, the number of its copy, the sixteen cells of scratch memory.
constexpr int16_t length_at = -8, slot_at = -16, cells_at = -80;
// Offsets from here on are no bytes of the packet but what Linux knows beside it (SKF_AD_OFF).
constexpr uint32_t ancillary = 0xfffff000;

enum class Label { cut, no, undecided };

class Translator {
  public:
    Translator(const ClassicProgram &program, const FilterReading &reading)
        : program_(program), reading_(reading) {}

    Result<std::vector<bpf_insn>> run();

  private:
    void emit(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
        bpf_insn insn{};
        insn.code = code;
        insn.dst_reg = dst & 15;
        insn.src_reg = src & 15;
        insn.off = off;
        insn.imm = imm;
        out_.push_back(insn);
    }
    void move(uint8_t dst, uint8_t src) { emit(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0); }
    void set(uint8_t dst, uint32_t value) {
        emit(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, static_cast<int32_t>(value));
    }
    void add64(uint8_t dst, uint8_t src) { emit(BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0); }
    void add64(uint8_t dst, int32_t value) { emit(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value); }
    void call(int32_t function, uint8_t kind) { emit(BPF_JMP | BPF_CALL, 0, kind, 0, function); }
    void load(uint8_t size, uint8_t dst, uint8_t from, int16_t off) {
        emit(BPF_LDX | BPF_MEM | size, dst, from, off, 0);
    }
    void store(uint8_t size, uint8_t src, int16_t off) {
        emit(BPF_STX | BPF_MEM | size, r10, src, off, 0);
    }
    void jump(uint8_t code, uint8_t dst, uint8_t src, int32_t imm, Label to) {
        labels_.emplace_back(out_.size(), to);
        emit(code, dst, src, 0, imm);
    }
    void jump(uint8_t code, uint8_t dst, uint8_t src, int32_t imm, size_t to) {
        jumps_.emplace_back(out_.size(), to);
        emit(code, dst, src, 0, imm);
    }

    void begin();
    void end();
    Status one(size_t at);
    Status load_a(const ClassicInsn &insn);
    Status load_x(const ClassicInsn &insn);
    Status read(const ClassicInsn &insn, uint8_t dst);
    void read_at(uint32_t offset, uint32_t bytes, uint8_t size);
    void read_at_x(uint32_t offset, uint32_t bytes, uint8_t size);
    void read_direct(uint8_t size);
    Status arithmetic(const ClassicInsn &insn);
    Status branch(const ClassicInsn &insn, size_t at);
    void give_back(const ClassicInsn &insn);
    [[nodiscard]] bool cells_used() const;
    [[nodiscard]] static int16_t cell(uint32_t k) {
        return static_cast<int16_t>(cells_at + static_cast<int>(k) * 4);
    }

    const ClassicProgram &program_;
    const FilterReading &reading_;
    std::vector<bpf_insn> out_;
    std::vector<size_t> starts_;                    // of each classic instruction, in out_
    std::vector<std::pair<size_t, size_t>> jumps_;  // (where, to which classic instruction)
    std::vector<std::pair<size_t, Label>> labels_;
    size_t label_at_[3] = {};
};

Error cannot(const std::string &why, std::string hint = {}) {
    return {Errc::usage, "the filter cannot run in the kernel: " + why, std::move(hint)};
}

bool Translator::cells_used() const {
    return std::any_of(program_.begin(), program_.end(), [](const ClassicInsn &insn) {
        const auto kind = BPF_CLASS(insn.code);
        return kind == BPF_ST || kind == BPF_STX ||
               ((kind == BPF_LD || kind == BPF_LDX) && BPF_MODE(insn.code) == BPF_MEM);
    });
}

// Arguments: packet or number of the copy, readable bytes, bytes; r5: the map of copies.
void Translator::begin() {
    // Never: but the verifier refuses code that nothing leads to, and not each filter needs the
    // end.
    set(r0, 0);
    jump(BPF_JMP | BPF_JNE | BPF_K, r0, 0, 0, Label::cut);
    emit(BPF_ALU | BPF_MOV | BPF_X, readable, r2, 0, 0);
    store(BPF_W, r3, length_at);
    if (reading_.direct()) {
        move(packet, r1);
    } else {
        store(BPF_W, r1, slot_at);
        move(r1, r5);
        move(r2, r10);
        add64(r2, int32_t{slot_at});
        call(BPF_FUNC_map_lookup_elem, 0);
        jump(BPF_JMP | BPF_JEQ | BPF_K, r0, 0, 0, Label::undecided);
        move(packet, r0);
    }
    set(a, 0);
    set(x, 0);
    if (cells_used())
        for (uint32_t k = 0; k < BPF_MEMWORDS; k++)
            store(BPF_W, a, cell(k));
}

// Where all that did not end with a verdict of the program's own goes to.
void Translator::end() {
    // r1: the end of what was to be read. Beyond the packet's end it is a no, as for libpcap.
    label_at_[static_cast<int>(Label::cut)] = out_.size();
    load(BPF_W, r2, r10, length_at);
    jump(BPF_JMP | BPF_JGT | BPF_X, r1, r2, 0, Label::no);
    label_at_[static_cast<int>(Label::undecided)] = out_.size();
    set(r0, WIRE_PCAP_UNDECIDED);
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    label_at_[static_cast<int>(Label::no)] = out_.size();
    set(r0, WIRE_PCAP_NO);
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

// r1: the address. The value comes to r0.
void Translator::read_direct(uint8_t size) {
    set(r2, reading_.cast_type);
    call(static_cast<int32_t>(reading_.cast_function), BPF_PSEUDO_KFUNC_CALL);
    load(size, r0, r0, 0);
}

void Translator::read_at(uint32_t offset, uint32_t bytes, uint8_t size) {
    const uint64_t end = uint64_t{offset} + bytes;
    // Jumps that are always taken are written as conditions: what follows must not look
    // unreachable.
    if (end > UINT32_MAX) {  // no packet is so long
        set(r1, 0);
        jump(BPF_JMP | BPF_JEQ | BPF_K, r1, 0, 0, Label::no);
        return;
    }
    set(r1, static_cast<uint32_t>(end));
    if (reading_.direct()) {
        jump(BPF_JMP | BPF_JGT | BPF_X, r1, readable, 0, Label::cut);
        move(r1, packet);
        if (offset) {
            set(r2, offset);
            add64(r1, r2);
        }
        read_direct(size);
    } else if (end > WIRE_PCAP_VIEW) {
        jump(BPF_JMP | BPF_JGT | BPF_K, r1, 0, WIRE_PCAP_VIEW, Label::cut);
    } else {
        jump(BPF_JMP | BPF_JGT | BPF_X, r1, readable, 0, Label::cut);
        load(size, r0, packet, static_cast<int16_t>(offset));
    }
}

// The same at X + offset.
void Translator::read_at_x(uint32_t offset, uint32_t bytes, uint8_t size) {
    set(r1, offset);
    add64(r1, x);
    if (!reading_.direct())
        move(r0, r1);
    add64(r1, static_cast<int32_t>(bytes));
    jump(BPF_JMP | BPF_JGT | BPF_X, r1, readable, 0, Label::cut);
    if (reading_.direct()) {
        add64(r1, -static_cast<int32_t>(bytes));
        add64(r1, packet);
        read_direct(size);
        return;
    }
    // Never so; but not every verifier sees it from the comparison above.
    jump(BPF_JMP | BPF_JGT | BPF_K, r0, 0, static_cast<int32_t>(WIRE_PCAP_VIEW - bytes),
         Label::cut);
    add64(r0, packet);
    load(size, r0, r0, 0);
}

Status Translator::read(const ClassicInsn &insn, uint8_t dst) {
    const uint8_t size = BPF_SIZE(insn.code);
    const uint32_t bytes = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
    const auto mode = BPF_MODE(insn.code);
    if (mode == BPF_ABS && insn.k >= ancillary)
        return cannot("it asks for what only a live capture knows (inbound, outbound, ...)",
                      "-i and --by dev tell where packets were lost");
    if (mode == BPF_IND)
        read_at_x(insn.k, bytes, size);
    else
        read_at(insn.k, bytes, size);
    if (bytes > 1)
        emit(BPF_ALU | BPF_END | BPF_TO_BE, r0, 0, 0, static_cast<int32_t>(bytes * 8));
    move(dst, r0);
    return success();
}

Error unknown(const ClassicInsn &insn) {
    return cannot("libpcap made an instruction of it that is not known here (code " +
                  std::to_string(insn.code) + ")");
}

Status Translator::load_a(const ClassicInsn &insn) {
    switch (BPF_MODE(insn.code)) {
        case BPF_ABS:
        case BPF_IND:
            return read(insn, a);
        case BPF_IMM:
            set(a, insn.k);
            return success();
        case BPF_MEM:
            load(BPF_W, a, r10, cell(insn.k));
            return success();
        case BPF_LEN:
            load(BPF_W, a, r10, length_at);
            return success();
        default:
            return unknown(insn);
    }
}

Status Translator::load_x(const ClassicInsn &insn) {
    switch (BPF_MODE(insn.code)) {
        case BPF_MSH:  // the length of an IPv4 header: four times the low half of a byte
            read_at(insn.k, 1, BPF_B);
            move(x, r0);
            emit(BPF_ALU | BPF_AND | BPF_K, x, 0, 0, 15);
            emit(BPF_ALU | BPF_LSH | BPF_K, x, 0, 0, 2);
            return success();
        case BPF_IMM:
            set(x, insn.k);
            return success();
        case BPF_MEM:
            load(BPF_W, x, r10, cell(insn.k));
            return success();
        case BPF_LEN:
            load(BPF_W, x, r10, length_at);
            return success();
        default:
            return unknown(insn);
    }
}

Status Translator::arithmetic(const ClassicInsn &insn) {
    const uint8_t operation = BPF_OP(insn.code);
    const bool by_x = BPF_SRC(insn.code) == BPF_X;
    const bool shift = operation == BPF_LSH || operation == BPF_RSH;
    const bool division = operation == BPF_DIV || operation == BPF_MOD;
    constexpr int32_t bits = 32;
    if (operation > BPF_XOR || (shift && !by_x && insn.k >= bits) || (division && !by_x && !insn.k))
        return unknown(insn);
    if (division && by_x)  // by zero: the packet does not match
        jump(BPF_JMP | BPF_JEQ | BPF_K, x, 0, 0, Label::no);
    if (shift && by_x) {  // by more than there is: nothing is left
        emit(BPF_JMP | BPF_JLT | BPF_K, x, 0, 1, bits);
        set(a, 0);
    }
    // The codes are those of the classic machine. A shift by more than 31 changes a zero only.
    emit(BPF_ALU | operation | (by_x ? BPF_X : BPF_K), a, by_x ? x : 0, 0,
         by_x || operation == BPF_NEG ? 0 : static_cast<int32_t>(insn.k));
    return success();
}

// The opposite of a comparison that has one.
std::optional<uint8_t> opposite(uint8_t operation) {
    switch (operation) {
        case BPF_JEQ:
            return BPF_JNE;
        case BPF_JGT:
            return BPF_JLE;
        case BPF_JGE:
            return BPF_JLT;
        default:
            return {};
    }
}

Status Translator::branch(const ClassicInsn &insn, size_t at) {
    const uint8_t operation = BPF_OP(insn.code);
    if (operation == BPF_JA) {
        if (insn.k >= program_.size() - at)  // a step back, as a negative number
            return cannot("it takes a loop (protochain)",
                          "'ip6 proto P' looks at the first header, 'ip6[40] = N' behind it");
        jump(BPF_JMP | BPF_JA, 0, 0, 0, at + 1 + insn.k);
        return success();
    }
    if (operation > BPF_JSET)
        return unknown(insn);
    const uint8_t source = BPF_SRC(insn.code);
    const uint8_t reg = source == BPF_X ? x : 0;
    const auto imm = source == BPF_X ? 0 : static_cast<int32_t>(insn.k);
    const auto inverse = opposite(operation);
    if (!insn.jt && inverse) {
        if (insn.jf)
            jump(BPF_JMP32 | *inverse | source, a, reg, imm, at + 1 + insn.jf);
        return success();
    }
    jump(BPF_JMP32 | operation | source, a, reg, imm, at + 1 + insn.jt);
    if (insn.jf)
        jump(BPF_JMP | BPF_JA, 0, 0, 0, at + 1 + insn.jf);
    return success();
}

void Translator::give_back(const ClassicInsn &insn) {
    if (BPF_RVAL(insn.code) == BPF_A) {
        jump(BPF_JMP | BPF_JEQ | BPF_K, a, 0, 0, Label::no);
        set(r0, WIRE_PCAP_YES);
    } else {
        set(r0, insn.k ? WIRE_PCAP_YES : WIRE_PCAP_NO);
    }
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

Status Translator::one(size_t at) {
    const ClassicInsn &insn = program_[at];
    const bool of_cell = BPF_CLASS(insn.code) == BPF_ST || BPF_CLASS(insn.code) == BPF_STX ||
                         (BPF_CLASS(insn.code) <= BPF_LDX && BPF_MODE(insn.code) == BPF_MEM);
    if (of_cell && insn.k >= BPF_MEMWORDS)
        return unknown(insn);
    switch (BPF_CLASS(insn.code)) {
        case BPF_LD:
            return load_a(insn);
        case BPF_LDX:
            return load_x(insn);
        case BPF_ST:
            store(BPF_W, a, cell(insn.k));
            return success();
        case BPF_STX:
            store(BPF_W, x, cell(insn.k));
            return success();
        case BPF_ALU:
            return arithmetic(insn);
        case BPF_JMP:
            return branch(insn, at);
        case BPF_RET:
            give_back(insn);
            return success();
        default:  // BPF_MISC
            if (BPF_MISCOP(insn.code) == BPF_TAX)
                move(x, a);
            else
                move(a, x);
            return success();
    }
}

Result<std::vector<bpf_insn>> Translator::run() {
    begin();
    for (size_t at = 0; at < program_.size(); at++) {
        starts_.push_back(out_.size());
        if (auto done = one(at); !done)
            return done.error();
    }
    end();
    for (const auto &[from, to] : jumps_) {
        if (to >= starts_.size())
            return cannot("libpcap made a jump of it that leads nowhere");
        out_[from].off = static_cast<int16_t>(starts_[to] - from - 1);
    }
    for (const auto &[from, to] : labels_)
        out_[from].off = static_cast<int16_t>(label_at_[static_cast<int>(to)] - from - 1);
    return std::move(out_);
}

}  // namespace

Result<std::vector<bpf_insn>> translate(const ClassicProgram &program,
                                        const FilterReading &reading) {
    return Translator(program, reading).run();
}

std::vector<bpf_insn> constant_answer(uint32_t verdict) {
    bpf_insn set{}, leave{};
    set.code = BPF_ALU | BPF_MOV | BPF_K;
    set.imm = static_cast<int32_t>(verdict);
    leave.code = BPF_JMP | BPF_EXIT;
    return {set, leave};
}

}  // namespace whydrop
