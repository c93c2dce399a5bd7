// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/script.h"

#include <algorithm>
#include <functional>

#include "engine/script_parts.h"
#include "sys/embedded.h"

namespace whydrop {

extern const EmbeddedFile stand_alone_scripts[];
extern const size_t stand_alone_scripts_count;

namespace {

enum Takes : unsigned {
    takes_reasons = 1,
    takes_iface = 2,
    takes_task = 4,
    takes_by = 8,
    takes_filter = 16,
    takes_function = 32,
    takes_duration = 64,
};

struct Kind {
    const char *tool, *name, *file, *answers;
    unsigned takes;
    const char *filtered_probe;  // whose events -i, -p and --comm choose among
    const char *device;          // the argument that -i is compared with
};
constexpr Kind kKinds[] = {
    {"bpftrace", "drops", "drops.bt", "which packets are lost, why and where",
     takes_reasons | takes_iface | takes_task | takes_by | takes_filter | takes_duration, "", ""},
    {"bpftrace", "receive", "receive.bt", "what is received, on which device",
     takes_iface | takes_task | takes_duration, "tracepoint:net:netif_receive_skb",
     "str(args->name)"},
    {"bpftrace", "called", "called.bt", "was this function called, and by whom",
     takes_task | takes_function | takes_duration, "kprobe:", ""},
    {"bpftrace", "xdp", "xdp-exceptions.bt", "what XDP programs lose by mistake", takes_duration,
     "", ""},
    {"bpftrace", "pause", "pause-counters.bt", "what PAUSE does to transmit queues",
     takes_iface | takes_duration, "tracepoint:net:", "str(args->name)"},
    {"bcc", "drops", "drops.py", "drops as JSON lines, without BTF", 0, "", ""},
};

struct TakesName {
    unsigned bit;
    const char *name;
};
constexpr TakesName kTakesNames[] = {{takes_reasons, "-r"},      {takes_iface, "-i"},
                                     {takes_task, "-p, --comm"}, {takes_by, "--by"},
                                     {takes_filter, "FILTER"},   {takes_function, "FUNCTION"},
                                     {takes_duration, "-d"}};

std::string names_of(unsigned takes) {
    std::string names;
    for (const TakesName &one : kTakesNames)
        if (takes & one.bit)
            names += (names.empty() ? "" : ", ") + std::string(one.name);
    return names;
}

std::string_view embedded(const std::string &name) {
    for (size_t i = 0; i < stand_alone_scripts_count; i++)
        if (stand_alone_scripts[i].name == name)
            return stand_alone_scripts[i].text;
    return {};
}

Result<const Kind *> find_kind(const ScriptRequest &request) {
    std::string tools, kinds;
    for (const Kind &kind : kKinds) {
        if (kind.tool == request.tool && kind.name == request.kind)
            return &kind;
        if (tools.find(kind.tool) == std::string::npos)
            tools += (tools.empty() ? "" : ", ") + std::string(kind.tool);
        if (kind.tool == request.tool)
            kinds += (kinds.empty() ? "" : ", ") + std::string(kind.name);
    }
    if (kinds.empty())
        return Error{Errc::usage, "there are no scripts for '" + request.tool + "'",
                     "for these there are: " + tools};
    if (request.kind.empty())
        return Error{Errc::usage, "which script for " + request.tool + "?", "one of " + kinds};
    return Error{Errc::usage, "there is no script '" + request.kind + "' for " + request.tool,
                 "there are " + kinds + "; whydrop script lists what each answers"};
}

Status check_asked(const ScriptRequest &request, const Kind &kind) {
    unsigned asked = 0;
    const auto add = [&asked](bool is, unsigned bit) { asked |= is ? bit : 0; };
    add(!request.reasons.empty(), takes_reasons);
    add(!request.iface.empty(), takes_iface);
    add(request.pid || !request.comm.empty(), takes_task);
    add(request.by != 0, takes_by);
    add(request.duration_s != 0, takes_duration);
    add(!request.words.empty(), kind.takes & takes_function ? takes_function : takes_filter);
    const std::string name = request.tool + " " + request.kind;
    if (const unsigned wrong = asked & ~kind.takes)
        return Error{Errc::usage, "the script " + name + " cannot be asked for " + names_of(wrong),
                     kind.takes ? "it takes " + names_of(kind.takes)
                                : "it has options of its own: drops.py --help"};
    if (kind.takes & takes_function && request.words.empty())
        return Error{Errc::usage, "which function?",
                     "whydrop script " + name + " ip_rcv; patterns in quotes: 'ip_rcv*'"};
    return success();
}

void replace_all(std::string &text, const std::string &what, const std::string &with) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

using LineEdit = std::function<std::string(const std::string &)>;  // with its newline, or ""

std::string each_line(std::string_view text, const LineEdit &edit) {
    std::string out;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        out += edit(std::string(text.substr(0, end)));
        text.remove_prefix(end);
    }
    return out;
}

// The commands by which the file is called give way to the one it was printed by.
std::string with_command_line(std::string_view text, const ScriptRequest &request,
                              const std::string &more) {
    std::string command = request.command_line;
    replace_all(command, "\n", " ");  // what comes behind would be no comment any more
    bool said = false;
    return each_line(text, [&](const std::string &line) -> std::string {
        if (!line.starts_with("//     ./"))
            return line;
        if (std::exchange(said, true))
            return "";
        return "//     " + command + " | bpftrace -" + (request.duration_s ? "" : " [SECONDS]") +
               "\n" + more;
    });
}

// The condition goes to the probes it is for: " / a / {" becomes " / (a) && condition / {".
std::string with_condition(const std::string &text, const Kind &kind,
                           const std::string &condition) {
    if (condition.empty())
        return text;
    return each_line(text, [&](std::string line) {
        if (!line.starts_with(kind.filtered_probe) || !line.ends_with(" {\n"))
            return line;
        const size_t begin = line.find(" / "), end = line.rfind(" / {");
        if (begin == std::string::npos)
            return line.substr(0, line.size() - 2) + "/ " + condition + " / {\n";
        return line.substr(0, begin) + " / (" + line.substr(begin + 3, end - begin - 3) + ") && " +
               condition + line.substr(end);
    });
}

Result<std::string> common_condition(const ScriptRequest &request, const Kind &kind) {
    std::vector<std::string> all;
    for (const auto &[what, word, left] :
         {std::tuple{"-i", request.iface, kind.device}, {"--comm", request.comm, "comm"}}) {
        const auto name = script_name(what, word);
        if (!name)
            return name.error();
        if (!name->empty())
            all.push_back(std::string(left) + " == \"" + *name + "\"");
    }
    if (request.pid)
        all.push_back("pid == " + std::to_string(*request.pid));
    return all_of(all);
}

bool is_function(const std::string &word) {
    return word.size() < 128 && std::all_of(word.begin(), word.end(), [](unsigned char c) {
               return std::isalnum(c) || c == '_' || c == '.' || c == '*' || c == '?';
           });
}

Result<std::string> of_template(const ScriptRequest &request, const Kind &kind) {
    const auto condition = common_condition(request, kind);
    if (!condition)
        return condition.error();
    if (kind.takes & takes_function && !is_function(request.words))
        return Error{Errc::usage, "'" + request.words + "' is no name of a function",
                     "one name of /proc/kallsyms, or a pattern with * and ?"};
    std::string text =
        with_condition(with_command_line(embedded(kind.file), request, ""), kind, *condition);
    replace_all(text, "kprobe:$2", "kprobe:" + request.words);
    replace_all(text, "str($2)", "\"" + request.words + "\"");
    return text;
}

std::string names(const DropsProbe &probe, const ReasonTable &reasons) {
    std::string text;
    for (const ReasonTable::Entry &entry : reasons.entries()) {
        const bool wanted = probe.named.empty() ? entry.drop && entry.reason.subsystem == "core"
                                                : std::find(probe.named.begin(), probe.named.end(),
                                                            entry.reason.code) != probe.named.end();
        if (wanted)
            text += "    @name[(uint64)" + std::to_string(entry.reason.code) + "] = \"" +
                    entry.reason.name + "\";\n";
    }
    return text;
}

std::string notes(const ScriptRequest &request, const DropsProbe &probe) {
    std::string text;
    if (probe.by_reason || !request.reasons.empty())
        text += "// Numbers and names of reasons are those of the kernel it was printed for.\n";
    if (probe.needs_skb)
        text +=
            "// It looks into the packet: that takes up to 0.5 us a drop, and BTF that bpftrace "
            "can\n"
            "// read (Debian 12's cannot that of 5.10).\n";
    if (probe.reads_packet)
        text +=
            "// It reads the outer IPv4 header, and ports of TCP, UDP and SCTP: what is not IPv4\n"
            "// has zeros there, and passes no filter.\n";
    if (request.pid || !request.comm.empty())
        text += "// Softirq on the back of that process is counted with it.\n";
    return text.empty() ? text : "//\n" + text;
}

Result<std::string> of_drops(const ScriptRequest &request, const ScriptKernel &kernel) {
    const auto probe = script_drops_probe(request, kernel);
    if (!probe)
        return probe.error();
    const char *file = kernel.has_reasons ? "drops.bt" : "drops-without-reasons.bt";
    const std::string text = with_command_line(embedded(file), request, notes(request, *probe));
    bool in_probe = false;
    return each_line(text, [&](const std::string &line) -> std::string {
        if (line.starts_with("tracepoint:skb:kfree_skb")) {
            in_probe = true;
            return probe->text;
        }
        if (in_probe) {
            in_probe = line != "}\n";
            return "";
        }
        if (line.find("printf(\"DROPS BY ") != std::string::npos)
            return "    printf(\"DROPS BY " + probe->titles + "\\n\");\n";
        if (line.find("@name") != std::string::npos && !probe->by_reason)
            return "";
        if (line.find("@name[(uint64)0]") != std::string::npos)
            return line + names(*probe, kernel.reasons);
        return line;
    });
}

// In one file: what it puts into the kernel lies beside it otherwise.
std::string of_bcc() {
    std::string text(embedded("drops.py"));
    replace_all(text, "PROGRAM = pathlib.Path(__file__).with_name(\"drops.c\").read_text()",
                "PROGRAM = r\"\"\"" + std::string(embedded("drops.c")) + "\"\"\"");
    replace_all(text, "root; drops.c beside it; ", "root; ");
    return text;
}

}  // namespace

