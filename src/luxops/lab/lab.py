"""The lab as a whole: what should run, what does, and taking it away. Bringing it up is `bringup`'s."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from luxops.errors import UsageError, did_you_mean
from luxops.federation import Federation, load_federation
from luxops.lab import cgroups, instance, machine, reach, safety, wiring
from luxops.lab.cloud import Cloud
from luxops.lab.cloud.layout import owns_space
from luxops.lab.images import BUILD
from luxops.lab.running import CLOUD_PART, MANAGEMENT, instances_stand, management_id
from luxops.lab.shell import LabError
from luxops.lab.state import State, locked, read_json, write_json
from luxops.model import Digest, Frozen

CLOCK = "clock"
"""Name of the cgroup in which the lab's time server runs."""
MOUNT_TRIES = 10
MOUNT_PAUSE = 0.2
"""Seconds that a mount which was under way is given, each time."""
Kind = Literal["host", "router"]
Part = Literal["host", "router", "cloud"]
"""What can be brought up by itself."""
Say = Callable[[str], None]


class Member(Frozen):
    """One instance as it should be."""

    name: str
    kind: Kind
    address: IPv4Address


class Status(Frozen):
    """One instance as it is."""

    name: str
    kind: Kind
    address: IPv4Address
    pid: int | None
    """On this machine, of its process 1."""
    state: str
    """systemd's word: `running`, `degraded`, `starting`, …; `down` where nothing runs."""
    failed_units: tuple[str, ...] = ()


class Lab:
    """The lab in one folder. What it holds is asked from the kernel; only what it should hold is noted."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.state = State(folder)
        self.say = say
        self.cloud = Cloud(self.state, say)

    def down(self, *, purge: bool = False) -> bool:
        """Take everything away that any lab left on this machine. False where there was nothing. Raises LabError."""
        machine.require()
        with locked():
            there = bool(cgroups.names() or instance.mounts() or wiring.existing() or safety.fenced())
            self.cloud.clear()
            self.clear()
            safety.unfence()
            if self.state.folder.is_dir():
                shutil.rmtree(self.state.inventory, ignore_errors=True)
                if purge:
                    shutil.rmtree(self.state.folder)
        return there

    def note(self, members: Sequence[Member], declared: Digest, *, ready: bool) -> None:
        """Keep what the lab should hold, and of which declaration; only one that is `ready` is used by other commands."""
        listed = [member.model_dump(mode="json") for member in members]
        management = management_id() if ready else None
        write_json(self.state.up_note, {"members": listed, "declared": declared, "management": management})

    def noted(self) -> list[Member]:
        """What the lab should hold; nothing where none was brought up."""
        note = read_json(self.state.up_note)
        return [Member.model_validate(member) for member in note["members"]] if note else []

    def members(self) -> list[Member]:
        """As `noted`, but raises UsageError where there is no lab."""
        if not (members := self.noted()):
            raise UsageError("The lab is not up", remedy="Bring it up, as root: luxops lab up")
        return members

    def member(self, name: str) -> Member:
        """Raises UsageError for an unknown name."""
        members = {member.name: member for member in self.members()}
        if name not in members:
            raise UsageError(f"The lab has no `{name}`{did_you_mean(name, list(members))}", why="it has " + ", ".join(members))
        return members[name]

    def federation(self) -> Federation:
        """What the lab declares."""
        return load_federation(self.state.inventory)

    def status(self) -> list[Status]:
        """Every instance, asked at once."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(_status, self.members()))

    def stands(self) -> bool:
        """Whether hosts or routers were brought up here, whole, are not another lab's by now, and any of them runs."""
        return instances_stand(self.state.folder)

    def is_ready(self, kinds: Sequence[Kind], declared: Digest) -> bool:
        """Whether all instances of these kinds run as this declaration has them, answer over SSH, and are fenced in."""
        note, members = read_json(self.state.up_note), self.noted()
        if not self.stands():
            return False
        if note["declared"] != declared or not set(kinds) <= {member.kind for member in members}:
            return False
        mounted = instance.mounts()
        alive = (mounted.get(self.state.root_of(m.name)) == m.name and instance.leader_of(m.name) is not None for m in members)
        if not all(alive):
            return False
        safety.verify(safety.prefixes(self.federation()))
        with ThreadPoolExecutor() as pool:
            return all(pool.map(self.answers, members))

    def answers(self, member: Member) -> bool:
        """Whether luxops can open a session on the instance now."""
        return reach.answering(member.address, str(self.state.client_key), str(self.state.known_hosts), MANAGEMENT)

    def clear(self) -> None:
        """Take away every instance, mount, namespace and cgroup of a lab, this folder's or another's.

        Its cloud stays, and so do images and keys.
        """
        mounted = instance.mounts()
        foreign = sorted({str(point.parent.parent.parent) for point in mounted if self.state.folder not in point.parents})
        if foreign:
            self.say(f"taking over from the lab in {', '.join(foreign)}")
        names = sorted({*self._cgroups(), *mounted.values()})
        if instances := set(names) - {BUILD, CLOCK}:
            self.say(f"removing {len(instances)} instances")
        for note in (self.state.up_note, self.state.breaks_note):
            note.unlink(missing_ok=True)
        cgroups.stop(names)
        for point in reversed(list(mounted)):
            instance.unmount(point)
        for name in self._cgroups():
            cgroups.remove(name)
        wiring.remove([name for name in wiring.existing() if not owns_space(name)])
        if self.state.instances.is_dir():
            self._remove_instances()
            self.state.instances.mkdir(mode=0o700)

    def _remove_instances(self) -> None:
        """A mount that was under way when `up` was ended can come about after the mount table was read: look again then."""
        for left in reversed(range(MOUNT_TRIES)):
            try:
                shutil.rmtree(self.state.instances)
            except OSError as error:
                if error.errno != errno.EBUSY or not left:
                    raise
            else:
                return
            time.sleep(MOUNT_PAUSE)
            for point in reversed(list(instance.mounts())):
                instance.unmount(point)

    def _cgroups(self) -> list[str]:
        return [name for name in cgroups.names() if not name.startswith(CLOUD_PART)]


def _status(member: Member) -> Status:
    leader = instance.leader_of(member.name)
    state, failed = "down", ""
    if leader is not None:
        try:
            state = instance.try_inside(member.name, "systemctl", "is-system-running").stdout.strip() or "starting"
            failed = instance.try_inside(member.name, "systemctl", "--failed", "--plain", "--no-legend").stdout
        except LabError:  # it went down while it was asked
            state, leader = "down", None
    units = tuple(line.split()[0] for line in failed.splitlines() if line.strip())
    return Status(**member.model_dump(), pid=leader, state=state, failed_units=units)
