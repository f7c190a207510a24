"""The cloud as a whole: whether it is up, bringing it up from its image or from nothing, and taking it away."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from luxops.lab import cgroups, reach, wiring
from luxops.lab.cloud import bootstrap, conf, ovn, packages, processes
from luxops.lab.cloud.api import Api, answers
from luxops.lab.cloud.layout import ADDRESS, PORTS, SERVICES, SWITCH_SPACE, ZONES, Layout, owns_space
from luxops.lab.images import CLOUD
from luxops.lab.running import CLOUD_PART, cloud_stands, space_id
from luxops.lab.shell import run
from luxops.lab.state import State, read_json, write_json
from luxops.model import Digest, Frozen, digest_of

IMAGE = f"{CLOUD}base-"
"""Begins the name of a bootstrapped image, before its recipe's digest."""
PARTS = (processes.DATABASE, *ovn.PARTS, *(CLOUD_PART + service for service in PORTS))
"""Every cgroup that has processes while the cloud is up."""
SECONDS = 120.0


class Service(Frozen):
    """One part of the cloud as it is."""

    name: str
    address: str
    """Where its API listens; empty where it has none."""
    processes: int
    state: str
    """`running`, `down`, or `silent` where it runs and does not answer."""


class Cloud:
    """The cloud in a lab's folder."""

    def __init__(self, state: State, say: Callable[[str], None]) -> None:
        self.layout = Layout(state)
        self.say = say

    def stands(self) -> bool:
        """Whether a cloud was brought up here, its switch's namespace is still the same, and any of its services runs."""
        return cloud_stands(self.layout.state.folder)

    def is_ready(self) -> bool:
        """Whether the cloud of today's recipe runs whole and every API answers."""
        if not self.stands() or read_json(self.layout.note)["recipe"] != self.recipe():
            return False
        return all(cgroups.processes_of(part) for part in PARTS) and all(answers(service) for service in PORTS)

    def recipe(self) -> Digest:
        """Names everything that the bootstrapped image depends on; a changed one is bootstrapped anew.

        Where the services' files lie does not count, what they say does: two checkouts share an image.
        """
        environment = {name: value for name, value in self.layout.environment().items() if name != "PYTHONPATH"}
        rendered = conf.rendered(self.layout, self.layout.state.images)
        programs = [Path(bootstrap.__file__), *sorted(SERVICES.glob("*.py"))]
        return digest_of([packages.versions(), _plain(rendered), environment, [p.read_text() for p in programs]])

    def up(self) -> None:
        """Make the cloud afresh; what was there of an older one is taken away first. Raises LabError."""
        self.clear()
        packages.require()
        processes.refuse_taken_ports()
        layout = self.layout
        layout.create()
        recipe = self.recipe()
        conf.write(layout, packages.paste(layout.state, packages.versions()))
        image = layout.state.images / (IMAGE + recipe.removeprefix("sha256:")[:16])
        if image.is_dir():
            run("cp", "-a", "--sparse=always", f"{image}/.", str(layout.data))
            self._start()
        else:
            self._bootstrap(image)
        write_json(layout.note, {"recipe": recipe, "space": space_id(SWITCH_SPACE)})

    def clear(self) -> None:
        """Take away every process, cgroup and namespace of a cloud, this folder's or another's, and its data. Images stay."""
        self.layout.note.unlink(missing_ok=True)
        self.layout.clouds_file.unlink(missing_ok=True)
        names = processes.names()
        spaces = [name for name in wiring.existing() if owns_space(name)]
        if names or spaces:
            self.say(f"removing the cloud: {len(names)} services, {len(spaces)} namespaces")
        cgroups.stop(names)
        for name in names:
            cgroups.remove(name)
        wiring.remove(spaces)
        shutil.rmtree(self.layout.folder, ignore_errors=True)

    def status(self) -> list[Service]:
        """Every part of the cloud; nothing where none was brought up."""
        if not (self.stands() or processes.names()):
            return []
        return [_service(part) for part in PARTS]

    def _bootstrap(self, image: Path) -> None:
        self.say("bootstrapping the cloud: once, about a minute")
        layout = self.layout
        bootstrap.fill(layout)
        self._stop()
        # The services' accounts are there now: everything is started once, so that compute hosts and zones can be noted.
        client = self._start()
        bootstrap.set_zones(layout, client)
        self.say("keeping the bootstrapped cloud as an image")
        self._stop()
        _keep(layout.data, image)
        wiring.remove([SWITCH_SPACE])
        shutil.rmtree(layout.run)
        layout.create()
        self._start()

    def _stop(self) -> None:
        """End everything; the database last and in good order, so that its files are whole."""
        cgroups.stop([name for name in processes.names() if name != processes.DATABASE])
        processes.stop_database(self.layout)

    def _start(self) -> Api:
        """Start everything on the data that is there, and wait until all of it reports that it is alive."""
        layout, began, moment = self.layout, time.monotonic(), datetime.now(UTC).replace(microsecond=0)
        ovn.start(layout)
        processes.start_database(layout)
        processes.start_api(layout, "keystone", "placement")
        ovn.register(layout)
        processes.start_api(layout, "neutron", "nova", "cinder", "glance")
        processes.wait_for_api(*PORTS)
        client = Api(layout.password())
        checks = {
            "Nova's compute services": lambda: _alive(client, "nova", "/v2.1/os-services", "nova-compute", moment),
            "Cinder's volume services": lambda: _alive(
                client, "cinder", f"/v3/{client.project}/os-services", "cinder-volume", moment
            ),
            "Neutron's chassis": lambda: _has_chassis(client),
        }
        reach.wait_for(checks, SECONDS, lambda _: None)
        self.say(f"the cloud's services answer after {time.monotonic() - began:.1f} s")
        return client


def _keep(data: Path, image: Path) -> None:
    """Copy the stopped cloud's data into the cache, whole or not at all, in place of older images."""
    for old in image.parent.glob(f"{IMAGE}*"):
        shutil.rmtree(old)
    unfinished = image.with_name(f"{image.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    run("cp", "-a", "--sparse=always", str(data), str(unfinished))
    unfinished.rename(image)


def _alive(client: Api, service: str, path: str, binary: str, since: datetime) -> bool:
    """A report from every zone's service since then; what the image remembers of an earlier start does not count."""
    found = [entry for entry in client.get(service, path)["services"] if entry["binary"] == binary and entry["updated_at"]]
    return sum(datetime.fromisoformat(entry["updated_at"]).replace(tzinfo=UTC) > since for entry in found) == len(ZONES)


def _has_chassis(client: Api) -> bool:
    agents: Sequence[dict[str, object]] = client.get("neutron", "/v2.0/agents")["agents"]
    return any(agent["alive"] for agent in agents)


def _service(part: str) -> Service:
    name = part.removeprefix(CLOUD_PART)
    count = len(cgroups.processes_of(part))
    port = PORTS.get(name)
    state = "down" if not count else "silent" if port and not answers(name) else "running"
    return Service(name=name, address=f"{ADDRESS}:{port}" if port else "", processes=count, state=state)


def _plain(value: object) -> object:
    """Paths and the like as text, so that a digest can be taken."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)
