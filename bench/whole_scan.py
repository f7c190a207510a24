"""One whole scan of one lab host, beside Lynis, OpenSCAP and pytest-testinfra on the checks they share with luxops.

luxops does all its checks every time: facts over SSH, all host policies, comparison with the declaration, store. The peers
are told to do no more than the shared ones. Lynis and OpenSCAP run inside the host itself, without any network, from
copies that are taken away afterwards. A check counts as shared only where both sides really evaluated it in this run.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from bench.harness import Result
from bench.shared_checks import LYNIS_TESTS, SHARED
from bench.the_lab import INSIDE, ROOT, RunningLab, running_lab, ssh_config

from luxops import pipeline
from luxops.domains.assembly import all_domains
from luxops.evaluation import Evaluator
from luxops.lab import instance
from luxops.logs import configure
from luxops.model import Selection, Verdict
from luxops.policies import load_policies
from luxops.progress import Silent
from luxops.store import open_store

HOST = "hrs-his1"
ROUNDS = 5
COPY = "/opt/luxops-bench"
"""Where in the host the peers' copies lie while they run."""
LIMIT = 120.0
"""Seconds that a peer may take."""
JUDGED = {Verdict.PASS, Verdict.FAIL}
SSG = Path("/usr/share/xml/scap/ssg/content")
SSG_RULE = "xccdf_org.ssgproject.content_rule_"
SSG_SYSTEM = b'<xccdf-1.2:platform idref="cpe:/o:debian:debian_linux:11"/>'
XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"


class Missing(Exception):  # noqa: N818 - no error of this program
    """Why a peer was not measured."""


class Peer(NamedTuple):
    """Seconds it took, and the policies whose subject it evaluated."""

    seconds: float
    checked: frozenset[str]


def run() -> list[Result]:
    configure()
    with running_lab() as lab:
        return measured(lab)


def measured(lab: RunningLab) -> list[Result]:
    seconds, findings = ours(lab)
    judged = {policy for policy, verdict in findings.items() if verdict in JUDGED}
    results = [
        Result(f"whole scan of one host, {len(findings)} checks, stored", seconds, "s"),
        Result("whole scan of one host: checks per second", len(findings) / seconds, "/s", direction="at least"),
    ]
    for name, measure in (("Lynis", lynis), ("OpenSCAP", openscap), ("pytest-testinfra", testinfra)):
        try:
            peer = measure(lab)
        except Missing as why:
            results.append(Result(f"whole scan of one host beside {name}", seconds, "s", peer=f"{name} not measured: {why}"))
            continue
        shared = len(peer.checked & judged)
        results.append(
            Result(
                f"whole scan of one host, {shared} checks shared", seconds, "s",
                peer=f"{name}, only those", peer_value=peer.seconds,
            )
        )  # fmt: skip
    return results


def ours(lab: RunningLab) -> tuple[float, Mapping[str, Verdict]]:
    """Median seconds of a scan, all in this process, and its verdict by policy. The first round is not counted."""
    evaluator = Evaluator(load_policies(lab.settings.policies))
    selection = Selection.parse((HOST,))
    rounds = []
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as folder, open_store(f"sqlite:///{folder}/scans.db") as store:
        for _ in range(ROUNDS + 1):
            began = time.perf_counter()
            outcome = pipeline.scan(lab.federation, all_domains(lab.settings), evaluator, selection, store, Silent())
            rounds.append(time.perf_counter() - began)
            assert outcome.scan.coverage.complete, outcome.scan.coverage
    return statistics.median(rounds[1:]), {finding.policy: finding.verdict for finding in outcome.findings}


def lynis(lab: RunningLab) -> Peer:
    """Its shell scripts, told which tests to run. What it evaluated is read from its log."""
    program = Path(_program("lynis"))
    with copied(lab) as folder:
        for part in ("include", "db"):
            shutil.copytree(f"/usr/share/lynis/{part}", folder / part)
        (folder / "plugins").mkdir()
        shutil.copy(program, folder / "lynis")
        shutil.copy("/etc/lynis/default.prf", folder / "default.prf")
        options = ("--usecwd", "--quick", "--quiet", "--no-colors", "--no-plugins", "--tests", " ".join(LYNIS_TESTS))
        files = ("--log-file", f"{COPY}/log", "--report-file", f"{COPY}/report")
        seconds = timed("env", "-C", COPY, "./lynis", "audit", "system", *options, *files)
        log = (folder / "log").read_text(errors="replace")
    return Peer(seconds, _checked(lambda marker: marker in log, {each.policy: each.lynis for each in SHARED}))


