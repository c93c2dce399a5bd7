# SPDX-License-Identifier: GPL-2.0-or-later
"""What `whydrop vmcore` has to say of a dump that a guest left."""
import json
import subprocess

SECONDS = 60


def rows(whydrop, core, *words):
    """The JSON lines of a part, or of the report."""
    ran = subprocess.run([whydrop, "vmcore", *words, "-f", "json", core], capture_output=True,
                         timeout=SECONDS, check=False)
    if ran.returncode:
        raise ValueError(f"whydrop vmcore ended with {ran.returncode}: {ran.stderr.decode()[:300]}")
    return [json.loads(line) for line in ran.stdout.decode().splitlines()]


def problem(whydrop, core, release, panic, frame):
    """Why the report is not that of this kernel, which died of `panic` in a function with `frame`
    on its stack; None."""
    try:
        lines = rows(whydrop, core)
    except (ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    of = {}
    for line in lines:
        of.setdefault(line["type"], []).append(line)
    summary = of["vmcore"][0]
    frames = [entry for cpu in of.get("cpu", []) for entry in cpu.get("stack", [])]
    checks = {
        f"its release is {summary.get('release')}": summary.get("release") == release,
        f"its panic is {summary.get('panic')!r}": panic in summary.get("panic", ""),
        f"no frame of {frame} among {frames[:12]}": any(entry.startswith(frame)
                                                        for entry in frames),
        "no log": any("Linux version " + release in line["text"]
                      for line in rows(whydrop, core, "log") if line["type"] == "log"),
        "no lo in its devices": any(line["dev"] == "lo" for line in of.get("device", [])),
        "fewer than 10 tasks": summary.get("tasks", 0) >= 10,
        f"losses: {of['losses'][0]['losses']}": not of["losses"][0]["losses"],
    }
    wrong = [what for what, right in checks.items() if not right]
    return "; ".join(wrong) or None


def _line_of(source, text):
    """The number of the line in a file that has this text."""
    lines = source.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def lines_problem(whydrop, core, module, other, source, text):
    """Why the frames of the panic do not name the line of `source` with `text` in it, where the
    module died; None. The module `other` was not loaded."""
    place = f"{source.name}:{_line_of(source, text)}"
    try:
        lines = rows(whydrop, core, "bt", "--module", module)
        frames = [frame for line in lines for frame in line.get("stack", [])
                  if f"[{module.stem}]" in frame]
        died = next((frame for frame in frames if frame.endswith(f"{place}) (exception)")), None)
        if not died:
            return f"no exception at {place} among {frames}"
        listed = subprocess.run([whydrop, "vmcore", "list", died.split()[0], "--module", module],
                                capture_output=True, timeout=SECONDS, check=False, text=True).stdout
        refused = subprocess.run([whydrop, "vmcore", "bt", core, "--module", other],
                                 capture_output=True, timeout=SECONDS, check=False, text=True)
    except (ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    if place not in listed or text not in listed:
        return f"without the dump it is {listed!r}"
    if refused.returncode != 2 or f"no module '{other.stem}' was loaded" not in refused.stderr:
        return f"{other.name} is answered by {refused.returncode}: {refused.stderr}"
    return None
