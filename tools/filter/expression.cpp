// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter/expression.h"

#include <net/if.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string_view>

#include "sys/handle.h"

namespace whydrop {

namespace {

using Pcap = Handle<pcap_t, &pcap_close>;

constexpr int whole_packet = 262144;  // what a program gives back for a packet that matches

// libpcap's words for an expression that is one, but that nothing matches.
constexpr const char *rejects_all = "expression rejects all packets";

struct Attempt {
    ClassicProgram program;
    std::string problem;  // libpcap's; empty: there is none
};

Attempt attempt(const std::string &expression, FilterLink link) {
    Pcap pcap(pcap_open_dead(link == FilterLink::ethernet ? DLT_EN10MB : DLT_RAW, whole_packet));
    if (!pcap)
        return {{}, "libpcap has no memory"};
    bpf_program compiled{};
    if (pcap_compile(pcap.get(), &compiled, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        return {{}, pcap_geterr(pcap.get())};
    Attempt done;
    for (const bpf_insn &insn : std::vector(compiled.bf_insns, compiled.bf_insns + compiled.bf_len))
        done.program.push_back({insn.code, insn.jt, insn.jf, insn.k});
    pcap_freecode(&compiled);
    return done;
}

// The words and signs of an expression, as views into it. A colon is part of an address, but not
// between brackets.
std::vector<std::string_view> tokens_of(std::string_view expression) {
    bool in_index = false;
    auto of_word = [&in_index](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               std::string_view("._-/\\$").find(c) != std::string_view::npos ||
               (c == ':' && !in_index);
    };
    std::vector<std::string_view> tokens;
    for (size_t at = 0; at < expression.size();) {
        size_t end = at;
        while (end < expression.size() && of_word(expression[end]))
            end++;
        end = std::max(end, at + 1);
        in_index = expression[at] == '[' || (in_index && expression[at] != ']');
        if (!std::isspace(static_cast<unsigned char>(expression[at])))
            tokens.push_back(expression.substr(at, end - at));
        at = end;
    }
    return tokens;
}

// What closes the brackets that `start` has opened.
std::string closing(std::string_view start) {
    std::string open;
    for (const char c : start) {
        if (c == '(' || c == '[')
            open.insert(open.begin(), c == '(' ? ')' : ']');
        else if ((c == ')' || c == ']') && !open.empty())
            open.erase(0, 1);
    }
    return open;
}

// Can something be written behind `start` that makes it an expression? Only what needs no name
// looked up is tried.
bool can_go_on(std::string_view start, FilterLink link) {
    static const char *const next[] = {"",
                                       " 1",
                                       " tcp",
                                       " port 1",
                                       " 10.0.0.1",
                                       " host ::1",
                                       " host 1.2.3.4",
                                       " 1-2",
                                       " 00:00:00:00:00:01",
                                       " host 00:00:00:00:00:01",
                                       "0] = 0",
                                       " = 0",
                                       " 1 = 1"};
    const std::string close = closing(start);
    for (const char *more : next) {
        const std::string whole(start);
        const bool in_index = close.starts_with(']');
        for (const std::string &end : {close, close + " = 0", std::string("0") + close + " = 0"}) {
            if (!in_index && end != close)
                break;
            if (attempt(whole + more + end, link).problem.empty())
                return true;
        }
    }
    return false;
}

// libpcap says what is wrong but not where: the first word behind which nothing can be right any
// more. A name it could not resolve stands in its message.
std::optional<std::string_view> culprit(std::string_view expression, const std::string &problem,
                                        FilterLink link) {
    const auto tokens = tokens_of(expression);
    if (const size_t quote = problem.find('\''); quote != std::string::npos) {
        const std::string name =
            problem.substr(quote + 1, problem.find('\'', quote + 1) - quote - 1);
        const auto found = std::find(tokens.begin(), tokens.end(), name);
        if (found != tokens.end())
            return *found;
    }
    for (const std::string_view token : tokens) {
        const auto end = static_cast<size_t>(token.data() + token.size() - expression.data());
        if (!can_go_on(expression.substr(0, end), link))
            return token;
    }
    return {};
}

Error explain(const std::string &expression, std::string problem, FilterLink link) {
    if (constexpr std::string_view known = "can't parse filter expression: ";
        problem.starts_with(known))
        problem.erase(0, known.size());
    Error error{Errc::usage, "the filter is wrong: " + problem,
                "pcap-filter(7) describes filters: 'tcp port 443 and net 10.0.0.0/8'"};
    if (problem == rejects_all)
        return error;
    const auto word = culprit(expression, problem, link);
    if (word && if_nametoindex(std::string(*word).c_str()))
        error.hint = "a device is chosen by -i " + std::string(*word);
    const size_t at =
        word ? static_cast<size_t>(word->data() - expression.data()) : expression.size();
    const size_t wide = word ? word->size() : 1;
    if (std::all_of(expression.begin(), expression.end(),
                    [](unsigned char c) { return std::isprint(c); }))
        error.what += "\n  " + expression + "\n  " + std::string(at, ' ') + std::string(wide, '^');
    return error;
}

}  // namespace

Result<ClassicProgram> compile_expression(const std::string &expression, FilterLink link) {
    Attempt done = attempt(expression, link);
    if (done.problem == rejects_all && link == FilterLink::ip)
        return ClassicProgram{{BPF_RET | BPF_K, 0, 0, 0}};
    if (!done.problem.empty())
        return explain(expression, done.problem, link);
    return std::move(done.program);
}

}  // namespace whydrop
