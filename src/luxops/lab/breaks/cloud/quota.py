"""A project may use more than was agreed."""

from __future__ import annotations

from typing import Any

from luxops.lab.breaks.cloud.hands import CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

MANY = 100_000


class QuotaRaised(CloudBreak):
    project: str

    def keep(self, bench: Bench) -> dict[str, Any]:
        return {"cores": self._now(bench)}

    def apply(self, bench: Bench) -> None:
        self._set(bench, MANY)

    def heal(self, bench: Bench) -> None:
        self._set(bench, bench.kept["cores"])

    def in_force(self, bench: Bench) -> bool:
        return self._now(bench) == MANY

    def _path(self, bench: Bench) -> str:
        return f"/os-quota-sets/{Hands(bench).id_of(Id('project', self.project))}"

    def _now(self, bench: Bench) -> int:
        return int(bench.cloud.get("compute", self._path(bench))["quota_set"]["cores"])

    def _set(self, bench: Bench, cores: int) -> None:
        bench.cloud.send("PUT", "compute", self._path(bench), {"quota_set": {"cores": cores}})


BREAKS = (
    QuotaRaised(
        name="cloud-quota",
        title="a hospital's quota of cores was raised",
        target="cloud-chnp",
        causes=causes("cloud-chnp", "compute quota chnp/cores"),
        project="chnp",
    ),
)
