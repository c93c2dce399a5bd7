# SPDX-License-Identifier: GPL-2.0-or-later
"""What `whydrop vmcore` has to say of a dump that a guest left."""
import json
import subprocess

SECONDS = 60


def _lines(whydrop, core, *words):
    ran = subprocess.run([whydrop, "vmcore", *words, "-f", "json", core], capture_output=True,
                         timeout=SECONDS, check=False)
    if ran.returncode:
        raise ValueError(f"whydrop vmcore ended with {ran.returncode}: {ran.stderr.decode()[:300]}")
    return [json.loads(line) for line in ran.stdout.decode().splitlines()]


def problem(whydrop, core, release, panic, frame):
    """Why the report is not that of this kernel, which died of `panic` in a function with `frame`
    on its stack; None."""
    try:
        lines = _lines(whydrop, core)
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
                      for line in _lines(whydrop, core, "log") if line["type"] == "log"),
        "no lo in its devices": any(line["dev"] == "lo" for line in of.get("device", [])),
        "fewer than 10 tasks": summary.get("tasks", 0) >= 10,
        f"losses: {of['losses'][0]['losses']}": not of["losses"][0]["losses"],
    }
    wrong = [what for what, right in checks.items() if not right]
    return "; ".join(wrong) or None
