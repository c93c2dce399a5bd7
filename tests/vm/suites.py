# SPDX-License-Identifier: GPL-2.0-or-later
"""What is run on which kernel: each suite is one boot (or two, joined). A suite gives back
{test: result}; a result is "pass", "skip: REASON" or "FAIL: WHY"."""
import dataclasses
import pathlib
import re
import subprocess
import tempfile
import threading

import captured
import counters
import damage
import debian
import debuggers
import findings
import formats
import guest
import headers
import module
import oracle
import programs
import results_of
import save
import vmcore
import vmlinux
from kernel import FOLDER

SOURCE = FOLDER.parent.parent
CHECKS = FOLDER / "checks"
LIVE_SECONDS, SHORT_SECONDS = 600, 180
# What takes long and depends on the program variant alone is left out where that is the same.
SAME_PROBE_AS_NEWEST = ("6.12",)
LONG_TESTS = ("EveryWayOfCountingGivesWhatWasSent", "FiltersInTheKernel",
              "ALongRunWithChangingFlowsDoesNotEndInOther")
# Debian 12's debuggers: its drgn reads no dumps of QEMU's, and its crash no newer kernels.
CRASH_8_ON = ("6.1",)
CRASH_8_CANNOT = {"blocked-tasks": "crash 8.0.2 finds only the running tasks of this kernel"}
# Formats of dumps, and what they look like damaged, do not depend on the kernel.
FORMATS_ON = DAMAGED_ON = ("6.1",)
# Scripts of probes/bpftrace and of `whydrop script`: what a minute is enough for, and all others.
SCRIPTS = ("drops", "drops-without-reasons", "receive", "called")
MORE_SCRIPTS = ("drops-of-flow", "drops-without-names", "ends", "pause-counters", "pause-nic",
                "printed-device", "printed-flow", "printed-reason", "xdp-exceptions")


@dataclasses.dataclass
class Place:
    """Where the binaries are that the guests run, and where what they print goes to."""
    build: pathlib.Path
    kept: pathlib.Path


def in_guest(kernel, place, name, checks, **options):
    """Boots once and runs the checks one after the other."""
    folder = place.kept / f"{kernel.series}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    booted = guest.Guest(kernel, guest.Options(name=name, shares=[folder], **options))
    with open(folder / "guest.out", "wb") as out:
        status = booted.run([str(FOLDER / "in-guest"), str(folder), *map(str, checks)], stdout=out)
    results = {}
    for check in checks:
        binary, _, word = str(check).partition("=")
        binary = pathlib.Path(binary).name
        if binary.endswith("_test"):
            results |= results_of.gtest(binary, folder)
        else:
            results |= results_of.check(f"{binary}.{word}" if word else binary, folder)
    if status:
        results[f"{name}.boot"] = f"FAIL: the guest ended with {status}"
    return results


def live(kernel, place):
    """The tests of `whydrop drops` on this kernel, and its peers beside it."""
    tests = place.build / "tests"
    exact = str(tests / "live/exact_test")
    if kernel.series in SAME_PROBE_AS_NEWEST:
        exact += "=-" + ":".join(f"*.{name}" for name in LONG_TESTS)
    return in_guest(kernel, place, "live", [
        tests / "live/lab_live_test", tests / "live/drops_live_test", exact,
        tests / "cli/gone_test", tests / "filter/filter_table_test",
        f"{tests / 'live/capture_test'}=*.AreReadByTsharkFieldByField",
        CHECKS / "peers", CHECKS / "capture", CHECKS / "static"], timeout=LIVE_SECONDS,
        environment={"WHYDROP": place.build / "tools/whydrop",
                     "LAB_TOOL": tests / "live/lab_tool",
                     "WHYDROP_STATIC": place.build / "static/tools/whydrop"})


def receive(kernel, place):
    """What is received, and the way that it takes."""
    tests = place.build / "tests/live"
    counting = str(tests / "receive_test")
    if kernel.series in SAME_PROBE_AS_NEWEST:
        counting += "=-" + ":".join(f"*.{name}" for name in LONG_TESTS)
    return in_guest(kernel, place, "receive", [counting, tests / "path_test"],
                    timeout=LIVE_SECONDS)


def hist(kernel, place):
    """`whydrop hist`, by triggers or from the stream, and the two side by side."""
    tests = place.build / "tests/live"
    return in_guest(kernel, place, "hist",
                    [tests / f"{name}_test" for name in ("hist_live", "stream_hist", "pairs")],
                    timeout=LIVE_SECONDS)


