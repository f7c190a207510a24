"""Facts of the lab's hosts: luxops' one session a host, beside Ansible's modules for the same subjects on the same hosts.

Ansible is given what makes it fast: pipelining, sessions kept open, all hosts at once, no host waits for another, the
interpreter named, only what is needed gathered. Its own start, measured by a play without tasks, is taken off its time.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.harness import Result
from bench.the_lab import INSIDE, RunningLab, drop_index, index_packages, processor_seconds, running_lab, ssh_config

from luxops.domains.hosts.answer import COLLECTION, Collection
from luxops.domains.hosts.domain import HostsDomain
from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.files import LOOKED_IN, SENSITIVE
from luxops.logs import configure
from luxops.model import Observation, Target, TargetId
from luxops.progress import Progress, Silent
from luxops.transports.interface import CommandReply, CommandRequest
from luxops.transports.ssh import SshRunner

PLAYBOOK = Path(__file__).with_name("ansible_facts.yml")
ROUNDS = 5


class Round(NamedTuple):
    """Seconds for all hosts together: on the clock, of the client's processor, of the hosts' processors."""

    wall: float
    client: float
    hosts: float


class Luxops(NamedTuple):
    """Medians over several rounds, and what the collections of the last one said of themselves."""

    round: Round
    collections: Sequence[Collection]
    costliest: float
    """Processor seconds of the host that spent most, counted in hundredths by samples: one round says little."""


def run() -> list[Result]:
    configure()
    with running_lab() as lab:
        return measured(lab)


def measured(lab: RunningLab) -> list[Result]:
    targets = HostsDomain(SshRunner(lab.settings.connection)).targets(lab.federation)
    # Ansible becomes root by a shell; where sudo allows the collector alone, it cannot.
    shared = [target for target in targets if target.labels["collector"] == "sudo"]
    everyone, few = luxops(lab, targets), luxops(lab, shared)
    ansible, start = both_plays(lab, shared)
    each = len(shared)
    said = everyone.collections
    on = f"{each} of {len(targets)} hosts, where both can become root"
    return [
        Result(f"facts of {len(targets)} hosts, one session each", everyone.round.wall, "s"),
        Result(
            f"facts of {on}", few.round.wall, "s", budget=10, budget_on_ratio=True,
            peer="Ansible without its start", peer_value=ansible.wall - start.wall,
        ),
        Result(
            "facts: client's processor time per host", 1000 * everyone.round.client / len(targets), "ms", budget=25,
            peer="Ansible without its start", peer_value=1000 * (ansible.client - start.client) / each,
        ),
        Result(
            "facts: host's processor time, script and children", 1000 * everyone.costliest, "ms", budget=300
        ),
        Result(
            "facts: host's processor time, all of the host", 1000 * few.round.hosts / each, "ms",
            peer="Ansible", peer_value=1000 * ansible.hosts / each,
        ),
        Result("facts: the same for one host, without apt's index", 1000 * unindexed(lab, shared[0]), "ms"),
        Result("facts: bytes of answer per host", statistics.mean(c.bytes for c in said) / 1024, "KiB"),
        Result("facts: commands sent per host", requests_each(lab, targets), "", budget=1),
    ]  # fmt: skip


def luxops(lab: RunningLab, targets: Sequence[Target]) -> Luxops:
    """One round that is not counted, then the median of several."""
    rounds, costliest = [], []
    observed(lab, targets)
    for _ in range(ROUNDS):
        hosts, client, wall = used(targets), time.process_time(), time.perf_counter()
        seen = observed(lab, targets)
        rounds.append(Round(time.perf_counter() - wall, time.process_time() - client, used(targets) - hosts))
        collections = [each.value for each in seen if isinstance(each.value, Collection)]
        assert len(collections) == len(targets)
        costliest.append(max(each.cpu_seconds for each in collections))
    middle = Round(*(statistics.median(values) for values in zip(*rounds, strict=True)))
    return Luxops(middle, collections, statistics.median(costliest))


def unindexed(lab: RunningLab, target: Target) -> float:
    """Processor seconds of the whole host for one round where apt has no index of packages."""
    drop_index(target.id)
    try:
        before = used([target])
        observed(lab, [target])
        return used([target]) - before
    finally:
        index_packages(target.id)


def observed(lab: RunningLab, targets: Sequence[Target]) -> list[Observation]:
    """Every fact of every target; none may fail, or the time would be that of something else."""
    domain = HostsDomain(SshRunner(lab.settings.connection))
    seen = [observation for target in domain.observe(targets, Silent()) for observation in target]
    failed = [(each.target, each.fact, each.failure) for each in seen if each.failure is not None]
    assert not failed, failed[:2]
    assert {each.fact for each in seen} == {COLLECTION, *(fact.name for fact in FACTS)}
    assert len(seen) == len(targets) * (len(FACTS) + 1)
    return seen


class Counting:
    """A runner that counts what it is asked to send."""

    def __init__(self, runner: SshRunner) -> None:
        self._runner = runner
        self.sent: Counter[TargetId] = Counter()

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        return self._runner.run((self._counted(request) for request in requests), progress)

    def _counted(self, request: CommandRequest) -> CommandRequest:
        self.sent[request.target] += 1
        return request


def requests_each(lab: RunningLab, targets: Sequence[Target]) -> int:
    """Commands, each one round trip in a session of its own, that the facts of one host take; the most of all hosts."""
    runner = Counting(SshRunner(lab.settings.connection))
    for _ in HostsDomain(runner).observe(targets, Silent()):
        pass
    assert set(runner.sent) == {target.id for target in targets}
    return max(runner.sent.values())


def used(targets: Sequence[Target]) -> float:
    """Seconds of processor time that all these hosts have used so far."""
    return sum(processor_seconds(target.id) for target in targets)


def both_plays(lab: RunningLab, targets: Sequence[Target]) -> tuple[Round, Round]:
    """The playbook, and one without tasks: what it costs to start."""
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as name, ssh_config(lab, Path(name)) as config:
        folder = Path(name)
        (folder / "ansible.cfg").touch()
        empty = folder / "empty.yml"
        empty.write_text("- {hosts: all, gather_facts: false, tasks: []}\n")
        start = play(folder, config, empty, targets)
        return play(folder, config, PLAYBOOK, targets), start


def play(folder: Path, config: Path, playbook: Path, targets: Sequence[Target]) -> Round:
    """One run of ansible-playbook. Raises CalledProcessError where any task failed on any host."""
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {target.id: {} for target in targets}, "vars": VARIABLES}}))
    command = [*INSIDE, str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(playbook)]
    hosts, client, wall = used(targets), children(), time.perf_counter()
    done = subprocess.run(command, env=environment(folder, config), cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - a program of the environment
    taken = Round(time.perf_counter() - wall, children() - client, used(targets) - hosts)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return taken


VARIABLES: Mapping[str, Any] = {
    "ansible_python_interpreter": "/usr/bin/python3",
    "sensitive": SENSITIVE,
    "looked_in": LOOKED_IN,
}


def environment(folder: Path, config: Path) -> dict[str, str]:
    """Ansible's settings; nothing of this machine's or this user's configuration counts."""
    ansible = {
        "CONFIG": str(folder / "ansible.cfg"), "HOME": str(folder), "LOCAL_TEMP": str(folder / "tmp"), "FORKS": "8",
        "PIPELINING": "1", "SSH_ARGS": f"-F {config}", "HOST_KEY_CHECKING": "1", "NOCOLOR": "1", "INVENTORY_ENABLED": "yaml",
    }  # fmt: skip
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"} | {
        f"ANSIBLE_{name}": value for name, value in ansible.items()
    }


def children() -> float:
    """Processor seconds of the programs that this process started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
