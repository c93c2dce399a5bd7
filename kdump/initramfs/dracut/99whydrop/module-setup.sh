#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A dracut module: the report of the capture kernel. Only where it is asked for (--add whydrop).

check() {
    require_binaries /usr/bin/whydrop || return 1
    return 255
}

depends() {
    echo base
}

install() {
    inst_simple /usr/bin/whydrop
    inst_multiple cat date mkdir mount mv sleep sync
    inst_script /usr/share/whydrop/initramfs/whydrop-report /usr/sbin/whydrop-report
    inst_simple /etc/whydrop/report.conf
    # Before the root is looked for, and before what copies the dump, here (pre-pivot 90 and later)
    # or in a service that follows.
    inst_hook pre-mount 10 "$moddir/whydrop-make.sh"
    inst_hook pre-pivot 80 "$moddir/whydrop-keep.sh"
}