def _scripts(kernel, place, suite, names, **environment):
    return in_guest(kernel, place, suite, [f"{CHECKS / 'scripts'}={name}" for name in names],
                    timeout=2 * LIVE_SECONDS, environment=environment)


def scripts(kernel, place):
    return _scripts(kernel, place, "scripts", SCRIPTS)


def morescripts(kernel, place):
    with tempfile.TemporaryDirectory() as folder:
        built = _built_modules(kernel, pathlib.Path(folder), ("pausenic",))
        return _scripts(kernel, place, "morescripts", MORE_SCRIPTS, **built,
                        WHYDROP=place.build / "tools/whydrop")


def bcc(kernel, place):
    """probes/bcc/drops.py, whose program BCC compiles against this kernel's headers."""
    return in_guest(kernel, place, "bcc", [CHECKS / "bcc"], timeout=LIVE_SECONDS, environment={
        "HEADERS": headers.get(kernel).parents[2], "WHYDROP": place.build / "tools/whydrop",
        "LINES_TOOL": place.build / "tests/live/lines_tool"})


def _built_modules(kernel, folder, sources=("pausenic", "resetrace")):
    for source in sources:
        built = module.build(kernel, FOLDER / "modules" / source)
        (folder / built.name).symlink_to(built)
    return {"WHYDROP_MODULES": folder}


def modules(kernel, place):
    """Drivers built for this kernel, and its network cards."""
    with tempfile.TemporaryDirectory() as folder:
        return in_guest(kernel, place, "modules",
                        [CHECKS / "pausenic", CHECKS / "resetrace", CHECKS / "nics"],
                        timeout=SHORT_SECONDS, devices=guest.nics(2),
                        environment=_built_modules(kernel, pathlib.Path(folder)))


def _looks_like_dump(path, form, release):
    """Why it is no dump of this kernel; None."""
    if not path.exists():
        return "there is no dump"
    with open(path, "rb") as file:
        start = file.read(1 << 20)
    if form == "elf":
        if not start.startswith(b"\x7fELF") or f"OSRELEASE={release}\n".encode() not in start:
            return "no ELF file with this kernel's VMCOREINFO"
    elif form == "flattened":  # as QEMU writes it: records of offset and size, after a page
        if not start.startswith(b"makedumpfile\0") or b"KDUMP   " not in start[:8192] or \
                release.encode() not in start[:16384]:
            return "no flattened kdump file of this release"
    elif not start.startswith(b"KDUMP   ") or release.encode() not in start[:4096]:
        return "no kdump file of this release"
    return None


