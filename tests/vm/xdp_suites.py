# SPDX-License-Identifier: GPL-2.0-or-later
"""The suites of `whydrop xdp` and `whydrop counters`, as those of suites.py."""
import guest
from suites import CHECKS, LIVE_SECONDS, in_guest

# Without what virtio_net cannot do together with XDP.
XDP_NIC = "virtio-net-pci,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off"


def xdp(kernel, place):
    """XDP programs on a veth pair, on lo and on a NIC, and what `whydrop xdp` says of them."""
    tests = place.build / "tests"
    return in_guest(kernel, place, "xdp",
                    [tests / "live/xdp_live_test", tests / "live/xdp_stats_test",
                     f"{CHECKS / 'xdp'}=lo", f"{CHECKS / 'xdp'}=virtio"],
                    timeout=LIVE_SECONDS, devices=guest.nics(2, XDP_NIC),
                    environment={"WHYDROP": place.build / "tools/whydrop",
                                 "XDP_SUBJECTS": tests / "xdp"})


def xdplost(kernel, place):
    """What XDP programs lose, and what is lost behind them."""
    tests = place.build / "tests/live"
    return in_guest(kernel, place, "xdplost",
                    [tests / "xdp_exceptions_live_test", tests / "xdp_drops_live_test"],
                    timeout=LIVE_SECONDS)


def xdpload(kernel, place):
    """Programs put on devices by `whydrop xdp load`, and AF_XDP sockets."""
    tests = place.build / "tests/live"
    return in_guest(kernel, place, "xdpload", [tests / "xdp_load_test", tests / "xdp_sockets_test"],
                    timeout=LIVE_SECONDS)


def counted(kernel, place):
    """`whydrop counters`, beside the lab's causes, nstat, ip, tc and ethtool."""
    return in_guest(kernel, place, "counted", [place.build / "tests/live/counters_live_test"],
                    timeout=LIVE_SECONDS)
