"""The cloud: capture and plan, comparison of a large sweep, and the lab's own cloud from end to end.

Peers: the same programs under the SDK's documented mocks, one process and no graph; reading the same sweep from JSON and no
more; and Prowler on the same cloud where it is on the PATH or named by PROWLER, or else the rate that its makers publish.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.harness import Result
from bench.many_hospitals import copied, extended
from tests.support.cloud_world import CloudWorld

from luxops.domains.cloud.changes import CloudPlan
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.graph_cache import declared_graph
from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.nouns import Graph
from luxops.domains.cloud.planning import plan_of
from luxops.domains.cloud.programs import Program, given_federation, waves_of
from luxops.domains.cloud.sweep import Sweep, sweep
from luxops.federation import Federation, load_federation
from luxops.lab.running import active
from luxops.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent
STACKS: Final = ROOT / "stacks"
HOSPITALS: Final = 12
OBJECTS: Final = 20_000
PROWLER: Final = 49.0
"""Resources a second, as published by its makers."""


def run() -> list[Result]:
    federation = extended(load_federation(ROOT / "inventory"), HOSPITALS)
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as folder:
        began = time.perf_counter()
        graph = declared_graph(federation, STACKS, Path(folder))
        taken = time.perf_counter() - began
    planning, plan = _planned(federation, graph, CloudWorld().sweep())
    assert sum(len(stack.changes) for stack in plan.stacks) == len(graph.resources)
    peer = _plain_mocks(HOSPITALS)
    found = [
        Result(
            f"capture and plan of {HOSPITALS} hospitals, {len(graph.resources)} resources", taken + planning, "s", 10,
            peer="the SDK's mocks, no graph", peer_value=peer,
        ),
        _large(federation, graph),
    ]  # fmt: skip
    lab = active(Settings())
    if lab is None or lab.cloud.clouds_file is None or not lab.cloud.clouds_file.exists():
        print("cloud: LEFT OUT for the lab's own, which is not up: luxops lab up cloud", file=sys.stderr)
        return found
    return [*found, *_of_the_lab(lab)]


def _planned(federation: Federation, graph: Graph, seen: Sweep) -> tuple[float, CloudPlan]:
    began = time.perf_counter()
    plan = plan_of(Comparison(federation, graph, seen), graph.stacks, "reconcile")
    return time.perf_counter() - began, plan


def _large(federation: Federation, graph: Graph) -> Result:
    """The same federation several times over in one cloud, of which something is wrong here and there."""
    many = copied(graph, -(-OBJECTS // len(graph.resources)))
    world = CloudWorld.of(many)
    for number, thing in enumerate(list(world.things.values())):
        if number % 97 == 0 and thing.kind == "security_group_rule":
            world.drop(thing)
        elif number % 89 == 0 and "adminStateUp" in thing.properties:
            thing.properties["adminStateUp"] = False
    seen = world.sweep()
    objects = sum(len(items) for items in seen.live(KINDS).values())
    assert objects >= OBJECTS
    taken = statistics.median(_planned(federation, many, seen)[0] for _ in range(3))
    text = json.dumps(seen.seen)
    began = time.perf_counter()
    json.loads(text)
    peer = time.perf_counter() - began
    return Result(f"sweep comparison of {objects:,} objects, API time excluded", taken, "s", 5,
                  peer="reading them from JSON alone", peer_value=peer)  # fmt: skip


def _of_the_lab(lab: Settings) -> list[Result]:
    from luxops.transports.openstack import CloudSession  # noqa: PLC0415 - needs the lab

    seen = sweep(CloudSession(lab.cloud), KINDS)
    objects = sum(len(items) for items in seen.live(KINDS).values())
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as folder:
        environment = {**os.environ, "LUXOPS_STORE__URL": f"sqlite:///{folder}/luxops.db", "LUXOPS_CLOUD__CACHE": folder}
        rounds = []
        for _ in range(2):  # the first fills the cache of the graph
            began = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - our own program
                [Path(sys.executable).with_name("luxops"), "--lab", "drift", "kind:cloud"],
                env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode in {0, 1, 3}, done.stderr
            rounds.append(time.perf_counter() - began)
    peer, rate = _prowler(lab)
    return [
        Result(f"drift of the lab's cloud from end to end, {objects} objects", rounds[1], "s", 10),
        Result("objects of the lab's cloud observed", objects / rounds[1], "/s", direction="at least",
               peer=peer, peer_value=rate),
    ]  # fmt: skip


def _prowler(lab: Settings) -> tuple[str, float]:
    """What it looked at, by the seconds from start to end, its own start included as in ours."""
    program = os.environ.get("PROWLER") or shutil.which("prowler")
    if program is None:
        return "Prowler, as published", PROWLER
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as folder:
        cloud = ["--clouds-yaml-file", str(lab.cloud.clouds_file), "--clouds-yaml-cloud", lab.cloud.name]
        command = [program, "openstack", *cloud, "--output-directory", folder, "-M", "json-ocsf", "--no-banner"]
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False, timeout=300)  # noqa: S603 - as the user named it
        taken = time.perf_counter() - began
        found = json.loads(next(Path(folder).glob("*.ocsf.json")).read_text())
    return "Prowler, here", len({resource["uid"] for finding in found for resource in finding["resources"]}) / taken


# The peer of the capture


def _plain_mocks(hospitals: int) -> float:
    """In a process of its own, as the SDK's documentation has it, without what luxops makes of it."""
    done = subprocess.run(  # noqa: S603 - this module
        [sys.executable, "-m", "bench.cloud", str(hospitals)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _mocked(federation: Federation) -> None:
    import runpy  # noqa: PLC0415 - of the peer alone
    import warnings  # noqa: PLC0415 - same

    import pulumi  # noqa: PLC0415 - same

    warnings.simplefilter("ignore")
    outputs = _outputs(federation)

    class Mocks(pulumi.runtime.Mocks):
        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
            if args.typ == "pulumi:pulumi:StackReference":
                return args.name, {**args.inputs, "outputs": outputs, "secretOutputNames": []}
            return f"{args.name}-id", args.inputs

        def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:  # type: ignore[override] # the SDK takes either
            return {"id": "id", "userId": "id", "projectId": "id", **args.args}

    def declared(program: Program) -> None:
        pulumi.runtime.set_mocks(Mocks(), project=program.project, stack=program.name)

        @pulumi.runtime.test  # type: ignore[untyped-decorator] # the SDK's own has no types
        def test() -> None:
            runpy.run_path(str(STACKS / program.project / "__main__.py"))

        test()

    given_federation.set(federation)
    for wave in waves_of(federation):
        for program in wave:
            declared(program)


def _outputs(federation: Federation) -> Mapping[str, Any]:
    """What stacks read of each other, all of it from each."""
    file = federation.file
    places = {datacentre.id: "id" for datacentre in file.datacentres}
    return {
        "project_id": "id", "groups": dict.fromkeys(file.cloud.access, "id"), "hubs": places, "routers": places,
        "flavours": {flavour.id: "id" for flavour in file.cloud.flavours},
        "images": {image.id: "id" for image in file.cloud.images},
        "availability_zones": places, "management": {"network": "id", "subnet": "id"},
    }  # fmt: skip


if __name__ == "__main__":
    known = extended(load_federation(ROOT / "inventory"), int(sys.argv[1]))
    start = time.perf_counter()
    _mocked(known)
    print(time.perf_counter() - start)