def dumps(kernel, place):
    """A driver's bug makes the kernel panic, and its memory is taken."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        core, flattened = folder / "elf.core", {}
        if kernel.series in FORMATS_ON:
            flattened = {form: folder / f"{form}.core" for form in formats.OF_QEMU}
        booted = guest.Guest(kernel, guest.Options(
            name="dump", memory=512, timeout=SHORT_SECONDS, shares=[folder], dump=core,
            dump_format="elf", more_dumps={path: form for form, path in flattened.items()},
            environment={"FOLDER": folder} | _built_modules(kernel, folder)))
        with open(place.kept / f"{kernel.series}-dump.out", "wb") as out:
            booted.run([str(CHECKS / "counted-death")], stdout=out)
        if not re.search(r"RIP: \S*resetrace_reset_ring",
                         booted.console.read_text(errors="replace")):
            return {"dump.elf": "FAIL: the driver's bug did not show: "
                                f"{results_of.last_line(place.kept / f'{kernel.series}-dump.out')}"}
        results = {}
        for form, path in (("elf", core), ("flattened", flattened.get("kdump-zlib"))):
            if path:
                problem = _looks_like_dump(path, form, kernel.release)
                results[f"dump.{form}"] = f"FAIL: {problem}" if problem else "pass"
                results[f"vmcore.{form}"] = _report(
                    place, path, kernel, "NULL pointer dereference", "resetrace_reset_ring")
        results["vmcore.lines"] = _lines(place, core, folder)
        return results | _of_dump(kernel, place, core, flattened, folder)


def _of_dump(kernel, place, core, flattened, folder):
    """What else is asked of an ELF dump of checks/counted-death, which left its facts in `folder`."""
    whydrop, kept = place.build / "tools/whydrop", place.kept / f"{kernel.series}-dump"
    kept.mkdir(exist_ok=True)
    asked = {"counters": lambda: counters.problem(whydrop, core, folder, kept / "counters")}
    asked["save"] = lambda: save.problem(whydrop, core, folder, kept / "save")
    if kernel.series in FORMATS_ON:
        asked["formats"] = lambda: formats.problem(whydrop, core, flattened, folder,
                                                   kept / "formats")
    if kernel.series in DAMAGED_ON:
        asked["damaged"] = lambda: damage.problem(whydrop, core, folder, kept / "damaged")
    results = {}
    for name, ask in asked.items():
        try:
            wrong = ask()
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            wrong = repr(error)
        results[f"vmcore.{name}"] = f"FAIL: {wrong}" if wrong else "pass"
    return results


def _lines(place, core, folder):
    problem = vmcore.lines_problem(
        place.build / "tools/whydrop", core, folder / "resetrace.ko", folder / "pausenic.ko",
        FOLDER / "modules/resetrace/resetrace.c", "WRITE_ONCE(race->ring->head, 0);")
    return f"FAIL: {problem}" if problem else "pass"


def _report(place, core, kernel, panic, frame):
    problem = vmcore.problem(place.build / "tools/whydrop", core, kernel.release, panic, frame)
    return f"FAIL: {problem}" if problem else "pass"


def linked(kernel, place):
    """Two guests, joined by a network card each."""
    with tempfile.TemporaryDirectory() as folder:
        socket, statuses = f"{folder}/link", {}

        def boot(side, listens, words):
            booted = guest.Guest(kernel, guest.Options(
                name=f"linked-{side}", memory=512, timeout=SHORT_SECONDS,
                devices=guest.link(socket, listens), shares=[folder],
                environment={"FOLDER": folder}))
            with open(place.kept / f"{kernel.series}-linked-{side}.out", "wb") as out:
                statuses[side] = booted.run([str(CHECKS / "linked"), *words], stdout=out)
        threads = [threading.Thread(target=boot, args=arguments) for arguments in
                   (("one", True, ["10.7.0.1"]), ("two", False, ["10.7.0.2", "10.7.0.1"]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    bad = {side: status for side, status in statuses.items() if status}
    return {"linked": f"FAIL: {bad}" if bad else "pass"}


def _dumping_tools():
    """kexec and makedumpfile, as words of an environment."""
    root = programs.get("dumping", ("kexec-tools", "makedumpfile"),
                        lambda root: (root / "usr/bin/makedumpfile").exists())
    return {"LD_LIBRARY_PATH": programs.environment(root)["LD_LIBRARY_PATH"],
            "KEXEC": root / "sbin/kexec", "MAKEDUMPFILE": root / "usr/bin/makedumpfile"}


def kdump(kernel, place):
    """A real one: the panicked kernel starts a second one, which says what happened and writes the
    first one's memory to a disk."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        disk, core, report = folder / "disk", folder / "vmcore", folder / "report"
        with open(disk, "wb") as file:
            file.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", disk], check=True)
        booted = guest.Guest(kernel, guest.Options(
            name="kdump", memory=1024, timeout=SHORT_SECONDS, modules=["virtio_blk", "ext4"],
            kernel_words=["crashkernel=192M"],
            devices=["-drive", f"file={disk},format=raw,if=virtio,cache=unsafe"],
            environment=_dumping_tools() | {
                "WHYDROP_STATIC": place.build / "static/tools/whydrop",
                "WHYDROP_REPORT": SOURCE / "kdump/initramfs/whydrop-report"},
            capture=[str(CHECKS / "kdump-capture")]))
        with open(place.kept / f"{kernel.series}-kdump.out", "wb") as out:
            booted.run([str(CHECKS / "kdump")], stdout=out)
        times = (captured.from_disk(disk, "/whydrop-report.txt", report),
                 captured.from_disk(disk, "/vmcore", core))
        problem = _looks_like_dump(core, "kdump", kernel.release)
        early = problem or captured.problem(place.build / "tools/whydrop", core, report, times,
                                            booted.console.read_text(errors="replace"))
        return {"kdump": f"FAIL: {problem}" if problem else "pass",
                "kdump.report": f"FAIL: {early}" if early else "pass",
                "vmcore.kdump": _report(place, core, kernel, "sysrq triggered crash",
                                        "sysrq_handle_crash")}


# What the console has of it when the initramfs goes on to what it is for: looking for the root.
INITRAMFS = {"initramfs-tools": "Begin: Mounting root file system",
             "dracut": "sysroot.mount"}
# As kdump-tools makes them of those of the kernel that died.
OF_KDUMP_TOOLS = ("root=/dev/vda ro reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 "
                  "irqpoll usbcore.nousb")


