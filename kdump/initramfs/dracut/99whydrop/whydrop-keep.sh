#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut when the root is mounted: saves the report where report.conf says (keep=), for
# initramfs that copy the dump themselves. A root that was read-only is so again afterwards.
whydrop_keep() (
    [ -e /proc/vmcore ] && [ -r /etc/whydrop/report.conf ] || return 0
    # shellcheck source=/dev/null
    . /etc/whydrop/report.conf
    [ -n "${keep-}" ] || return 0
    root=${NEWROOT:-/sysroot} was=rw
    while read -r _ at _ options _; do
        [ "$at" != "$root" ] || was=${options%%,*}
    done </proc/mounts
    [ "$was" = rw ] || mount -o remount,rw "$root"
    /usr/sbin/whydrop-report "$keep/whydrop.$(date +%Y%m%d%H%M)"
    [ "$was" = rw ] || mount -o remount,ro "$root"
)
whydrop_keep
