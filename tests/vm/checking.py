# SPDX-License-Identifier: GPL-2.0-or-later
"""What checks written in Python share: expectations, waiting, and the exit status of a skip."""
import sys
import time

PATIENCE = 60  # seconds, under emulation


class Skip(Exception):
    """This kernel or machine cannot run it, and why."""


def expect(what, found, should):
    if found != should:
        sys.exit(f"{what}: {found}, not {should}")
    print(f"{what}: {found}", flush=True)


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {patience} s")
        time.sleep(0.01)


def run(check):
    """Exits with 77 where it is skipped, as its last line says."""
    try:
        check()
    except Skip as why:
        print(f"skip: {why}")
        sys.exit(77)