def _hook(kernel, place, folder, of):
    """One capture kernel with the initramfs `of` one maker, and Debian's kdump-tools in its root."""
    disk, core, report = folder / f"disk-{of}", folder / "core", folder / "report"
    subprocess.run(["cp", "--sparse=always", folder / "disk", disk], check=True)
    booted = guest.Guest(kernel, guest.Options(
        name=f"hook-{of}", memory=1024, timeout=2 * SHORT_SECONDS,
        kernel_words=["crashkernel=192M"],
        devices=["-drive", f"file={disk},format=raw,if=virtio,cache=unsafe"],
        environment=_dumping_tools() | {
            "VM_IMAGE": kernel.image, "VM_INITRAMFS": folder / of, "VM_ENDS": "it says nothing",
            "VM_WORDS": " ".join([*guest.COMMAND_LINE, OF_KDUMP_TOOLS])}))
    with open(place.kept / f"{kernel.series}-hook-{of}.out", "wb") as out:
        booted.run([str(CHECKS / "kdump")], stdout=out)
    console = booted.console.read_text(errors="replace")
    kept = captured.names(disk, "/var/crash")
    made, dumped = (next((name for name in kept if re.fullmatch(pattern, name)), None)
                    for pattern in (r"whydrop\.\d{12}", r"\d{12}"))
    if not made or not dumped:
        return f"/var/crash has {kept}"
    times = (captured.from_disk(disk, f"/var/crash/{made}/whydrop-report.txt", report),
             captured.from_disk(disk, f"/var/crash/{dumped}/dump.{dumped}", core))
    before = console.partition(INITRAMFS[of])[0]
    return _looks_like_dump(core, "flattened", kernel.release) or \
        captured.problem(place.build / "tools/whydrop", core, report, times, before)


def hooks(kernel, place):
    """The report in the capture initramfs of a Debian, made by its own tools."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        debian.disk(kernel, place.build / "static", folder / "disk",
                    place.kept / f"{kernel.series}-hooks.log")
        problems = {of: _hook(kernel, place, folder, of) for of in INITRAMFS}
    return {f"hook.{of}": f"FAIL: {problem}" if problem else "pass"
            for of, problem in problems.items()}


def _die_on_the_scene(kernel, folder):
    """The dump, what the guest said before, and its console."""
    core = folder / "core"
    booted = guest.Guest(kernel, guest.Options(
        name="crashscripts", memory=512, cpus=3, timeout=SHORT_SECONDS, shares=[folder], dump=core,
        dump_format="elf", kaslr=True, environment={"FOLDER": folder} | _built_modules(
            kernel, folder, ("bottleneck", "resetrace"))))
    with open(folder / "guest.out", "wb") as out:
        status = booted.run([str(CHECKS / "crash-scene")], stdout=out)
    if not core.exists():
        raise ValueError(f"no dump ({status}): {results_of.last_line(folder / 'guest.out')}")
    return core, findings.Scene(folder, booted.console.read_text(errors="replace"), kernel.release)


def crashscripts(kernel, place):
    """crash-scripts/ on a dump of this kernel, and `whydrop vmcore` beside the debuggers, where its
    debuginfo has been fetched."""
    tools = {"crash": "crash", "drgn": "py"} | ({"crash8": "crash"} if kernel.series in CRASH_8_ON
                                                else {})
    tests = [f"crash-scripts.{script}.{tool}" for script in findings.SCRIPTS for tool in tools]
    symbols = vmlinux.cached(kernel)
    if not symbols:
        return {test: f"skip: {vmlinux.not_cached(kernel.series)}"
                for test in [*tests, "oracle.backtraces", "oracle.totals"]}
    results = {}
    kept = place.kept / f"{kernel.series}-crashscripts"
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        core, scene = _die_on_the_scene(kernel, pathlib.Path(folder))
        for name in tests:
            _, script, tool = name.split(".")
            if tool == "crash8" and script in CRASH_8_CANNOT:
                results[name] = f"skip: {CRASH_8_CANNOT[script]}"
                continue
            results[name] = findings.check(
                scene, SOURCE / "crash-scripts" / f"{script}.{tools[tool]}", debuggers.get(tool),
                symbols, core, kept / f"{script}.{tool}")
        return results | _beside_debuggers(place.build / "tools/whydrop", symbols, core, kept)


def _beside_debuggers(whydrop, symbols, core, kept):
    return {"oracle.backtraces": oracle.backtraces(whydrop, core, debuggers.get("drgn"), symbols,
                                                   kept / "oracle.backtraces"),
            "oracle.totals": oracle.totals(whydrop, core, debuggers.get("crash"), symbols,
                                           kept / "oracle.totals")}
