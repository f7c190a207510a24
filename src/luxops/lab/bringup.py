"""Bringing the lab up: fence, clear, derive, build, wire, prepare, boot, wait. In that order; each step is safe to repeat."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from luxops.federation import Federation, InventoryError, load_federation
from luxops.lab import cgroups, clock, instance, inventory, keys, machine, prepare, reach, routing, safety, wiring
from luxops.lab.cloud import packages
from luxops.lab.images import Images
from luxops.lab.lab import CLOCK, Kind, Lab, Member, Part
from luxops.lab.running import MANAGEMENT
from luxops.lab.shell import LabError
from luxops.lab.state import locked
from luxops.model import Digest, digest_of

BOOT_SECONDS = 90.0
SESSION_SECONDS = 60.0
SSH_PORT = 22
SYNCHRONISED = "/run/systemd/timesync/synchronized"
"""timesyncd makes it once a server has answered."""


def up(lab: Lab, source: Path, parts: Sequence[Part]) -> bool:
    """Bring parts of the lab up from the declaration in `source`; the others stay as they are. False where all were up already.

    Where a host or router is missing, or declaration or golden image changed, all of these are made afresh; the cloud likewise.
    Ended by Ctrl-C, it leaves nothing of what it was making. Raises LabError, InventoryError.
    """
    machine.require()
    kinds = [part for part in parts if part != "cloud"]
    if "cloud" in parts:
        packages.require()
    lab.state.create()
    with locked():
        declared = digest_of([load_federation(source).digest, prepare.golden_recipe()])
        instances = bool(kinds) and not lab.is_ready(kinds, declared)
        cloud = "cloud" in parts and not _cloud_is_ready(lab)
        if not (instances or cloud):
            return False
        wanted = sorted({*kinds, *(member.kind for member in lab.noted())})
        _clear_remains(lab)
        # Instances that stay were made of the declaration that is there.
        federation = _standing(lab) if lab.stands() and not instances else inventory.derive(source, lab.state)
        # Only what the lab uses: the external peers are not in it, and this machine's own mirror may be in their prefixes.
        safety.fence(safety.prefixes(federation))
        try:
            with _cloud_beside(lab) if cloud else nullcontext():
                if instances:
                    _make(lab, federation, members_of(federation, wanted), declared)
        except KeyboardInterrupt:
            lab.say("interrupted: taking away what is there so far")
            if instances:
                lab.clear()
            if cloud:
                lab.cloud.clear()
            if not (lab.stands() or lab.cloud.stands()):
                safety.unfence()
            raise
    return True


@contextmanager
def _cloud_beside(lab: Lab) -> Iterator[None]:
    """Bring the cloud up while the `with` block runs: neither needs the other, and each alone leaves a core idle."""
    with ThreadPoolExecutor(1) as pool:
        cloud = pool.submit(lab.cloud.up)
        try:
            yield
            cloud.result()
        except BaseException:
            lab.cloud.clear()  # its thread then meets ended processes, and ends too
            raise


def _cloud_is_ready(lab: Lab) -> bool:
    if not lab.cloud.is_ready():
        return False
    safety.verify(safety.prefixes(_standing(lab)))
    return True


def _standing(lab: Lab) -> Federation:
    """What the standing part of the lab was made of. Raises LabError where luxops reads declarations otherwise by now."""
    try:
        return lab.federation()
    except InventoryError as error:
        raise LabError(
            "The lab's declaration cannot be read any more",
            why=f"its hosts and routers were made of an older one: {error.what}",
            remedy="`luxops lab up hosts routers cloud` makes all of it afresh; `luxops lab down` takes it away.",
        ) from error


def _clear_remains(lab: Lab) -> None:
    """What a killed `up` left, and what is another folder's, does not stand; it goes, whichever part is asked for."""
    if not lab.stands():
        lab.clear()
    if not lab.cloud.stands():
        lab.cloud.clear()


