#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut when the root is mounted: saves the report where report.conf says (keep=), for
# initramfs that copy the dump themselves. A root that was read-only is so again afterwards.
whydrop_keep() (
    [ -e /proc/vmcore ] && [ -r /etc/whydrop/report.conf ] || return 0
    # shellcheck source=/dev/null
    . /etc/whydrop/report.conf
    [ -n "${keep-}" ] || return 0
    folder=$keep/whydrop.$(date +%Y%m%d%H%M)
    was_read_only=false
    if ! mkdir -p "$folder" 2>/dev/null; then
        was_read_only=true
        mount -o remount,rw "${NEWROOT:-/sysroot}"
    fi
    /usr/sbin/whydrop-report "$folder"
    ! $was_read_only || mount -o remount,ro "${NEWROOT:-/sysroot}"
)
whydrop_keep
