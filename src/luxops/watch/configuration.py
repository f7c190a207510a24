"""Inventory and policies while they are edited: good changes are taken over, bad ones are told and the last good ones kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from luxops.errors import LuxopsError
from luxops.evaluation import Evaluator
from luxops.federation import Federation, load_federation
from luxops.policies import load_policies

if TYPE_CHECKING:
    from luxops.metrics import ProcessMetrics

T = TypeVar("T")
Stamp = tuple[tuple[str, int, int, int], ...]


class Part(Generic[T]):
    """One folder and what it was last read as."""

    def __init__(self, name: str, folder: Path, load: Callable[[Path], T], metrics: ProcessMetrics) -> None:
        """Raises LuxopsError where it is wrong from the start: there is nothing good to go on with."""
        self._name = name
        self._folder = folder
        self._load = load
        self._metrics = metrics
        self._stamp = stamp_of(folder)
        self.value = load(folder)
        metrics.configuration_valid.labels(name).set(1)

    def refresh(self) -> bool:
        """Whether a new value was taken over. One that is wrong is told once; the next change of a file is the next try."""
        stamp = stamp_of(self._folder)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self.value = self._load(self._folder)
        except LuxopsError as error:
            self._told("refused", valid=False)
            self._warn(error)
            return False
        self._told("taken-over", valid=True)
        structlog.get_logger().info("watch.configuration-taken-over", part=self._name)
        return True

    def _warn(self, error: LuxopsError) -> None:
        structlog.get_logger().error(
            "watch.configuration-refused", part=self._name, problem=error.diagnosis(), goes_on_with="the last good one"
        )

    def _told(self, result: str, *, valid: bool) -> None:
        self._metrics.configuration_valid.labels(self._name).set(int(valid))
        self._metrics.reloads.labels(self._name, result).inc()


class Configuration:
    """What is watched for, and by which policies."""

    def __init__(self, inventory: Path, policies: Path, accept: Callable[[Federation], None], metrics: ProcessMetrics) -> None:
        """`accept`: raises LuxopsError for an inventory that leaves nothing to watch."""

        def load_accepted(folder: Path) -> Federation:
            federation = load_federation(folder)
            accept(federation)
            return federation

        self._inventory = Part("inventory", inventory, load_accepted, metrics)
        self._policies = Part("policies", policies, lambda folder: Evaluator(load_policies(folder)), metrics)

    @property
    def federation(self) -> Federation:
        return self._inventory.value

    @property
    def evaluator(self) -> Evaluator:
        return self._policies.value

    def refresh(self) -> bool:
        """Look at the files; whether anything was taken over."""
        return any([self._inventory.refresh(), self._policies.refresh()])


def stamp_of(folder: Path) -> Stamp:
    """Changes whenever a file below is written, replaced, added or taken away. Empty for a folder that is not there."""
    stamp = []
    for path in sorted(folder.rglob("*")):
        try:
            status = path.stat()
        except OSError:  # taken away while we look: the next look sees it settled
            stamp.append((str(path), 0, 0, 0))
        else:
            stamp.append((str(path), status.st_ctime_ns, status.st_size, status.st_ino))
    return tuple(stamp)