def members_of(federation: Federation, kinds: Sequence[str]) -> list[Member]:
    """The lab's instances of these kinds, hosts first."""
    hosts = [(name, prepare.place_of(federation, name).host.management) for name in inventory.HOSTS]
    routers = [(name, federation.routers[name].management) for name in inventory.ROUTERS]
    return [
        *(Member(name=name, kind="host", address=address) for name, address in hosts if "host" in kinds),
        *(Member(name=name, kind="router", address=address) for name, address in routers if "router" in kinds),
    ]


def _make(lab: Lab, federation: Federation, members: Sequence[Member], declared: Digest) -> None:
    lab.clear()
    layers = _layers(lab, members)
    keys.client_key(lab.state)
    keys.write_known_hosts(lab.state, {member.name: member.address for member in members})
    plan = wiring.plan(federation, _named(members, "host"), _named(members, "router"))
    lab.say(f"wiring {len(plan.namespaces)} namespaces with {len(plan.cables)} cables")
    wiring.lay(plan)
    lab.note(members, declared, ready=False)
    if clocks := wiring.clocks_of(federation):
        command = ["ip", "netns", "exec", MANAGEMENT, sys.executable, "-I", "-S", clock.__file__, *map(str, clocks)]
        cgroups.launch(CLOCK, command, lab.state.instances / "clock.log")
    for member in sorted(members, key=lambda member: member.kind, reverse=True):  # routers first: they take longest
        root = instance.mount(lab.state, member.name, layers[member.kind])
        prepare.identity(lab.state, root, member.name)
        if member.kind == "host":
            prepare.host(federation, root, member.name)
        else:
            prepare.router(federation, lab.state, root, member.name)
        instance.boot(lab.state, member.name)
    _wait(lab, members)
    lab.note(members, declared, ready=True)


def _layers(lab: Lab, members: Sequence[Member]) -> dict[Kind, list[Path]]:
    """The images of each kind, topmost first, built where they are not there yet."""
    images = Images(lab.state, lab.say)
    base = images.base()
    recipe = prepare.golden_recipe()
    layers: dict[Kind, list[Path]] = {
        "host": [images.layer("host", recipe, [base], lambda root: prepare.golden(root, "host")), base]
    }
    if _named(members, "router"):
        frr = images.routers(base)
        layers["router"] = [images.layer("router", recipe, [frr, base], lambda root: prepare.golden(root, "router")), frr, base]
        images.prune([path for stack in layers.values() for path in stack])
    return layers


def _wait(lab: Lab, members: Sequence[Member]) -> None:
    lab.say(f"booting {len(members)} instances")
    began = time.monotonic()

    def came(name: str) -> None:
        lab.say(f"{name} answers after {time.monotonic() - began:.1f} s")

    reach.wait_for({member.name: partial(_is_reachable, lab, member) for member in members}, BOOT_SECONDS, came)
    reach.wait_for({name: partial(_has_come_up, name) for name in _named(members, "host")}, BOOT_SECONDS, lambda _: None)
    if routers := _named(members, "router"):
        lab.say("waiting for the routers' sessions")
        sessions = {name: partial(routing.settled, name) for name in routers}
        reach.wait_for(sessions, SESSION_SECONDS, lambda _: None)
        lab.say(f"all sessions are up after {time.monotonic() - began:.1f} s")


def _is_reachable(lab: Lab, member: Member) -> bool:
    """A session is tried only where sshd listens: two cores have enough to do while ten systems boot."""
    return instance.listens(member.name, SSH_PORT) and lab.answers(member)


def _has_come_up(host: str) -> bool:
    """No unit is starting or failed, and the clock follows its server: what a first look would find otherwise."""
    ready = f"systemctl is-system-running --quiet && test -e {SYNCHRONISED}"
    return instance.try_inside(host, "sh", "-c", ready).returncode == 0


def _named(members: Sequence[Member], kind: Kind) -> list[str]:
    return [member.name for member in members if member.kind == kind]
