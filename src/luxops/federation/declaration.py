"""Everything read from the folder, valid or not: what the cross-checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from luxops.federation.documents import Document, Path_
from luxops.federation.flows import Names
from luxops.federation.problems import Problem
from luxops.federation.schema import FederationFile, HospitalFile, HostsFile, LinkDeclaration, RouterDeclaration, ServiceFile


class Declaration(NamedTuple):
    """What of the inventory has the right shape. A file that has not is in `broken`, and no check complains of its absence."""

    folder: str
    documents: Mapping[str, Document]
    """File inside the folder, e.g. `hospitals/chl.yaml` → its content with places."""
    file: FederationFile
    hospitals: Mapping[str, HospitalFile]
    services: Mapping[str, ServiceFile]
    hosts: Mapping[str, HostsFile]
    links: tuple[LinkDeclaration, ...]
    routers: tuple[RouterDeclaration, ...]
    broken: frozenset[str] = frozenset()
    """Files, e.g. `links.yaml`, that could not be read or have not the right shape."""

    @property
    def names(self) -> Names:
        return Names(self.hospitals, self.services, {peer.id: peer for peer in self.file.peers})

    def problem(self, file: str, path: Path_, what: str, why: str = "", remedy: str = "", *, key: bool = False) -> Problem:
        """A problem with the value at `path` in `file`, or with its key."""
        document = self.documents[file]
        place = document.key(path) if key else document.place(path)
        return Problem(f"{self.folder}/{file}", place.line, place.column, what, why, remedy)

    def where(self, file: str, path: Path_) -> str:
        """File and line of the value at `path`, for a message that points to a second place."""
        return f"{self.folder}/{file}:{self.documents[file].place(path).line}"

    def is_broken(self, *names: str) -> bool:
        """Whether a file that could declare one of these ids is broken."""
        return any(f"{folder}/{name}.yaml" in self.broken for name in names for folder in ("hospitals", "services", "hosts"))