def openscap(lab: RunningLab) -> Peer:
    """Its program with the libraries it needs, and the rules of SCAP Security Guide that are shared.

    The guide that Debian 12 has is Debian 11's, and says of every rule "not applicable" on any other release. Here that one
    condition on the whole guide is left out; the rules themselves, and their own conditions, are as published.
    """
    program = Path(_program("oscap"))
    if not (SSG / "ssg-debian11-xccdf.xml").exists():
        raise Missing("the package ssg-debian is not installed")
    guide = (SSG / "ssg-debian11-xccdf.xml").read_bytes()
    if guide.count(SSG_SYSTEM) != 1:
        raise Missing("the guide's condition on the release is not where it was")
    rules = [f"--rule={SSG_RULE}{check.ssg}" for check in SHARED if check.ssg]
    with copied(lab) as folder:
        loader = _with_libraries(program, folder)
        shutil.copytree("/usr/share/openscap", folder / "share")
        (folder / "guide.xml").write_bytes(guide.replace(SSG_SYSTEM, b""))
        for name in ("ssg-debian11-oval.xml", "ssg-debian11-cpe-dictionary.xml", "ssg-debian11-cpe-oval.xml"):
            shutil.copy(SSG / name, folder / name)
        paths = [f"OSCAP_{kind}_PATH={COPY}/share/{place}" for kind, place in _SHARE.items()]
        command = [f"{COPY}/{loader}", "--library-path", f"{COPY}/lib", f"{COPY}/oscap", "xccdf", "eval", "--skip-validation"]
        files = [f"--cpe={COPY}/ssg-debian11-cpe-dictionary.xml", f"--results={COPY}/results.xml", f"{COPY}/guide.xml"]
        seconds = timed("env", "-C", COPY, *paths, *command, *rules, *files, accept=(0, 2))
        found = ET.parse(folder / "results.xml")  # noqa: S314 - written by oscap just now
    results = {each.get("idref"): each.findtext(f"{XCCDF}result") for each in found.iter(f"{XCCDF}rule-result")}
    evaluated = {str(rule).removeprefix(SSG_RULE) for rule, result in results.items() if result in {"pass", "fail"}}
    return Peer(seconds, _checked(evaluated.__contains__, {each.policy: each.ssg for each in SHARED}))


_SHARE = {"SCHEMA": "schemas", "CPE": "cpe", "XSLT": "xsl"}


def testinfra(lab: RunningLab) -> Peer:
    """The shared checks as its tests, by its SSH backend with one session kept open. All of them count that ran."""
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as name, ssh_config(lab, Path(name)) as config:
        report = Path(name) / "report.xml"
        options = [f"--hosts=ssh://{HOST}", f"--ssh-config={config}", "--sudo", f"--junitxml={report}", f"--rootdir={ROOT}"]
        quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist", "--tb=no"]
        command = [*INSIDE, sys.executable, "-m", "pytest", *quiet, *options, str(ROOT / "bench/host_checks.py")]
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - a program of the environment
            command, cwd=ROOT, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - began
        if done.returncode not in {0, 1}:
            raise Missing((done.stdout + done.stderr).strip().splitlines()[-1][:120])
        cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - written by pytest just now
    ran = {str(case.get("name"))[len("test_check[ssh://") :] for case in cases if case.find("error") is None}
    return Peer(seconds, frozenset(check.policy for check in SHARED if any(f"{check.policy}]" in name for name in ran)))


@contextmanager
def copied(lab: RunningLab) -> Iterator[Path]:
    """A folder in the host, seen from here; gone afterwards, however this ends."""
    folder = lab.lab.state.root_of(HOST) / COPY.lstrip("/")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder)


def timed(*command: str, accept: tuple[int, ...] = (0,)) -> float:
    """Seconds of one run inside the host, as root. Raises Missing where it does not end as it should."""
    began = time.perf_counter()
    try:
        done = subprocess.run(instance.enter(HOST, *command), capture_output=True, text=True, check=False, timeout=LIMIT)  # noqa: S603 - the lab's own way in
    except subprocess.TimeoutExpired:
        raise Missing(f"it took longer than {LIMIT:.0f} s") from None
    if done.returncode not in accept:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"it ended with status {done.returncode}: {said[-1][:100] if said else ''}")
    return time.perf_counter() - began


def _program(name: str) -> str:
    if (path := shutil.which(name)) is None:
        raise Missing(f"{name} is not installed")
    return path


def _with_libraries(program: Path, folder: Path) -> str:
    """Copies a program and all it is linked with into the folder; where in it the loader lies."""
    shutil.copy(program, folder / program.name)
    (folder / "lib").mkdir()
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607 - a system program
    libraries = [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]
    for library in libraries:
        shutil.copy(library, folder / "lib" / Path(library).name)
    return f"lib/{next(Path(library).name for library in libraries if Path(library).name.startswith('ld-'))}"


def _checked(evaluated: Callable[[str], bool], names: Mapping[str, str]) -> frozenset[str]:
    return frozenset(policy for policy, name in names.items() if name and evaluated(name))
