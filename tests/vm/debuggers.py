# SPDX-License-Identifier: GPL-2.0-or-later
"""crash and drgn to run: sid's, which know newer kernels, unpacked in the cache with all they need
down to the C library; and Debian 12's."""
import dataclasses
import os
import subprocess

import archive
import programs

SUITE = "sid"
PACKAGES = ("crash", "python3-drgn")
OF_DEBIAN_12 = {"crash8": "crash", "drgn22": "python3-drgn"}
TOOLS = ("crash", "drgn", *OF_DEBIAN_12)
AFTER_SCRIPT = "quit\n"  # on stdin: crash goes on asking when its input file is done


@dataclasses.dataclass
class Debugger:
    command: list
    environment: dict

    def words(self, vmlinux, core, script=None):
        """What opens `core`, and runs `script` if there is one."""
        if self.command[-1].endswith("drgn"):
            asked = [str(script)] if script else []
            return [*self.command, "--quiet", "-c", str(core), "-s", str(vmlinux), *asked]
        asked = ["-s", "-i", str(script)] if script else []
        return [*self.command, *asked, str(vmlinux), str(core)]


def _newest(root, tool):
    if tool == "crash":
        return Debugger(programs.by_own_loader(root, root / "usr/bin/crash"), dict(os.environ))
    python = (root / "usr/bin/python3").resolve()
    return Debugger(programs.by_own_loader(root, python, root / "usr/bin/drgn"),
                    dict(os.environ, PYTHONHOME=str(root / "usr"), PYTHONDONTWRITEBYTECODE="1"))


def _of_debian_12(root, tool):
    environment = dict(programs.environment(root), PYTHONDONTWRITEBYTECODE="1",
                       PYTHONPATH=str(root / "usr/lib/python3/dist-packages"))
    if tool == "crash8":
        return Debugger([str(root / "usr/bin/crash")], environment)
    return Debugger(["/usr/bin/python3", str(root / "usr/bin/drgn")], environment)


def _starts(debugger):
    try:
        return subprocess.run([*debugger.command, "--version"], env=debugger.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def get(tool):
    """One of TOOLS. Fetches it the first time. Raises archive.Unreachable."""
    if tool in OF_DEBIAN_12:
        root = programs.get(tool, (OF_DEBIAN_12[tool],),
                            lambda root: _starts(_of_debian_12(root, tool)))
        return _of_debian_12(root, tool)
    root = programs.get("debuggers", PACKAGES,
                        lambda root: all(_starts(_newest(root, one)) for one in ("crash", "drgn")),
                        SUITE, whole=True)
    return _newest(root, tool)
