#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check.py complains about each kind of disorder, and about nothing else."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import check  # noqa: E402

LICENCE = "// SPDX-License-Identifier: GPL-2.0-or-later\n"
# What there is to include in the little houses below.
HEADERS = ["tools/model/drop.h", "tools/sys/result.h", "tools/sys/handle.h", "tools/sys/netns.h",
           "tools/decode/packet.h", "tools/codec/json.h", "tools/explain/rule.h",
           "tools/render/sink.h", "tools/filter/pcap.h", "tools/source/live.h",
           "tools/engine/run.h", "tools/lab/network.h", "tools/commands/command.h",
           "tools/commands/drops.h", "kdump/btf.h", "probes/wire.h"]

# A sentence, the file, what stands in it after the licence, a word of the complaint.
BROKEN = [
    ("the model knows the standard library only", "tools/model/a.h", "#include <unistd.h>",
     "standard library only"),
    ("nor any folder of ours", "tools/model/a.h", '#include "sys/result.h"', "may not include"),
    ("sys knows nobody", "tools/sys/a.h", '#include "model/drop.h"', "may not include"),
    ("decode knows the model and the base, not all of sys", "tools/decode/a.cpp",
     '#include "sys/netns.h"', "may not include"),
    ("decode does not explain", "tools/decode/a.cpp", '#include "explain/rule.h"',
     "may not include"),
    ("codec does not render", "tools/codec/a.cpp", '#include "render/sink.h"', "may not include"),
    ("explaining asks a HostView, not the system", "tools/explain/a.cpp",
     '#include "sys/netns.h"', "may not include"),
    ("explaining does not read sources", "tools/explain/a.cpp", '#include "source/live.h"',
     "may not include"),
    ("rendering does not explain", "tools/render/a.cpp", '#include "explain/rule.h"',
     "may not include"),
    ("a filter knows no source", "tools/filter/a.cpp", '#include "source/live.h"',
     "may not include"),
    ("a source does not explain", "tools/source/a.cpp", '#include "explain/rule.h"',
     "may not include"),
    ("a source knows no engine", "tools/source/a.h", '#include "engine/run.h"',
     "may not include"),
    ("the engine knows no command", "tools/engine/a.cpp", '#include "commands/command.h"',
     "may not include"),
    ("the engine does not need the lab", "tools/engine/a.cpp", '#include "lab/network.h"',
     "may not include"),
    ("the lab loses packets and does not count them", "tools/lab/a.cpp",
     '#include "source/live.h"', "may not include"),
    ("a command does not include another", "tools/commands/doctor.cpp", '#include "drops.h"',
     "do not include each other"),
    ("main knows the commands only", "tools/main.cpp", '#include "engine/run.h"',
     "may not include"),
    ("kdump knows Result and Handle only", "kdump/a.cpp", '#include "sys/netns.h"',
     "may not include"),
    ("kdump knows nothing of drops", "kdump/a.cpp", '#include "tools/model/drop.h"',
     "may not include"),
    ("probes know nothing of ours", "probes/a.bpf.c", '#include "../tools/sys/result.h"',
     "may not include"),
    ("a way round by .. is seen", "tools/decode/a.cpp", '#include "../render/sink.h"',
     "may not include"),
    ("libbpf is for sources", "tools/engine/a.cpp", "#include <bpf/libbpf.h>", "only"),
    ("nor for all of sys", "tools/sys/netns.cpp", "#include <bpf/bpf.h>", "only"),
    ("libxdp likewise", "tools/commands/a.cpp", "#include <xdp/libxdp.h>", "only"),
    ("traceevent likewise", "tools/decode/a.cpp", "#include <traceevent/event-parse.h>", "only"),
    ("trace-cmd likewise", "tools/decode/a.cpp", "#include <trace-cmd/trace-cmd.h>", "only"),
    ("CLI11 is for commands", "tools/engine/a.cpp", "#include <CLI/CLI.hpp>", "only"),
    ("yaml-cpp is for the rules", "tools/codec/a.cpp", "#include <yaml-cpp/yaml.h>", "only"),
    ("JSON is for the codec", "tools/render/a.cpp", "#include <nlohmann/json.hpp>", "only"),
    ("fmt is for what people read", "tools/decode/a.cpp", "#include <fmt/format.h>", "only"),
    ("libpcap is for the filter language", "tools/source/a.cpp", "#include <pcap/pcap.h>", "only"),
    ("netlink is for those who ask the kernel", "tools/render/a.cpp",
     "#  include <netlink/msg.h>", "only"),
    ("zlib is for pages of dumps", "tools/render/a.cpp", "#include <zlib.h>", "only"),
    ("zstd likewise", "kdump/a.cpp", "#include <zstd.h>", "only"),
    ("lzo likewise", "kdump/paging/a.cpp", "#include <lzo/lzo1x.h>", "only"),
    ("debug files have a folder of their own", "kdump/a.cpp", "#include <elfutils/libdw.h>", "only"),
    ("DWARF as well", "kdump/unwind/a.cpp", "#include <dwarf.h>", "only"),
    ("libelf as well", "kdump/format/a.cpp", "#include <libelf.h>", "only"),
    ("gelf as well", "tools/source/vmcore/a.cpp", "#include <gelf.h>", "only"),
    ("libdeflate likewise", "kdump/walk/a.cpp", "#include <libdeflate.h>", "only"),
    ("snappy likewise", "tools/source/a.cpp", "#include <snappy-c.h>", "only"),
    ("GTest is for tests", "tools/engine/a.cpp", "#include <gtest/gtest.h>", "only"),
    ("a skeleton is for sources", "tools/engine/a.cpp", '#include "drops.skel.h"', "only"),
    ("a header that is not there is not ours", "tools/engine/a.cpp", '#include "json.hpp"',
     "there is no"),
    ("exit() anywhere", "tools/engine/a.cpp", "void f() { exit(1); }", "main.cpp only"),
    ("std::exit() anywhere", "kdump/a.cpp", "void f() { std::exit (1); }", "main.cpp only"),
    ("a long file", "tools/engine/a.cpp", "\n" * 400, "too many"),
    ("a long test", "tests/unit/a_test.cpp", "\n" * 400, "too many"),
]
NO_LICENCE = [
    ("a source", "tools/engine/a.cpp", "int x;\n"),
    ("a header with the line too late", "tools/engine/a.h", "#pragma once\n" + LICENCE),
    ("a script", "tests/fuzz/run", "#!/bin/sh\ntrue\n"),
    ("a CMakeLists.txt", "tests/CMakeLists.txt", "add_test()\n"),
    ("rules", "tools/explain/rules/a.yaml", "- match:\n"),
    ("a man page", "tools/man/whydrop.1", ".Dd\n"),
]
FINE = [
    ("what the folders may", "tools/source/a.cpp",
     '#include "decode/packet.h"\n#include "probes/wire.h"\n#include "kdump/btf.h"\n'
     '#include "drops.skel.h"\n#include <bpf/bpf.h>\n#include <sys/stat.h>'),
    ("sys may probe BPF", "tools/sys/bpf_features.cpp", "#include <bpf/bpf.h>"),
    ("a format may unpack", "kdump/format/a.cpp", "#include <zlib.h>\n#include <snappy-c.h>"),
    ("the base is for all", "tools/explain/a.cpp", '#include "sys/result.h"'),
    ("a command's own header", "tools/commands/drops_text.cpp", '#include "commands/drops.h"'),
    ("what all commands share", "tools/commands/doctor.cpp", '#include "commands/command.h"'),
    ("rendering by the codec", "tools/render/a.cpp", '#include "codec/json.h"'),
    ("exit() in main", "tools/main.cpp", "void f() { exit(1); }"),
    ("_exit() of a forked child", "tools/sys/a.cpp", "void f() { ::_exit(1); }"),
    ("exit in a comment or a string", "tools/engine/a.cpp",
     '// exit(1)\n/* exit(\n2) */ const char *s = "exit(3)"; // "\n'),
    ("something that exits", "tools/engine/a.cpp", "void f() { on_exit_do(x.exit(1)); }"),
    ("tests may include all", "tests/unit/a_test.cpp",
     '#include <gtest/gtest.h>\n#include "explain/rule.h"\n#include <bpf/bpf.h>'),
]


