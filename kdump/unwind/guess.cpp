// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/unwind/guess.h"

#include <algorithm>

#include "kdump/memory.h"
#include "kdump/unwind/call_site.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t word = sizeof(uint64_t);
constexpr uint64_t farthest = 8192;       // bytes: frames are smaller, stacks are of 16384
constexpr unsigned most_candidates = 61;  // a bound, for stacks that are full of them
constexpr int enough_frames = 3;          // that follow one: chance does not find three

struct Candidate {
    Position position;
    int score = 0;
};

// How many frames follow it, up to enough_frames. An end is as good as all of them.
int frames_behind(const Stepper &stepper, Position at) {
    for (int found = 0; found < enough_frames; found++) {
        const Step step = stepper.step(at);
        if (step.kind == Step::Kind::ended && step.complete)
            return enough_frames;
        if (step.kind != Step::Kind::moved)
            return found;
        if (!at.exact && !stepper.may_return_to(at.registers.ip()))
            return found;
    }
    return enough_frames;
}

// Does the call go to the function that `from` is in?
bool calls_it(const Stepper &stepper, const CallSite &call, const Position &from) {
    constexpr uint64_t largest = 65536;  // bytes of a function
    return call.kind == CallSite::Kind::direct && from.code() - call.target < largest &&
           stepper.in_gap(call.target);
}

// A function that keeps a frame pointer has saved its caller's right below the return address; of
// another one hopes that it left the register alone. What points into its own frame is not it.
std::optional<uint64_t> frame_pointer_of_caller(const Stepper &stepper, uint64_t return_at,
                                                const Position &from) {
    const auto bp = from.registers.get(Register::bp);
    const uint64_t sp = from.registers.sp();
    if (!bp || *bp - sp > return_at - sp)
        return bp;
    const auto saved = stepper.reader().load<uint64_t>(return_at - word);
    if (*bp != return_at - word || !saved)
        return {};
    return *saved;
}

// Absent: the word `ip` at `at` is no return address.
std::optional<Candidate> judge(const Stepper &stepper, uint64_t ip, uint64_t at,
                               const Position &from) {
    if (!stepper.is_text(ip - 1))
        return {};
    const CallSite call = call_before(stepper.reader(), ip);
    if (!call.possible())
        return {};
    Candidate candidate;
    candidate.position.kind = FrameKind::guessed;
    candidate.position.registers.set(Register::ip, ip);
    candidate.position.registers.set(Register::sp, at + word);
    if (const auto bp = frame_pointer_of_caller(stepper, at, from))
        candidate.position.registers.set(Register::bp, *bp);
    candidate.score = frames_behind(stepper, candidate.position);
    if (calls_it(stepper, call, from))
        candidate.score += enough_frames;
    return candidate;
}

// The function may have saved its caller's frame pointer: below the return address, with the other
// registers that are the caller's. Taken if more frames follow with it.
void find_frame_pointer(const Stepper &stepper, Position &caller) {
    constexpr uint64_t saved_registers = 6, largest = 16384;
    const uint64_t sp = caller.registers.sp();
    int most = frames_behind(stepper, caller);
    for (uint64_t i = 0; i < saved_registers && most < enough_frames; i++) {
        const auto bp = stepper.reader().load<uint64_t>(sp - (i + 2) * word);
        if (!bp || *bp - sp > largest)
            continue;
        Position with = caller;
        with.registers.set(Register::bp, *bp);
        const int frames = frames_behind(stepper, with);
        if (frames > most) {
            most = frames;
            caller = with;
        }
    }
}

}  // namespace

std::optional<Position> guess_caller(const Stepper &stepper, const Position &from,
                                     const std::optional<StackLimits> &stack) {
    const uint64_t begin = (from.registers.sp() + word - 1) / word * word;
    uint64_t bytes = farthest;
    if (stack && stack->holds(begin))
        bytes = std::min(bytes, stack->end - begin);
    std::optional<Candidate> best;
    unsigned candidates = 0;
    for (uint64_t at = begin; at - begin + word <= bytes && candidates < most_candidates;
         at += word) {
        const auto value = stepper.reader().load<uint64_t>(at);
        if (!value)
            break;
        if (const auto candidate = judge(stepper, *value, at, from)) {
            candidates++;
            if (candidate->score > 0 && (!best || candidate->score > best->score))
                best = candidate;
        }
    }
    if (!best)
        return {};
    find_frame_pointer(stepper, best->position);
    return best->position;
}

}  // namespace whydrop::kdump
