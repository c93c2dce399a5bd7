// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <functional>
#include <set>

#include "engine/script_parts.h"
#include "model/text.h"

namespace whydrop {
namespace {

// What a key is in the script, and what it needs to be read before.
struct KeyText {
    GroupKey key;
    const char *expressions, *titles;
    bool device, packet;
};
constexpr KeyText kKeys[] = {
    {GroupKey::reason, "args->reason, @name[args->reason]", "REASON NAME", false, false},
    {GroupKey::location, "ksym(args->location)", "LOCATION", false, false},
    {GroupKey::dev, "$dev_name", "DEV", true, false},
    {GroupKey::netns, "$netns", "NETNS", true, false},
    {GroupKey::proto, "args->protocol, $proto", "ETHERTYPE PROTOCOL", false, true},
    {GroupKey::flow, "$proto, ntop($src), $sport, ntop($dst), $dport",
     "PROTOCOL SOURCE PORT DESTINATION PORT", false, true},
    {GroupKey::src, "ntop($src)", "SOURCE", false, true},
    {GroupKey::dst, "ntop($dst)", "DESTINATION", false, true},
    {GroupKey::stack, "kstack", "STACK", false, false},
    {GroupKey::comm, "comm", "COMM", false, false},
};

// What stands in the place of a device may be none: it is one when it leads to a network namespace,
// whose inodes are at the top (probes/device.bpf.h).
constexpr const char *kReadDevice =
    "    $dev = $skb->dev;\n"
    "    $netns = (uint64)$dev->nd_net.net->ns.inum;\n"
    "    $dev_name = $dev->name;\n"
    "    if ($netns < 0xefffff00) {\n"
    "        $netns = (uint64)0;\n"
    "        $dev_name = \"\";\n"
    "    }\n";

constexpr const char *kReadPacket =
    "    $proto = (uint64)0;\n"
    "    $src = (uint32)0;\n"
    "    $dst = (uint32)0;\n"
    "    $sport = (uint64)0;\n"
    "    $dport = (uint64)0;\n"
    "    if (args->protocol == 0x0800) {\n"
    "        $ip = $skb->head + $skb->network_header;\n"
    "        $src = *(uint32 *)($ip + 12);\n"
    "        $dst = *(uint32 *)($ip + 16);\n"
    "        $proto = (uint64)*(uint8 *)($ip + 9);\n"
    "        // Not of a later fragment (its offset, in network order). TCP, UDP, SCTP.\n"
    "        if ((*(uint16 *)($ip + 6) & 0xff1f) == 0 &&\n"
    "            ($proto == 6 || $proto == 17 || $proto == 132)) {\n"
    "            $l4 = $ip + (*(uint8 *)$ip & 15) * 4;\n"
    "            $sport = (uint64)*(uint8 *)$l4 * 256 + *(uint8 *)($l4 + 1);\n"
    "            $dport = (uint64)*(uint8 *)($l4 + 2) * 256 + *(uint8 *)($l4 + 3);\n"
    "        }\n"
    "    }\n";

struct ReasonChoice {
    std::string condition;
    std::vector<uint32_t> named;  // empty: all
};

Result<ReasonChoice> choose_reasons(const std::vector<std::string> &words,
                                    const ScriptKernel &kernel) {
    ReasonChoice choice;
    if (words.empty())
        return choice;
    if (!kernel.has_reasons)
        return Error{Errc::unsupported,
                     "-r needs reasons, and this kernel drops without (before 5.17)",
                     "--by location shows where it drops"};
    const auto asked = reason_words(words);
    if (!asked)
        return asked.error();
    const bool negated = asked->negated;
    std::set<uint32_t> codes;
    for (const std::string &name : asked->names) {
        const auto found = kernel.reasons.codes(name);
        if (found.empty())
            return kernel.reasons.unknown(name);
        codes.insert(found.begin(), found.end());
    }
    for (const uint32_t code : codes)
        choice.condition += (choice.condition.empty() ? ""
                             : negated                ? " && "
                                                      : " || ") +
                            std::string("args->reason ") + (negated ? "!= " : "== ") +
                            std::to_string(code);
    if (codes.size() > 1)
        choice.condition = "(" + choice.condition + ")";
    if (!negated)
        choice.named.assign(codes.begin(), codes.end());
    return choice;
}

bool is_number(const std::string &word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
}

Result<std::string> device_condition(const std::string &iface) {
    if (iface.empty())
        return std::string();
    if (is_number(iface))
        return "$netns != 0 && $dev->ifindex == " + iface;
    const auto name = script_name("-i", iface);
    return name ? Result<std::string>("$dev_name == \"" + *name + "\"") : name.error();
}

Result<GroupKeys> keys_of(const ScriptRequest &request, const ScriptKernel &kernel) {
    const auto reason = static_cast<GroupKeys>(GroupKey::reason);
    if (has(request.by, GroupKey::reason) && !kernel.has_reasons)
        return Error{Errc::unsupported, "--by reason: this kernel drops without (before 5.17)",
                     "--by location shows where it drops"};
    if (request.by)
        return request.by;
    return static_cast<GroupKeys>(GroupKey::location) | (kernel.has_reasons ? reason : 0);
}

// Whoever was running. On one CPU at a time, so that no map is needed.
Result<std::string> task_condition(const ScriptRequest &request) {
    std::vector<std::string> all;
    if (request.pid)
        all.push_back("pid == " + std::to_string(*request.pid));
    if (!request.comm.empty()) {
        const auto name = script_name("--comm", request.comm);
        if (!name)
            return name.error();
        all.push_back("comm == \"" + *name + "\"");
    }
    return all_of(all);
}

struct Conditions {
    std::string early;  // before the packet is looked at
    std::string late;
};

std::string probe_text(const DropsProbe &probe, const Conditions &conditions, bool device,
                       const std::string &keys) {
    std::string text = "tracepoint:skb:kfree_skb ";
    if (!conditions.early.empty())
        text += "/ " + conditions.early + " / ";
    text += "{\n";
    if (probe.needs_skb)
        text += "    $skb = (struct sk_buff *)args->skbaddr;\n";
    if (device)
        text += kReadDevice;
    if (probe.reads_packet)
        text += kReadPacket;
    const std::string indent = conditions.late.empty() ? "    " : "        ";
    if (!conditions.late.empty())
        text += "    if (" + conditions.late + ") {\n";
    text += indent + "@drops[" + keys + "] = count();\n" + indent + "@total = count();\n";
    return text + (conditions.late.empty() ? "}\n" : "    }\n}\n");
}

}  // namespace

Result<DropsProbe> script_drops_probe(const ScriptRequest &request, const ScriptKernel &kernel) {
    const auto by = keys_of(request, kernel);
    const auto reasons = choose_reasons(request.reasons, kernel);
    const auto device = device_condition(request.iface);
    const auto task = task_condition(request);
    for (const Error *error : {by ? nullptr : &by.error(), reasons ? nullptr : &reasons.error(),
                               device ? nullptr : &device.error(), task ? nullptr : &task.error()})
        if (error)
            return *error;
    Conditions conditions = {all_of({reasons->condition, *task}), *device};
    DropsProbe probe;
    probe.by_reason = has(*by, GroupKey::reason);
    probe.named = reasons->named;
    if (!request.words.empty()) {
        const auto packet = script_packet_condition(request.words);
        if (!packet)
            return packet.error();
        conditions.early = all_of({conditions.early, "args->protocol == 0x0800"});
        conditions.late = all_of({conditions.late, *packet});
        probe.reads_packet = true;
    }
    bool needs_device = !device->empty();
    std::string keys;
    if (!request.by && !kernel.has_reasons) {
        keys = "args->protocol";
        probe.titles = "ETHERTYPE";
    }
    for (const KeyText &key : kKeys) {
        if (!has(*by, key.key))
            continue;
        keys += (keys.empty() ? "" : ", ") + std::string(key.expressions);
        probe.titles += (probe.titles.empty() ? "" : " ") + std::string(key.titles);
        needs_device = needs_device || key.device;
        probe.reads_packet = probe.reads_packet || key.packet;
    }
    probe.needs_skb = needs_device || probe.reads_packet;
    probe.text = probe_text(probe, conditions, needs_device, keys);
    return probe;
}

}  // namespace whydrop
