// SPDX-License-Identifier: GPL-2.0-or-later
// The receive path as data, what the kernel's list of functions says of it, and what is said of a
// function that was not called.
#include "source/path_table.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "engine/path_run.h"
#include "probes/wire.h"
#include "source/function_list.h"
#include "temp_dir.h"

namespace whydrop {
namespace {

TEST(PathTable, EachRowIsOnceThereAndNamesWhereThePacketIs) {
    for (const auto rows : {path_functions(), path_points()}) {
        std::set<std::string> names;
        for (const PathRow &row : rows) {
            EXPECT_TRUE(names.insert(row.name).second) << row.name;
            EXPECT_GE(row.arguments & 0xf00, uint32_t{WIRE_PATH_ARGUMENT}) << row.name;
            EXPECT_EQ(row.arguments & WIRE_PATH_ROW_MASK, 0u) << row.name;
        }
        for (const PathRow &row : rows) {
            std::istringstream behind(row.before);
            for (std::string name; behind >> name;)
                EXPECT_TRUE(names.contains(name)) << row.name << " before " << name;
        }
    }
    EXPECT_LE(path_functions().size(), size_t{WIRE_PATH_ROWS});
    EXPECT_LE(path_points().size(), size_t{WIRE_PATH_POINTS});
}

TEST(FunctionList, SaysWhatExistsAndWhatTheCompilerChanged) {
    const test::TempDir dir;
    dir.write("kallsyms", std::string_view("ffffffff81000010 T ip_rcv\n"
                                           "ffffffff81000020 t ip_rcv_finish\n"
                                           "ffffffff81000030 t br_flood.constprop.0\t[bridge]\n"
                                           "ffffffff81000040 t udp_rcv.cold\n"
                                           "ffffffff81000050 T udp_rcv\n"
                                           "ffffffff81000060 D tcp_v4_rcv\n"
                                           "short\n"
                                           "ffffffff81000070 T ip_rcv_core_not\n"));
    const auto found = find_functions(
        {"ip_rcv", "ip_rcv_finish", "br_flood", "udp_rcv", "tcp_v4_rcv", "ip_rcv_core"},
        dir.path() + "/kallsyms");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->size(), 4u) << "data is no function, and a longer name is another one";
    EXPECT_EQ(found->at("ip_rcv").address, 0xffffffff81000010);
    EXPECT_FALSE(found->at("ip_rcv").is_static);
    EXPECT_TRUE(found->at("ip_rcv_finish").is_static);
    EXPECT_TRUE(found->at("br_flood").changed);
    EXPECT_FALSE(found->at("udp_rcv").changed) << "its cold part is not all of it";
    EXPECT_FALSE(find_functions({"ip_rcv"}, dir.path() + "/nothing"));
}

TEST(PathSections, WhatIsSaidOfAFunction) {
    PathReport report;
    report.matched = 7;
    report.watched_by = "kprobes";
    const auto add = [&report](const char *name, PathWatch watch, uint64_t packets, bool inlinable,
                               const char *behind) {
        PathStep step;
        step.name = name;
        step.watch = watch;
        step.packets = packets;
        step.may_be_inlined = inlinable;
        step.seen_behind = behind;
        step.unless = "it is late";
        report.steps.push_back(step);
    };
    add("a", PathWatch::watched, 7, false, "");
    add("b", PathWatch::watched, 0, false, "");
    add("c", PathWatch::watched, 0, true, "");
    add("d", PathWatch::watched, 0, true, "e");
    add("f", PathWatch::absent, 0, false, "");
    add("g", PathWatch::refused, 0, false, "");
    const struct {
        const char *note;
        Value packets, called;
    } rows[] = {
        {"", uint64_t{7}, true},
        {"not called: it is late", uint64_t{0}, false},
        {"not called, if not inlined: it is late", uint64_t{0}, Value()},
        {"inlined: packets came to e", Value(), true},
        {"absent from this kernel", Value(), Value()},
        {"cannot be watched on this kernel", Value(), Value()},
    };
    const Section steps = path_sections(report).at(1);
    ASSERT_EQ(steps.rows.size(), std::size(rows));
    for (size_t i = 0; i < std::size(rows); i++) {
        EXPECT_EQ(steps.rows[i][6], Value(std::string(rows[i].note)));
        EXPECT_EQ(steps.rows[i][2], rows[i].packets) << rows[i].note;
        EXPECT_EQ(steps.rows[i][3], rows[i].called) << rows[i].note;
    }
}

}  // namespace
}  // namespace whydrop
