// SPDX-License-Identifier: GPL-2.0-or-later
// A table of what is done wrong, and what whydrop has to answer: the exit code, the words on
// stderr, and what stands on stdout (nothing, when it never came to observing).
#include "wrong_use.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "process.h"
#include "wrong_counters.h"
#include "wrong_debug_files.h"
#include "wrong_hist.h"
#include "wrong_receive.h"
#include "wrong_replay.h"
#include "wrong_scripts.h"
#include "wrong_xdp.h"

namespace whydrop::live {
namespace {

const Row rows[] = {
    {"NoCommand", "no command: there is nothing to do", "$W", 2, {"no command", "--help"}},
    {"UnknownCommand", "a mistyped command", "$W dropz", 2, {"unknown command 'dropz'"}},
    {"UnknownOption", "a mistyped option", "$W drops --bye flow", 2, {"unknown option --bye"}},
    {"MissingValue", "an option without its value", "$W drops -i", 2, {"needs a value", "IFACE"}},
    {"DeviceAsFilter",
     "a device without its -i: to the filter language it is a host",
     "$W drops -d 1 lo",
     2,
     {"the filter is wrong", "-i lo"}},
    {"FilterThatIsNone",
     "a word is missing: the place is shown",
     "$W drops -d 1 'tcp port and net 10.0.0.0/8'",
     2,
     {"the filter is wrong: syntax error", "\n           ^^^\n", "pcap-filter"}},
    {"FilterWithALoop",
     "what the kernel cannot run",
     "$W drops -d 1 'ip6 protochain 17'",
     2,
     {"loop (protochain)"}},
    {"FilterByDirection",
     "what a lost packet does not tell",
     "$W drops -d 1 inbound",
     2,
     {"inbound"}},
    {"FilterOfNothing",
     "an expression that no packet matches",
     "$W drops -d 1 'tcp and udp'",
     2,
     {"rejects all packets"}},
    {"FilterTooLong",
     "more than there is room for in the probe",
     "$W drops -d 1 \"$(seq -f 'ether[%g]' -s ' + ' 1 999) = 7\"",
     2,
     {"too long", "there is room for"}},
    {"CaptureNowhere",
     "a capture in a directory that is not there",
     "$W drops -d 1 --pcapng $D/no/file",
     1,
     {"cannot write to", "/no/file", "No such file"},
     clean,
     root},
    {"TwoOnStdout",
     "a capture and JSON lines on one stream",
     "$W drops -d 1 --pcapng - -f json",
     2,
     {"share stdout", "-o"}},
    {"RotateNothing", "-C without a file", "$W drops -d 1 -C 1", 2, {"--pcapng"}},
    {"FilesWithoutRotation", "-W without -C", "$W drops -d 1 --pcapng $D/f -W 3", 2, {"-C"}},
    {"DashesWithoutCommand", "-- and then nothing", "$W drops --", 2, {"no command after --"}},
    {"DemoTakesNoCommand",
     "-- where nothing is observed: 125, as with any command",
     "$W demo -- true",
     125,
     {"takes no command after --"}},

    {"UnknownReason",
     "a reason that the kernel does not have",
     "$W drops -d 1 -r NOT_A_REASON",
     2,
     {"no drop reason 'NOT_A_REASON'"}},
    {"UnknownReasonNegated",
     "the same with '!'",
     "$W drops -d 1 -r '!NOT_A_REASON'",
     2,
     {"no drop reason 'NOT_A_REASON'"}},
    {"ReasonsMixed",
     "reasons to see and reasons to leave out",
     "$W drops -d 1 -r 'IP_CSUM,!UDP_CSUM'",
     2,
     {"-r", "'!'"}},
    {"UnknownDevice",
     "a device that is not there",
     "$W drops -d 1 -i nosuchdev0",
     2,
     {"nosuchdev0", "ip link"}},
    {"UnknownNetns",
     "a namespace that has no such name",
     "$W drops -d 1 -n nosuchnetns",
     2,
     {"nosuchnetns", "lsns"}},
    {"UnknownNetnsInode", "nor such an inode", "$W drops -d 1 -n 4026000001", 2, {"4026000001"}},
    {"UnknownKey",
     "a key that nothing is counted by",
     "$W drops -d 1 --by colour",
     2,
     {"'colour'", "reason, location, dev"}},
    {"UnknownProtocol",
     "a protocol of no known name",
     "$W drops -d 1 --proto ipv7",
     2,
     {"'ipv7'", "ipv4"}},
    {"UnknownFormat", "a format that is not written", "$W drops -d 1 -f xml", 2, {"xml", "json"}},
    {"UnknownColour",
     "--color takes three words",
     "$W drops -d 1 --color=red",
     2,
     {"red", "never"}},
    {"UnknownScenario",
     "a drop that the lab cannot cause",
     "$W demo --only nothing",
     2,
     {"nothing", "--list"}},
    {"UnknownShell",
     "a shell without a completion script",
     "$W completion tcsh",
     2,
     {"tcsh", "bash"}},
    {"CountOfZero", "no drop at all is no number of drops", "$W drops -c 0", 2, {"--count", "0"}},
    {"CountThatIsNone", "nor is a word", "$W drops -c many", 2, {"--count", "many"}},
    {"NegativeDuration", "time does not run backwards", "$W drops -d -1", 2, {"--duration"}},
    {"SnaplenTooLarge",
     "more of a packet than is ever copied",
     "$W drops -d 1 --snaplen 20000",
     2,
     {"--snaplen", "16384"}},
    {"NoDump", "a dead kernel without its dump", "$W vmcore", 2, {"no dump is given", "CORE"}},
    {"DumpThatIsNone",
     "a file that is no dump",
     "echo hello >$D/f; $W vmcore $D/f",
     2,
     {"no kernel dump", "makedumpfile"}},
    {"DumpThatIsMissing", "no file at all", "$W vmcore $D/missing", 2, {"missing", "No such file"}},
    {"DumpOfADirectory", "a directory", "$W vmcore $D", 2, {"is a directory"}},
    {"DumpFromAPipe",
     "a pipe, which cannot be read twice",
     "$W vmcore <(cat) </dev/null",
     2,
     {"pipe"}},
    {"DumpThatIsEmpty", "an empty file", ": >$D/f; $W vmcore log $D/f", 2, {"empty"}},
    {"PartWithoutItsWord",
     "a symbol is asked for, but not which",
     "$W vmcore sym $D/f",
     2,
     {"SYMBOL", "whydrop vmcore sym --help"}},
    {"SaveWithoutPlace",
     "a dump to save, but not where to",
     "$W vmcore save $D/f",
     2,
     {"OUT", "whydrop vmcore save --help"}},
    {"SaveOfNoDump",
     "what is saved is no dump: nothing is made",
     "echo hello >$D/f; $W vmcore save $D/f $D/out; s=$?; ls $D >&2; exit $s",
     2,
     {"no kernel dump", "f\n"}},
    {"SaveToStdout",
     "a pipe, in which nothing can be put right later",
     "$W vmcore save $D/f -",
     2,
     {"stdout", "name a file"}},
    {"SaveOverItself",
     "in place, which would destroy the dump while it is read",
     "echo hello >$D/f; $W vmcore save --force $D/f $D/f",
     2,
     {"same file"}},
    {"TimesOfZero", "a demo of no packets", "$W demo --times 0", 2, {"--times", "100000"}},
    {"EachByStack",
     "two ways to count that exclude each other",
     "$W drops --each --by stack",
     2,
     {"--each", "--by stack"}},
    {"RulesThatAreNotThere",
     "a directory of rules that is missing",
     "$W drops -d 1 --rules $D/missing",
     2,
     {"missing", "No such file"},
     clean,
     root},
    {"RulesThatAreBroken",
     "YAML that ends in the middle: the file and the line are named",
     "echo 'a: [' >$D/broken.yaml; $W drops -d 1 --rules $D",
     2,
     {"broken.yaml:2"},
     clean,
     root},

    {"NobodyMayTrace",
     "a user without any capability is told which it takes",
     "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "
     "$W drops -d 1",
     3,
     {"not permitted", "CAP_BPF", "CAP_PERFMON", "root"},
     clean,
     root},
    {"RootWithoutCapabilities",
     "nor does it help to be called root",
     "setpriv --inh-caps=-all --bounding-set=-all $W drops -d 1",
     3,
     {"not permitted", "CAP_BPF"},
     clean,
     root},
    {"NobodyMayMakeNamespaces",
     "the demo needs more",
     "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "
     "$W demo",
     3,
     {"not permitted", "CAP_SYS_ADMIN"},
     clean,
     root},
    {"UsageComesFirst",
     "wrong usage is said to those who may not, too",
     "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "
     "$W drops --by colour",
     2,
     {"'colour'"},
     clean,
     root},
    {"NoBtf",
     "a kernel without BTF, as seen from a mount namespace that hides it",
     "unshare -m bash -c \"mount -t tmpfs none /sys/kernel/btf && exec $W drops -d 1\"",
     3,
     {"BTF", "CONFIG_DEBUG_INFO_BTF"},
     clean,
     root},
    {"NoBtfWithCommand",
     "the same when a command is observed: it is not started",
     "unshare -m bash -c \"mount -t tmpfs none /sys/kernel/btf && exec $W drops -- touch "
     "$D/started\"; s=$?; [[ ! -e $D/started ]] && exit $s",
     125,
     {"BTF"},
     clean,
     root},

    {"CommandSucceeds",
     "a command's status is ours: 0",
     "$W drops -q -- true",
     0,
     {},
     summary,
     root},
    {"CommandFails", "7", "$W drops -q -- sh -c 'exit 7'", 7, {}, summary, root},
    {"CommandIsKilled",
     "128 + the signal",
     "$W drops -q -- sh -c 'kill -TERM $$'",
     143,
     {},
     summary,
     root},
    {"CommandMissing",
     "a command that is not there is a failure of ours",
     "$W drops -q -- $D/missing",
     125,
     {"missing", "No such file"},
     clean,
     root},
    {"CommandNotExecutable",
     "nor may any file be run",
     "$W drops -q -- /etc/passwd",
     125,
     {"/etc/passwd", "Permission denied"},
     clean,
     root},
    {"CommandAndWrongUsage",
     "nor is the command run then",
     "$W drops -r NOT_A_REASON -- touch $D/started; s=$?; [[ ! -e $D/started ]] && exit $s",
     125,
     {"NOT_A_REASON"},
     clean,
     root},
    {"CommandWithOurOptions",
     "what stands after -- is not ours",
     "$W drops -q -- echo -h --by x",
     0,
     {},
     summary,
     root},

    {"DiskFull",
     "the table cannot be written",
     "$W drops -d 1 >/dev/full",
     1,
     {"cannot write", "No space left"},
     clean,
     root},
    {"DiskFullJson",
     "nor the lines",
     "$W drops -d 1 -f json >/dev/full",
     1,
     {"cannot write", "No space left"},
     clean,
     root},
    {"DiskFullHelp", "nor the help", "$W drops --help >/dev/full", 1, {"No space left"}},
    {"DiskFullVersion", "nor the version", "$W --version >/dev/full", 1, {"No space left"}},

    {"PipeClosed",
     "a reader that has seen enough ends us quietly, long before -d",
     "(for i in {1..99}; do $L run ipv4.checksum 7; done) >/dev/null & loop=$!\n"
     "$W drops --each --no-header -d 60 | head -n 1 | wc -l; s=${PIPESTATUS[0]}\n"
     "kill $loop; wait $loop 2>/dev/null; [[ $SECONDS -lt 40 ]] && exit $s",
     0,
     {},
     "1\n",
     root},
    {"PipeClosedJson",
     "the same with JSON lines",
     "$W drops -f json -d 60 --interval 0.1 | head "
     "-n 1 | grep -c '\"session\"'; s=${PIPESTATUS[0]}; [[ $SECONDS -lt 40 ]] && exit $s",
     0,
     {},
     "1\n",
     root},
    {"PipeClosedDemo",
     "the demo's reader goes",
     "$W demo 2>/dev/null | head -n 1 | wc -l; exit "
     "${PIPESTATUS[0]}",
     0,
     {},
     "1\n",
     root},
    {"PipeClosedHelp",
     "the reader of the help goes",
     "$W drops --help | true; exit ${PIPESTATUS[0]}",
     0,
     {}},
    {"StdoutClosed",
     "there is no stdout at all",
     "$W drops -d 1 >&-",
     1,
     {"cannot write"},
     clean,
     root},
    {"TwoCopies",
     "two copies count at once",
     "$W drops -q -d 2 -f json >$D/1 & $W drops -q -d 1 -f json >$D/2; s=$?; wait $! && "
     "cat $D/1 $D/2 | grep -c '\"losses\"'; exit $s",
     0,
     {},
     "2\n",
     root},
};

class WrongUse : public testing::TestWithParam<Row> {};

// Words for bash: no character of a build directory's name may mean something to it.
std::string quoted(const std::string &word) {
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

TEST_P(WrongUse, IsAnswered) {
    const Row &row = GetParam();
    SCOPED_TRACE(std::string(row.sentence) + ": " + row.script);
    if (row.needs == root)
        if (const std::string why = why_not_here(WHYDROP_BINARY); !why.empty())
            GTEST_SKIP() << why;
    const std::string set = "W=" + quoted(WHYDROP_BINARY) + " L=" + quoted(WHYDROP_LAB_TOOL) +
                            " D=$(mktemp -d); trap 'rm -rf \"$D\"' EXIT\n"
                            "chmod 755 \"$D\"; export W L D\n";
    const Finished done = run_process({"/bin/bash", "-c", set + row.script});
    EXPECT_EQ(done.status, row.status) << done.err;
    for (const std::string &word : row.says)
        EXPECT_NE(done.err.find(word), std::string::npos) << "'" << word << "' in: " << done.err;
    if (row.says.empty())
        EXPECT_EQ(done.err, "");
    else
        EXPECT_TRUE(done.err.starts_with("whydrop: ")) << done.err;
    EXPECT_LT(done.err.size(), 500u) << "not for a human being: " << done.err;
    if (row.out == summary)
        EXPECT_NE(done.out, "");
    else
        EXPECT_EQ(done.out, row.out);
}

INSTANTIATE_TEST_SUITE_P(Cli, WrongUse, testing::ValuesIn(rows), test_name);
INSTANTIATE_TEST_SUITE_P(Counters, WrongUse, testing::ValuesIn(counters_rows), test_name);
INSTANTIATE_TEST_SUITE_P(DebugFiles, WrongUse, testing::ValuesIn(debug_file_rows), test_name);
INSTANTIATE_TEST_SUITE_P(Hist, WrongUse, testing::ValuesIn(hist_rows), test_name);
INSTANTIATE_TEST_SUITE_P(Xdp, WrongUse, testing::ValuesIn(xdp_rows), test_name);
INSTANTIATE_TEST_SUITE_P(Receive, WrongUse, testing::ValuesIn(receive_rows), test_name);
INSTANTIATE_TEST_SUITE_P(Scripts, WrongUse, testing::ValuesIn(script_rows), test_name);
INSTANTIATE_TEST_SUITE_P(Replay, WrongUse, testing::ValuesIn(replay_rows), test_name);

}  // namespace
}  // namespace whydrop::live
