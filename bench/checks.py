"""Checks per second on facts in memory: from parsed facts to built Findings, on one core.

The facts are those of the lab's hosts and routers, from its recorded answers: real sizes, real package lists. What is
timed begins with the Observations, which hold their JSON form from when they were made (their digest needs it; what that
costs is counted in bench/facts.py), and ends with the list of Findings of every policy that applies: looking for what could
not be read, answering every `when` and `check`, what failures show, digests of evidence. Nothing but the expressions'
compiled form is kept from one round to the next: no answer and no verdict. Time is processor time, the median of several
rounds, with garbage collection as it comes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cel
from bench.harness import Result

from luxops import lab
from luxops.domains.assembly import all_domains
from luxops.evaluation import Evaluator
from luxops.lab.inventory import derive
from luxops.lab.state import State
from luxops.model import Finding, Observation, Target, Verdict
from luxops.policies import PolicySet, load_policies
from luxops.progress import Silent
from luxops.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = Path(lab.__file__).parent / "recordings" / "untouched"
ROUNDS, LOOKS = 9, 20
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)

Look = tuple[Target, Sequence[Observation]]


def run() -> list[Result]:
    every = load_policies(ROOT / "policies")
    # The lab has no host with a role: such policies would be counted as checks and cost nothing.
    policies = every.model_copy(update={"policies": tuple(policy for policy in every.policies if not policy.role)})
    evaluator = Evaluator(policies)
    looks = recorded()
    ours = _rate(evaluator, looks)
    checks = sum(len(policies.for_target(target.kind)) for target, _ in looks)
    theirs = checks / _seconds(lambda: [plain_cel(policies, *look) for look in looks], rounds=1)
    hosts = [look for look in looks if look[0].kind == "host"]
    routers = [look for look in looks if look[0].kind == "router"]
    one = _seconds(lambda: [evaluator.evaluate(*look, AT) for _ in range(LOOKS) for look in hosts]) / LOOKS / len(hosts)
    return [
        Result("checks with findings built", ours, "/s", 50_000, "at least", "cel.evaluate() a check", theirs),
        Result("checks with findings built, hosts", _rate(evaluator, hosts), "/s"),
        Result("checks with findings built, routers", _rate(evaluator, routers), "/s"),
        Result("one host judged by all policies", 1000 * one, "ms"),
    ]


def _rate(evaluator: Evaluator, looks: Sequence[Look]) -> float:
    """Checks in a second of processor time."""
    checks = sum(len(evaluator.evaluate(*look, AT)) for look in looks)
    return LOOKS * checks / _seconds(lambda: [evaluator.evaluate(*look, AT) for _ in range(LOOKS) for look in looks])


def recorded() -> list[Look]:
    """Every target of the lab with the facts of its recorded answer, all of them whole."""
    with TemporaryDirectory() as folder:
        state = State(Path(folder))
        state.create()
        federation = derive(ROOT / "inventory", state)
    looks: list[Look] = []
    for domain in all_domains(Settings(replay=RECORDINGS, domains=("hosts", "network"))):
        targets = {target.id: target for target in domain.targets(federation)}
        looks += [(targets[seen[0].target], seen) for seen in domain.observe(list(targets.values()), Silent())]
    assert looks
    assert all(o.failure is None for _, seen in looks for o in seen)
    return looks


def plain_cel(policies: PolicySet, target: Target, observations: Sequence[Observation]) -> list[Finding]:
    """The same verdicts by the library's plain call, with a fresh context of the needed facts for every check."""
    facts = {o.fact: o.value.model_dump(mode="json") for o in observations if o.value is not None}
    findings = []
    for policy in policies.for_target(target.kind):
        context: dict[str, Any] = {"target": target.model_dump(mode="json"), "now": int(AT.timestamp())}
        context |= {fact: facts[fact] for fact in policy.needs}
        if policy.when and not cel.evaluate(policy.when, context):
            verdict = Verdict.NOT_APPLICABLE
        else:
            verdict = Verdict.PASS if cel.evaluate(policy.check, context) else Verdict.FAIL
        evidence = observations[0].digest
        findings.append(
            Finding(policy=policy.id, target=target.id, verdict=verdict, severity=policy.severity, evidence=evidence)
        )
    return findings


def _seconds(work: object, rounds: int = ROUNDS) -> float:
    """Processor seconds of one call, the median of several."""
    assert callable(work)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)
