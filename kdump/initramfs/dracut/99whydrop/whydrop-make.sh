#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut before the root is mounted.
[ ! -e /proc/vmcore ] || /usr/sbin/whydrop-report