def complaints(path, text):
    rules = check.Rules((Path(__file__).parent / "rules.txt").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, body in [(header, LICENCE) for header in HEADERS] + [(path, text)]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(body, encoding="utf-8")
        return check.check(root, rules)


class Check(unittest.TestCase):
    def test_complains(self):
        for sentence, path, text, expected in BROKEN:
            with self.subTest(sentence):
                found = complaints(path, LICENCE + text + "\n")
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(path + ":"), found)
                self.assertIn(expected, found[0])

    def test_wants_the_licence(self):
        for sentence, path, text in NO_LICENCE:
            with self.subTest(sentence):
                found = complaints(path, text)
                self.assertEqual(len(found), 1, found)
                self.assertIn("no SPDX line", found[0])

    def test_leaves_the_rest_alone(self):
        for sentence, path, text in FINE:
            with self.subTest(sentence):
                self.assertEqual(complaints(path, LICENCE + text + "\n"), [])

    def test_each_folder_and_library_is_broken_once(self):
        rules = check.Rules((Path(__file__).parent / "rules.txt").read_text(encoding="utf-8"))
        paths = [path for _, path, _, _ in BROKEN]
        for folder in rules.folders:
            self.assertTrue(any(rules.folder_of(path) == folder for path in paths), folder)
        for prefix, _ in rules.libraries:
            self.assertTrue(any("<" + prefix.rstrip("/") in text for _, _, text, _ in BROKEN)
                            or prefix == "gmock/", prefix)

    def test_wants_each_rule_in_the_manual(self):
        text = "[folders]\ntools/a | model, base\n[libraries]\nx/ | tools/a\n"
        whole = "| `tools/a` | model, base |\n| `x/` | `tools/a` |\n"
        self.assertEqual(list(check.check_manual(text, whole)), [])
        self.assertEqual(len(list(check.check_manual(text, whole.replace("base", "sys")))), 1)
        self.assertEqual(len(list(check.check_manual(text, ""))), 2)


if __name__ == "__main__":
    unittest.main()
