// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_counting.h"

#include <algorithm>

namespace whydrop {

namespace {

constexpr XdpPlace everywhere{0, 0};

// Those of one device; a counter has no entry of one that no packet came to.
XdpCounts counts_at(const std::vector<XdpCounts> &all, const XdpPlace &place) {
    for (const XdpCounts &counts : all)
        if (XdpPlace{counts.netns, counts.ifindex} == place)
            return counts;
    return {};
}

uint64_t packets_of(const XdpCounts &counts) {
    uint64_t packets = counts.runs;
    for (const XdpCount &count : counts.answers)
        packets += count.packets;
    return packets;
}

std::vector<XdpSpot> spots_at(const std::vector<XdpSpot> &spots, const XdpPlace &place) {
    std::vector<XdpSpot> found;
    for (const XdpSpot &spot : spots)
        if (spot.place == place)
            found.push_back(spot);
    return found;
}

bool has(const std::vector<XdpSpot> &spots, uint32_t program) {
    return std::any_of(spots.begin(), spots.end(),
                       [&](const XdpSpot &spot) { return spot.program == program; });
}

}  // namespace

const XdpCounting::Program *XdpCounting::find(uint32_t program) const {
    // One that went and came again is there twice.
    const auto found = std::find_if(programs_.rbegin(), programs_.rend(),
                                    [&](const Program &known) { return known.id == program; });
    return found == programs_.rend() ? nullptr : &*found;
}

XdpCounting::Program *XdpCounting::find(uint32_t program) {
    return const_cast<Program *>(std::as_const(*this).find(program));
}

std::string XdpCounting::described(uint32_t program) const {
    const Program *known = find(program);
    return "program " + std::to_string(program) + (known ? " " + known->how.name : "");
}

void XdpCounting::tell(const XdpPlace &place, uint32_t old_program, uint32_t new_program,
                       std::string text) {
    const XdpScene::Device &device = devices_[place];
    changes_.push_back({clock_() - begun_s_, device.name, device.netns, place.first, old_program,
                        new_program,
                        device.name.empty() ? std::move(text) : device.name + ": " + text});
}

void XdpCounting::sample(Program &program) {
    if (!program.counter)
        return;
    const auto counts = program.counter->read();
    const double now = clock_();
    const auto tell_of_it = [&](const std::string &what) {
        tell(program.first().place, program.id, program.id, described(program.id) + what);
    };
    if (!counts) {
        tell_of_it(" is no longer counted: " + counts.error().what);
        program.counter.reset();
        return;
    }
    bool grows = true;
    for (auto &[place, meter] : program.meters)
        grows &= meter.take(now, counts_at(*counts, place));
    program.passed_over = program.counter->passed_over();
    if (program.way == XdpWay::exit)
        program.without_place = packets_of(counts_at(*counts, everywhere));
    if (!grows)
        tell_of_it(": its counts (" + program.how.by + ") were set back");
}

void XdpCounting::sample() {
    for (Program &program : programs_)
        sample(program);
}

XdpCounting::Program &XdpCounting::opened(uint32_t id) {
    Program program;
    program.id = program.how.program = id;
    if (auto opened = open_(id)) {
        program.info = std::move(opened->info);
        program.how.refused = std::move(opened->counter.refused);
        program.counter = std::move(opened->counter.counter);
    } else {
        program.how.refused = {opened.error().what};
    }
    program.how.name = program.info.function.empty() ? program.info.name : program.info.function;
    if (program.counter) {
        program.how.by = program.counter->description();
        program.how.map = program.counter->map();
        program.way = program.counter->way();
    }
    return programs_.emplace_back(std::move(program));
}

// A program that is there for the first time, or on one more device.
void XdpCounting::meet(const XdpSpot &spot) {
    Program *known = find(spot.program);
    Program &program = known && !known->gone ? *known : opened(spot.program);
    program.spots[spot.place] = spot;
    if (spot.part.empty())
        program.attached.insert(spot.attached);
    const XdpPlace place = program.way == XdpWay::exit ? spot.place : everywhere;
    if (!program.counter || program.meters.contains(place))
        return;
    const auto counts = program.counter->read();
    program.meters.emplace(place,
                           XdpMeter(clock_(), counts ? counts_at(*counts, place) : XdpCounts()));
}

// It is on no device any more. Its counter would keep it in the kernel.
void XdpCounting::leave(uint32_t program) {
    if (Program *known = find(program)) {
        sample(*known);
        known->counter.reset();
        known->gone = true;
    }
}

// What was on this device, and what is.
void XdpCounting::compare(const XdpPlace &place, const XdpScene &now) {
    const auto before = spots_at(spots_, place), after = spots_at(now.spots, place);
    std::set<uint32_t> told;
    for (const XdpSpot &was : before) {
        if (has(after, was.program))
            continue;
        const auto next = std::find_if(after.begin(), after.end(), [&](const XdpSpot &is) {
            return is.part == was.part && !has(before, is.program);
        });
        if (next == after.end()) {
            tell(place, was.program, 0,
                 described(was.program) + (now.devices.contains(place)
                                               ? " was taken off"
                                               : " is gone, as the device is"));
            continue;
        }
        const Program *old = find(was.program), *young = find(next->program);
        std::string text = described(was.program) + " was replaced by " +
                           std::to_string(next->program) + " " + young->how.name;
        if (old && old->how.map && young->how.map && old->how.map != young->how.map)
            text += ", and its map " + std::to_string(old->how.map) + " by " +
                    std::to_string(young->how.map);
        tell(place, was.program, next->program, std::move(text));
        told.insert(next->program);
    }
    for (const XdpSpot &is : after)
        if (!has(before, is.program) && !told.contains(is.program))
            tell(place, 0, is.program, described(is.program) + " was put on it");
}

void XdpCounting::follow(const XdpScene &scene) {
    for (const auto &[place, device] : scene.devices)
        devices_[place] = device;
    if (follows_ && scene.spots == spots_)
        return;
    for (const XdpSpot &spot : scene.spots)
        meet(spot);
    if (follows_) {
        std::set<XdpPlace> places;
        for (const auto &spots : {spots_, scene.spots})
            for (const XdpSpot &spot : spots)
                places.insert(spot.place);
        for (const XdpPlace &place : places)
            compare(place, scene);
        for (const XdpSpot &was : spots_)
            if (!has(scene.spots, was.program))
                leave(was.program);
    }
    follows_ = true;
    spots_ = scene.spots;
}

void XdpCounting::begin() {
    sample();
    for (Program &program : programs_)
        for (auto &[place, meter] : program.meters)
            meter.begin();
    changes_.clear();
    begun_s_ = clock_();
}

void XdpCounting::next_period() {
    for (Program &program : programs_) {
        program.past = program.gone;
        for (auto &[place, meter] : program.meters)
            meter.next_period();
    }
}

XdpStanding XdpCounting::standing(const Program &program, const XdpPlace &place) const {
    XdpStanding standing;
    std::set<uint32_t> inodes;
    for (const auto &[at, spot] : program.spots) {
        const auto device = devices_.find(at);
        if (device == devices_.end() || (place != everywhere && place != at))
            continue;
        standing.dev += (standing.dev.empty() ? "" : ", ") + device->second.name;
        if (inodes.insert(at.first).second)
            standing.netns += (standing.netns.empty() ? "" : ", ") + device->second.netns;
    }
    const XdpSpot &spot = place == everywhere ? program.first() : program.spots.at(place);
    standing.inode = inodes.size() == 1 ? *inodes.begin() : 0;
    standing.mode = spot.mode;
    standing.program = program.id;
    standing.name = program.how.name;
    standing.part = spot.part;
    standing.dispatches = spot.dispatches;
    standing.gone = program.gone;
    standing.by = program.how.by;
    standing.way = program.way;
    return standing;
}

std::vector<XdpStanding> XdpCounting::standings(bool at_end) const {
    std::vector<XdpStanding> all;
    std::map<std::pair<std::string, std::string>, uint64_t> busy;
    for (const Program &program : programs_) {
        if (program.past && !at_end)
            continue;
        if (program.meters.empty())
            all.push_back(standing(program, everywhere));
        for (const auto &[place, meter] : program.meters) {
            XdpStanding now = standing(program, place);
            now.total = meter.whole().counts;
            now.recent = at_end ? meter.whole() : meter.period();
            uint64_t &most = busy[{now.netns, now.dev}];
            most = std::max(most, packets_of(now.total));
            all.push_back(std::move(now));
        }
    }
    std::stable_sort(all.begin(), all.end(), [&](const XdpStanding &a, const XdpStanding &b) {
        const std::pair left{a.netns, a.dev}, right{b.netns, b.dev};
        return busy[left] != busy[right] ? busy[left] > busy[right] : left < right;
    });
    return all;
}

std::vector<XdpCounted> XdpCounting::counted(bool at_end) const {
    std::vector<XdpCounted> all;
    for (const Program &program : programs_)
        if (at_end || !program.past)
            all.push_back(program.how);
    return all;
}

uint64_t XdpCounting::packets() const {
    // What a dispatcher's members meet, it has met itself.
    uint64_t packets = 0;
    for (const Program &program : programs_)
        if (program.first().part.empty())
            for (const auto &[place, meter] : program.meters)
                packets += packets_of(meter.whole().counts);
    return packets;
}

uint32_t XdpCounting::known_as(uint32_t attached) const {
    for (const Program &program : programs_)
        if (program.attached.contains(attached))
            return program.id;
    return attached;
}

bool XdpCounting::reads_map(uint32_t map) const {
    return std::any_of(programs_.begin(), programs_.end(), [&](const Program &program) {
        const auto &maps = program.info.maps;
        return std::find(maps.begin(), maps.end(), map) != maps.end();
    });
}

bool XdpCounting::is_on(const XdpPlace &place) const {
    return std::any_of(programs_.begin(), programs_.end(),
                       [&](const Program &program) { return program.spots.contains(place); });
}

Losses XdpCounting::losses() const {
    Losses losses;
    for (const Program &program : programs_) {
        const std::string of = "of program " + std::to_string(program.id) + ": ";
        if (program.passed_over > 0)
            losses.push_back({"passed_over", program.passed_over, "packets",
                              of + "the kernel did not run our program, as it ran already", false});
        if (program.without_place > 0)
            losses.push_back({"no_room", program.without_place, "packets",
                              of + "it is on more devices than can be told apart", false});
    }
    return losses;
}

}  // namespace whydrop
