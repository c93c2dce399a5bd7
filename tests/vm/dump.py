# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes the memory of a guest that has panicked: QEMU keeps it and is asked by QMP."""
import json
import os
import pathlib
import socket
import sys
import time

POLL = 0.05  # seconds


def modules(kernel):
    """By which the guest tells QEMU that it has panicked, and where its VMCOREINFO is."""
    device = "pvpanic-mmio" if kernel.module_files("pvpanic-mmio") else "pvpanic"
    return ["qemu_fw_cfg", device]


def devices(run):
    return ["-device", "pvpanic", "-device", "vmcoreinfo", "-action", "panic=pause",
            "-qmp", f"unix:{run}/qmp,server=on,wait=off"]


class Qmp:
    def __init__(self, path, process):
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if process.poll() is not None:
                    raise
                time.sleep(POLL)
        self.file = self.socket.makefile("rw")
        self.events = []
        self.file.readline()  # the greeting
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline() or '{"error": "QEMU has ended"}')
            if "return" in answer or "error" in answer:
                return answer
            self.events.append(answer)

    def next_event(self):
        if self.events:
            return self.events.pop(0)
        line = self.file.readline()
        return json.loads(line) if line else {"event": "SHUTDOWN"}


def _write(qmp, target, form):
    """Whole, or not at all."""
    target = pathlib.Path(target).resolve()
    part = target.with_name(target.name + ".part")
    wanted = {} if form == "elf" else {"format": form}
    answer = qmp.ask("dump-guest-memory", paging=False, protocol=f"file:{part}", **wanted)
    if "error" in answer:
        print(f"tests/vm: no dump: {answer['error']}", file=sys.stderr)
    else:
        os.replace(part, target)


def take(run, process, targets, timeout):
    """Waits for the panic and writes the memory to `targets`, {path: format}. Returns when QEMU has
    been told to end, or the guest has ended by itself."""
    try:
        qmp = Qmp(run / "qmp", process)
    except OSError:
        return  # QEMU has not even started: its exit says why
    qmp.socket.settimeout(timeout)
    try:
        while (event := qmp.next_event()["event"]) != "GUEST_PANICKED":
            if event == "SHUTDOWN":
                return
        for target, form in targets.items():
            _write(qmp, target, form)
        qmp.ask("quit")
    except TimeoutError:
        process.kill()
