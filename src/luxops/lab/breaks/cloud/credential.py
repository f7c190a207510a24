"""An application credential that never expires: a password without a person."""

from __future__ import annotations

from typing import Any, Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import SCRATCH, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

PROJECT: Final = "chnp"


class Credential(CloudBreak):
    """Keystone lets only the user make one, and only for the project that it is in."""

    def apply(self, bench: Bench) -> None:
        if self._there(bench) is None:
            project = Hands(bench).id_of(Id("project", PROJECT))
            bench.cloud.send("POST", "identity", _path(bench), {"application_credential": {"name": SCRATCH}}, project=project)

    def heal(self, bench: Bench) -> None:
        if (there := self._there(bench)) is not None:
            rest.deleted(bench.cloud, "identity", f"{_path(bench)}/{there['id']}")

    def in_force(self, bench: Bench) -> bool:
        there = self._there(bench)
        return there is not None and there["expires_at"] is None

    def _there(self, bench: Bench) -> Any:  # noqa: ANN401 - a JSON value
        found = bench.cloud.listed("identity", _path(bench), "application_credentials", parameters={"name": SCRATCH})
        return found[0] if found else None


def _path(bench: Bench) -> str:
    return f"/users/{bench.cloud.identity()['user_id']}/application_credentials"


BREAKS = (
    Credential(
        name="cloud-credential",
        title="an application credential in a hospital's project never expires",
        target="cloud-chnp",
        causes=causes("cloud-chnp", f"application credential {SCRATCH} of user admin", fails=("cloud-credential-expiry",)),
    ),
)
