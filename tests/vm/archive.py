# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's archive without touching the system's own apt: lists and packages are in the cache."""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "whydrop"
SUITES = ("bullseye", "bullseye-security", "bookworm", "bookworm-security", "bookworm-backports",
          "trixie", "sid")
LISTS_LAST = 24 * 3600  # seconds
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unreachable(Exception):
    """The mirror does not answer, and the cache does not have it."""


@contextlib.contextmanager
def lock(name):
    """One process at a time changes what is cached under this name."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _output(*words, **options):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **options).stdout


def _mirror():
    """Where this machine's own apt gets Debian from."""
    sites = _output("apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian").split()
    if not sites:
        raise Unreachable("this machine's apt knows no Debian mirror")
    return sites[0].rstrip("/").removesuffix("-security").removesuffix("/debian")


class Archive:
    """An apt of our own, which knows all the suites and has nothing installed."""

    def __init__(self):
        self.root = CACHE / "apt"
        self.environment = dict(os.environ, APT_CONFIG=str(self.root / "apt.conf"))
        self._update()

    def _write_configuration(self):
        for folder in ("lists/partial", "archives/partial", "empty"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        mirror = _mirror()
        sources = {suite: f"deb [arch=amd64 signed-by={KEYRING}] {mirror}/debian"
                          f"{'-security' if suite.endswith('-security') else ''} {suite} main\n"
                   for suite in SUITES}
        (self.root / "sources.list").write_text("".join(sources.values()))
        for suite in SUITES:
            (self.root / f"{suite}.list").write_text(sources["bookworm"] + sources[suite])
        (self.root / "no-status").touch()
        (self.root / "apt.conf").write_text(f"""
Dir::Etc::main "/dev/null"; Dir::Etc::parts "{self.root}/empty";
Dir::Etc::sourcelist "{self.root}/sources.list"; Dir::Etc::sourceparts "{self.root}/empty";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "{self.root}/empty";
Dir::State "{self.root}"; Dir::State::lists "{self.root}/lists";
Dir::State::status "{self.root}/no-status";
Dir::Cache "{self.root}"; Dir::Cache::archives "{self.root}/archives";
APT::Architecture "amd64"; APT::Sandbox::User ""; APT::Install-Recommends "false";
Acquire::Languages "none"; Acquire::Retries "3"; Acquire::Check-Valid-Until "false";
""")

    def _update(self):
        """Fetches the lists when they are older than a day. A suite that has left the mirror makes
        apt fail; what the others have is used all the same."""
        stamp = self.root / "stamp"
        with lock("apt"):
            if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_LAST:
                return
            self._write_configuration()
            done = subprocess.run(["apt-get", "-qq", "update"], env=self.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if not any((self.root / "lists").glob("*_Packages*")):
                raise Unreachable(done.stderr.strip().splitlines()[0] if done.stderr else
                                  "no package list could be fetched")
            stamp.touch()

    def newest(self, package, series, suites):
        """The newest version of `package` that begins with `series`, of the first suite that has
        one; None."""
        lines = _output("apt-cache", "madison", package, env=self.environment).splitlines()
        rows = [[field.strip() for field in line.split("|")] for line in lines]  # newest first
        for suite in suites:
            for _, version, source in rows:
                if version.startswith(f"{series}.") and f" {suite}/" in source:
                    return version
        return None

    def dependencies(self, package, version):
        """The names a package depends on, alternatives included."""
        shown = _output("apt-cache", "show", f"{package}={version}", env=self.environment)
        line = next((line for line in shown.splitlines() if line.startswith("Depends: ")), "")
        names = line.removeprefix("Depends: ").replace("|", ",").split(",")
        return [name.split("(")[0].strip() for name in names]

    def unpack(self, packages, target):
        """Fetches `packages` (NAME=VERSION) and unpacks them below `target`; installs nothing."""
        with self._fetched(["download", *packages], len(packages)) as debs:
            _unpack_all(debs, target)

    def unpack_with_libraries(self, packages, suite, target):
        """The same with all they depend on that this system has not installed, from its own
        release and `suite`."""
        with self._fetched(["-o", "Dir::State::status=/var/lib/dpkg/status",
                            *self._install_from(suite), *packages], len(packages)) as debs:
            _unpack_all(debs, target)

    def unpack_with_everything(self, packages, suite, target):
        """The same with all they depend on, down to the C library: for programs that this system's
        is too old for."""
        with self._fetched([*self._install_from(suite), *packages], len(packages)) as debs:
            _unpack_all(debs, target)

    def unpack_file(self, package, pattern, target):
        """Fetches `package` (NAME=VERSION) and unpacks nothing but the file whose path matches
        `pattern`, to `target`: whole, or not at all."""
        with self._fetched(["download", package], 1) as debs:
            part = target.with_name(target.name + ".part")
            part.parent.mkdir(parents=True, exist_ok=True)
            try:
                found = _unpack_one(debs[0], pattern, part)
            except tarfile.TarError as error:
                raise Unreachable(f"{package} cannot be unpacked: {error}") from error
            if not found:
                raise Unreachable(f"{package} has no file {pattern}")
            part.rename(target)

    def _install_from(self, suite):
        return ["-t", suite, "-o", f"Dir::Etc::sourcelist={self.root}/{suite}.list",
                "--download-only", "--yes", "install"]

    @contextlib.contextmanager
    def _fetched(self, words, at_least):
        """The packages that apt-get fetches when it is called with `words`. They are deleted
        afterwards."""
        folder = self.root / "archives"
        with lock("apt"):
            try:
                _delete_packages(folder)
                done = subprocess.run(["apt-get", "-qq", *words], env=self.environment, cwd=folder,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                debs = sorted(folder.glob("*.deb"))
                if done.returncode or len(debs) < at_least:
                    raise Unreachable(f"apt-get {' '.join(words)}: {done.stderr.strip()}")
                yield debs
            finally:
                _delete_packages(folder)


def _delete_packages(folder):
    for deb in folder.glob("*.deb"):
        deb.unlink()


def _unpack_all(debs, target):
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, target], check=True)
        deb.unlink()


def _unpack_one(deb, pattern, target):
    """Whether there is such a file. What follows it in the package is not unpacked."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as packed:
        try:
            with tarfile.open(fileobj=packed.stdout, mode="r|") as files:
                for file in files:
                    if file.isfile() and re.fullmatch(pattern, file.name):
                        with open(target, "wb") as unpacked:
                            shutil.copyfileobj(files.extractfile(file), unpacked, 1 << 20)
                        return True
            return False
        finally:
            packed.kill()
