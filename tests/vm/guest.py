# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a kernel in QEMU with this machine's files underneath, runs one command in it as root, and
gives back what it printed and its status."""
import dataclasses
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import archive
import dump
import initramfs
import qemu

TIMED_OUT, DIED, NOT_BOOTED = 124, 125, 126  # beside the command's own status
# An old CPU: a tenth faster than `max`, as less is emulated at each step.
BASE = ("-M", "q35", "-cpu", "Nehalem", "-nodefaults", "-vga", "none", "-display", "none",
        "-no-reboot")
COMMAND_LINE = ("console=ttyS0", "nokaslr", "mitigations=off", "tsc=reliable", "no_timer_check",
                "audit=0", "loglevel=6", "oops=panic")
CAPTURE_WORDS = ("irqpoll", "nr_cpus=1", "reset_devices", "vm.start=capture")
# What the guest runs once it has its root, `start` or `capture`; the status comes back in a file.
START = """export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root TERM=dumb
/run/busybox sh /run/vm/{command} </dev/null >>/dev/ttyS1 2>&1
echo $? >/run/vm/status.part
/run/busybox mv /run/vm/status.part /run/vm/status
exec /run/busybox poweroff -f
"""


@dataclasses.dataclass
class Options:
    memory: int = 1024  # MiB
    cpus: int = 2
    timeout: float = 300  # seconds
    shares: list = dataclasses.field(default_factory=list)  # folders that may be written to
    modules: list = dataclasses.field(default_factory=list)  # loaded before the command
    devices: list = dataclasses.field(default_factory=list)  # more words for QEMU
    environment: dict = dataclasses.field(default_factory=dict)  # of the command
    # What the capture kernel runs when the command has loaded one and made the kernel panic. The
    # command finds what kexec needs in VM_IMAGE, VM_INITRAMFS and VM_WORDS.
    capture: list = None
    kernel_words: list = dataclasses.field(default_factory=list)
    dump: pathlib.Path = None  # where the memory goes when the guest panics
    dump_format: str = "kdump-zlib"
    more_dumps: dict = dataclasses.field(default_factory=dict)  # {path: format} of the same memory
    name: str = "run"  # of the console's log
    kaslr: bool = False  # takes 2 s longer: the kernel unpacks itself, to where chance wants it


def nics(count, model="e1000e"):
    """QEMU's words for NICs joined by a hub in the guest."""
    words = []
    for nic in range(count):
        words += ["-netdev", f"hubport,id=nic{nic},hubid=0",
                  "-device", f"{model},netdev=nic{nic},mac=52:54:00:00:00:{nic + 1:02x}"]
    return words


def link(socket, listens, model="e1000e"):
    """The same for a NIC joined to one of another guest; one of the two listens."""
    end = (f"stream,id=link,addr.type=unix,addr.path={socket}," +
           ("server=on" if listens else "server=off,reconnect-ms=100"))
    return ["-netdev", end, "-device",
            f"{model},netdev=link,mac=52:54:00:00:01:{1 if listens else 2:02x}"]


def _share(tag, folder, writable):
    access = "" if writable else ",readonly=on"
    return ["-fsdev", f"local,id={tag},path={folder},security_model=none,multidevs=remap{access}",
            "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def _write_command(run, start, command, environment):
    """Two scripts: `start`, and what it runs."""
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in environment.items()]
    lines += [f"cd {shlex.quote(os.getcwd())}", "exec /usr/bin/env " + shlex.join(command)]
    (run / f"{start}.command").write_text("\n".join(lines) + "\n")
    (run / start).write_text(START.format(command=f"{start}.command"))


class Guest:
    def __init__(self, kernel, options):
        self.kernel, self.options = kernel, options
        self.qemu = qemu.get()
        self.console = archive.CACHE / "console" / f"{kernel.series}-{options.name}.log"
        modules = dump.modules(kernel) if options.dump else []
        self.initramfs = initramfs.get(kernel, [*options.modules, *modules])

    def _kernel_words(self):
        at_panic = "panic=0" if self.options.dump else "panic=-1"
        words = [word for word in COMMAND_LINE if word != "nokaslr" or not self.options.kaslr]
        return [*words, at_panic, f"vm.shares={len(self.options.shares)}"]

    def _words(self, run):
        options = self.options
        devices = list(options.devices)
        if options.dump:
            devices += dump.devices(run)
        words = [*self.qemu.command, *BASE, "-accel", self.qemu.accelerator,
                 "-smp", str(options.cpus), "-m", str(options.memory),
                 "-kernel", str(self.kernel.image if options.kaslr else self.kernel.vmlinux),
                 "-initrd", str(self.initramfs),
                 "-append", " ".join([*self._kernel_words(), *options.kernel_words]),
                 "-chardev", f"file,id=console,path={run}/console", "-serial", "chardev:console",
                 "-chardev", "stdio,id=out,signal=off", "-serial", "chardev:out"]
        words += _share("root", "/", False) + _share("run", run, True)
        words += _share("modules", self.kernel.modules, False)
        for number, folder in enumerate(options.shares):
            folder = pathlib.Path(folder).resolve()
            (run / f"share{number}").write_text(f"{folder}\n")
            words += _share(f"share{number}", folder, True)
        return words + devices

    def run(self, command, stdout=None):
        """The command's status, or one of those above. `stdout`: a file; else our own."""
        status = self._run_once(command, stdout)
        # Seen under load: the emulator runs into the breakpoint by which the kernel patches its code.
        if status in (DIED, TIMED_OUT) and \
                "Oops: int3" in self.console.read_text(errors="replace"):
            self._say("the emulator met code that was being patched (int3): once more")
            status = self._run_once(command, stdout)
        return status

    def _run_once(self, command, stdout):
        with tempfile.TemporaryDirectory(prefix="whydrop-vm.") as folder:
            run = pathlib.Path(folder)
            environment = dict(self.options.environment)
            if self.options.capture:
                environment |= {"VM_IMAGE": self.kernel.image, "VM_INITRAMFS": self.initramfs,
                                "VM_WORDS": " ".join([*self._kernel_words(), *CAPTURE_WORDS])}
                _write_command(run, "capture", self.options.capture, environment)
            _write_command(run, "start", command, environment)
            try:
                return self._boot(run, stdout)
            finally:
                self.console.parent.mkdir(parents=True, exist_ok=True)
                if (run / "console").exists():
                    shutil.copy(run / "console", self.console)

    def _boot(self, run, stdout):
        with open(run / "errors", "w+") as errors:
            process = subprocess.Popen(self._words(run), stdin=subprocess.DEVNULL, stdout=stdout,
                                       stderr=errors, env=self.qemu.environment)
            try:
                if self.options.dump:
                    dump.take(run, process, {self.options.dump: self.options.dump_format,
                                             **self.options.more_dumps}, self.options.timeout)
                process.wait(self.options.timeout)
            except subprocess.TimeoutExpired:
                self._say(f"not done after {self.options.timeout:g} s")
                return TIMED_OUT
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            errors.seek(0)
            said = errors.read().strip()
        if (run / "status").exists():
            return int((run / "status").read_text())
        if self.options.dump and pathlib.Path(self.options.dump).exists():
            return DIED
        self._say(f"the guest ended without a status; {said or 'its last words:'}")
        if (run / "console").exists():
            lines = (run / "console").read_text(errors="replace").splitlines()
            print("\n".join(lines[-25:]), file=sys.stderr)
        return NOT_BOOTED if said else DIED

    def _say(self, what):
        print(f"tests/vm: {self.kernel.release}: {what}; its console: {self.console}",
              file=sys.stderr)