Result<std::string> script_name(const std::string &what, const std::string &word) {
    constexpr size_t longest = 15;  // IFNAMSIZ and TASK_COMM_LEN, less their zero
    if (word.size() > longest)
        return Error{Errc::usage, what + ": '" + word + "' is longer than 15 bytes",
                     "no device and no process's name is"};
    if (word.find_first_of("\"\\\n") != std::string::npos)
        return Error{Errc::usage, what + ": '" + word + "' cannot stand in a script",
                     "names with quotes or backslashes are not supported"};
    return word;
}

bool script_needs_kernel(const ScriptRequest &request) {
    return request.tool == "bpftrace" && request.kind == "drops";
}

Result<std::string> make_script(const ScriptRequest &request, const ScriptKernel &kernel) {
    const auto found = find_kind(request);
    if (!found)
        return found.error();
    const Kind &kind = **found;
    if (auto asked = check_asked(request, kind); !asked)
        return asked.error();
    if (request.tool == "bcc")
        return of_bcc();
    auto text = kind.takes & takes_reasons ? of_drops(request, kernel) : of_template(request, kind);
    if (text && request.duration_s)
        replace_all(*text, "$1", std::to_string(request.duration_s));
    return text;
}

Section script_list() {
    Section section;
    section.type = "script";
    section.columns = {
        {"tool", "TOOL"}, {"kind", "KIND"}, {"answers", "ANSWERS"}, {"takes", "TAKES"}};
    for (const Kind &kind : kKinds)
        section.rows.push_back({std::string(kind.tool), std::string(kind.name),
                                std::string(kind.answers), names_of(kind.takes)});
    return section;
}

}  // namespace whydrop
