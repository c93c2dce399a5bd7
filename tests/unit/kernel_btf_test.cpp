// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/kernel_btf.h"

#include <gtest/gtest.h>

#include "btf_builder.h"
#include "temp_dir.h"

namespace whydrop {
namespace {

using kdump::BtfKind;
using test::BtfBuilder;
using test::TempDir;

constexpr uint32_t kMac = 1u << 16, kOvs = 2u << 16, kQdisc = 3u << 16;

// The typedef of the tracepoint's callback with the void * and `arguments` more.
void add_tracepoint(BtfBuilder &builder, size_t arguments) {
    const uint32_t pointer = builder.add(BtfKind::pointer, "", 0, 0);
    const uint32_t proto = builder.prototype(std::vector<uint32_t>(arguments + 1, pointer));
    const uint32_t callback = builder.add(BtfKind::pointer, "", 0, proto);
    builder.add(BtfKind::typedef_, "btf_trace_kfree_skb", 0, callback);
}

// A kernel with the shapes of 6.18 and 7.x: core reasons, qdisc's in vmlinux, two modules.
class KernelBtfTest : public testing::Test {
  protected:
    KernelBtfTest() {
        add_tracepoint(vmlinux_, 4);
        vmlinux_.enumeration("skb_drop_reason", {{"SKB_NOT_DROPPED_YET", 0},
                                                 {"SKB_CONSUMED", 1},
                                                 {"SKB_DROP_REASON_NOT_SPECIFIED", 2},
                                                 {"SKB_DROP_REASON_NO_SOCKET", 3},
                                                 {"SKB_DROP_REASON_IP_CSUM", 14},
                                                 {"SKB_DROP_REASON_TCP_CSUM", 15},
                                                 {"SKB_DROP_REASON_MAX", 16},
                                                 {"SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000}});
        vmlinux_.enumeration("skb_drop_reason_subsys",
                             {{"SKB_DROP_REASON_SUBSYS_CORE", 0},
                              {"SKB_DROP_REASON_SUBSYS_MAC80211_UNUSABLE", 1},
                              {"SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 2},
                              {"SKB_DROP_REASON_SUBSYS_QDISC", 3},
                              {"SKB_DROP_REASON_SUBSYS_NUM", 4}});
        vmlinux_.enumeration("qdisc_drop_reason", {{"QDISC_DROP_UNSPEC", 0},
                                                   {"__QDISC_DROP_REASON", kQdisc},
                                                   {"QDISC_DROP_MAXFLOWS", kQdisc + 4},
                                                   {"QDISC_DROP_MAX", kQdisc + 5}});
        vmlinux_.add(BtfKind::variable, "__preempt_count", 0, 1, {1});
        vmlinux_.add(BtfKind::function, "ip_rcv_core", 0, 2);
        dir_.write("vmlinux", vmlinux_.bytes());
    }

    void load_modules() {
        BtfBuilder mac(vmlinux_);
        mac.enumeration(
            "___mac80211_drop_reason",
            {{"___RX_CONTINUE", 1}, {"___RX_DROP_UNUSABLE", kMac}, {"___RX_DROP_U_DUP", kMac + 4}});
        mac.enumeration("mac80211_drop_reason", {{"RX_CONTINUE", 1}, {"RX_DROP_U_DUP", kMac + 4}});
        dir_.write("mac80211", mac.bytes());
        BtfBuilder ovs(vmlinux_);
        ovs.enumeration("ovs_drop_reason", {{"__OVS_DROP_REASON", kOvs},
                                            {"OVS_DROP_METER", kOvs + 5},
                                            {"OVS_DROP_MAX", kOvs + 6}});
        ovs.enumeration("ovs_other", {{"OVS_OTHER", kOvs + 5}});
        dir_.write("openvswitch", ovs.bytes());
        dir_.write("broken", std::string_view("no BTF at all"));
    }

    BtfBuilder vmlinux_;
    TempDir dir_;
};

TEST_F(KernelBtfTest, CountsTheArgumentsOfTheTracepoint) {
    for (const unsigned arguments : {2u, 3u, 4u, 5u}) {
        BtfBuilder builder;
        add_tracepoint(builder, arguments);
        const TempDir dir;
        dir.write("vmlinux", builder.bytes());
        const auto counted = KernelBtf(dir.path()).kfree_skb_arguments();
        ASSERT_TRUE(counted) << counted.error().what;
        EXPECT_EQ(*counted, arguments);
        EXPECT_EQ(KernelBtf(dir.path()).tracepoint_arguments("kfree_skb"), arguments);
        EXPECT_EQ(KernelBtf(dir.path()).tracepoint_arguments("netif_rx"), 0u) << "there is none";
    }
}

TEST_F(KernelBtfTest, SaysWhyItCannot) {
    const TempDir empty, broken, other;
    broken.write("vmlinux", std::string_view("garbage, and more of it than a header has"));
    BtfBuilder builder;
    builder.add(BtfKind::typedef_, "btf_trace_kfree_skb", 0, 1);
    other.write("vmlinux", builder.bytes());
    const struct {
        const char *why;
        const TempDir &dir;
        Errc code;
        const char *says, *hint;
    } rows[] = {
        {"a kernel without BTF", empty, Errc::unsupported, "has no BTF", "CONFIG_DEBUG_INFO_BTF"},
        {"a file that is not BTF", broken, Errc::failed, "vmlinux: bad BTF", ""},
        {"a typedef of itself", other, Errc::unsupported, "skb:kfree_skb", "CONFIG_TRACEPOINTS"},
    };
    for (const auto &row : rows) {
        KernelBtf btf(row.dir.path());
        const auto counted = btf.kfree_skb_arguments();
        ASSERT_FALSE(counted) << row.why;
        EXPECT_EQ(counted.error().code, row.code) << row.why;
        EXPECT_NE(counted.error().what.find(row.says), std::string::npos) << counted.error().what;
        EXPECT_NE(counted.error().hint.find(row.hint), std::string::npos) << counted.error().hint;
        EXPECT_FALSE(btf.has_function("ip_rcv_core")) << row.why;
        EXPECT_FALSE(btf.has_reasons()) << row.why;
        EXPECT_EQ(btf.reason(7).name, "") << row.why;
        EXPECT_FALSE(btf.reason_codes("NO_SOCKET")) << row.why;
    }
}

TEST_F(KernelBtfTest, KnowsWhatExists) {
    KernelBtf btf(dir_.path());
    EXPECT_TRUE(btf.has_function("ip_rcv_core"));
    EXPECT_FALSE(btf.has_function("__preempt_count")) << "that is a variable";
    EXPECT_TRUE(btf.has_variable("__preempt_count"));
    EXPECT_FALSE(btf.has_variable("pcpu_hot"));
    btf.release();
    EXPECT_TRUE(btf.has_function("ip_rcv_core")) << "is read again after release()";
}

TEST_F(KernelBtfTest, NamesReasons) {
    load_modules();
    KernelBtf btf(dir_.path());
    EXPECT_TRUE(btf.has_reasons());
    const struct {
        const char *why;
        uint32_t code;
        const char *name, *subsystem;
    } rows[] = {
        {"core, prefix off", 14, "IP_CSUM", "core"},
        {"no drop, prefix kept", 1, "SKB_CONSUMED", "core"},
        {"MAX is no reason", 16, "", "core"},
        {"nobody's number", 9999, "", "core"},
        {"the mask is no reason", 0xffff0000, "", "65535"},
        {"mac80211, underscores off", kMac + 4, "RX_DROP_U_DUP", "mac80211"},
        {"mac80211 drops with its base value", kMac, "RX_DROP_UNUSABLE", "mac80211"},
        {"openvswitch keeps its prefix", kOvs + 5, "OVS_DROP_METER", "openvswitch"},
        {"where the numbers begin is no reason", kOvs, "", "openvswitch"},
        {"its maximum neither", kOvs + 6, "", "openvswitch"},
        {"qdisc, in vmlinux, though it ends like a maximum", kQdisc + 4, "QDISC_DROP_MAXFLOWS",
         "qdisc"},
        {"a subsystem nobody named", (9u << 16) + 5, "", "9"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(btf.reason(row.code), (Reason{row.code, row.name, row.subsystem})) << row.why;
}

TEST_F(KernelBtfTest, ReadsModulesOnlyWhenAsked) {
    KernelBtf btf(dir_.path());
    EXPECT_EQ(btf.reason(14).name, "IP_CSUM");
    EXPECT_EQ(btf.reason(kQdisc + 4).name, "QDISC_DROP_MAXFLOWS");
    load_modules();  // would be missed if the two above had read modules
    EXPECT_EQ(btf.reason(kOvs + 5).name, "OVS_DROP_METER");
}

TEST_F(KernelBtfTest, ReasonsBeforeSubsystemsCame) {
    BtfBuilder builder;
    builder.enumeration("skb_drop_reason", {{"SKB_NOT_DROPPED_YET", 0},
                                            {"SKB_DROP_REASON_NOT_SPECIFIED", 1},
                                            {"SKB_DROP_REASON_MAX", 66}});
    const TempDir dir;
    dir.write("vmlinux", builder.bytes());
    KernelBtf btf(dir.path());
    EXPECT_TRUE(btf.has_reasons());
    EXPECT_EQ(btf.reasons().entries().size(), 2u);
    EXPECT_TRUE(is_unspecified(btf.reason(1)));
    EXPECT_EQ(btf.reason(kMac + 1).subsystem, "1");
}

TEST_F(KernelBtfTest, FindsTheNumbersOfAName) {
    load_modules();
    KernelBtf btf(dir_.path());
    const struct {
        const char *why, *name;
        uint32_t code;
    } rows[] = {
        {"as printed", "NO_SOCKET", 3},
        {"as the kernel spells it", "SKB_DROP_REASON_NO_SOCKET", 3},
        {"in small letters", "skb_drop_reason_no_socket", 3},
        {"of a module", "OVS_DROP_METER", kOvs + 5},
        {"of a module, as its source spells it", "___RX_DROP_U_DUP", kMac + 4},
        {"a number", "17", 17},
        {"a hexadecimal number", "0x20005", kOvs + 5},
    };
    for (const auto &row : rows) {
        const auto codes = btf.reason_codes(row.name);
        ASSERT_TRUE(codes) << row.why << ": " << codes.error().what;
        EXPECT_EQ(*codes, std::vector<uint32_t>{row.code}) << row.why;
    }
}

TEST_F(KernelBtfTest, SuggestsWhatMayHaveBeenMeant) {
    KernelBtf btf(dir_.path());
    const struct {
        const char *why, *name, *what, *hint;
    } rows[] = {
        {"a letter too few", "NO_SOKET", "no drop reason 'NO_SOKET'", "did you mean NO_SOCKET?"},
        {"a part", "csum", "no drop reason 'csum'", "did you mean IP_CSUM, TCP_CSUM?"},
        {"nothing near", "SOMETHING_ELSE", "no drop reason", "all names: bpftool"},
        {"not a drop", "SKB_CONSUMED", "SKB_CONSUMED is not a drop", "all names"},
        {"nothing", "", "no drop reason ''", "all names"},
        {"a number too large", "99999999999", "no drop reason", "all names"},
    };
    for (const auto &row : rows) {
        const auto codes = btf.reason_codes(row.name);
        ASSERT_FALSE(codes) << row.why;
        EXPECT_EQ(codes.error().code, Errc::usage) << row.why;
        EXPECT_NE(codes.error().what.find(row.what), std::string::npos) << codes.error().what;
        EXPECT_NE(codes.error().hint.find(row.hint), std::string::npos) << codes.error().hint;
    }
}

TEST(KernelBtfLive, KnowsTheRunningKernel) {
    KernelBtf btf;
    const auto loaded = btf.load();
    if (!loaded)
        GTEST_SKIP() << loaded.error().what;
    const auto arguments = btf.kfree_skb_arguments();
    ASSERT_TRUE(arguments) << arguments.error().what;
    EXPECT_GE(*arguments, 2u);
    EXPECT_EQ(btf.has_reasons(), *arguments >= 3);
    EXPECT_TRUE(btf.has_function("ip_rcv"));
    if (!btf.has_reasons())
        GTEST_SKIP() << "this kernel has no drop reasons";
    const auto codes = btf.reason_codes("NO_SOCKET");
    ASSERT_TRUE(codes);
    EXPECT_EQ(btf.reason(codes->front()).name, "NO_SOCKET");
}

}  // namespace
}  // namespace whydrop
