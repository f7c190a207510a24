"""From a folder of YAML files to a checked Federation, or to everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from luxops.errors import UsageError
from luxops.federation.checks import CHECKS
from luxops.federation.declaration import Declaration
from luxops.federation.documents import Document, DocumentError, read_document
from luxops.federation.federation import Federation
from luxops.federation.flows import resolved_flows
from luxops.federation.problems import InventoryError, Problem
from luxops.federation.schema import FederationFile, HospitalFile, HostsFile, LinkDeclaration, RouterDeclaration, ServiceFile
from luxops.federation.shapes import shaped
from luxops.model import Frozen, digest_of

T = TypeVar("T")

FOLDERS = ("hospitals", "services", "hosts")
FILES = ("federation.yaml", "links.yaml", "routers.yaml")


def load_federation(folder: Path) -> Federation:
    """The federation that `folder` declares.

    Raises InventoryError with all problems at once, UsageError where the folder itself is not there.
    """
    reading = _Reading(folder)
    try:
        _must_be_folder(folder)
        declaration = reading.declaration()
    except OSError as error:
        raise UsageError(f"The inventory at `{folder}` cannot be read", why=error.strerror or type(error).__name__) from None
    if declaration is not None:
        for check in CHECKS:
            reading.problems += check(declaration)
    if reading.problems or declaration is None:
        raise InventoryError(tuple(sorted(set(reading.problems))))
    return _federation(declaration)


def _must_be_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(
            f"There is no inventory at `{folder}`",
            why="it is not a folder" if folder.exists() else "the folder does not exist",
            remedy="Name it with --inventory DIR, or with LUXOPS_INVENTORY.",
        )


def _federation(declaration: Declaration) -> Federation:
    parts: dict[str, Frozen] = {"federation": declaration.file}
    parts |= {f"hospitals/{name}": hospital for name, hospital in declaration.hospitals.items()}
    parts |= {f"services/{name}": service for name, service in declaration.services.items()}
    parts |= {f"hosts/{name}": hosts for name, hosts in declaration.hosts.items()}
    parts |= {f"links/{link.id}": link for link in declaration.links}
    parts |= {f"routers/{router.id}": router for router in declaration.routers}
    return Federation(
        file=declaration.file,
        hospitals=declaration.hospitals,
        services=declaration.services,
        links=declaration.links,
        routers={router.id: router for router in declaration.routers},
        hosts=declaration.hosts,
        flows=resolved_flows(declaration.names),
        digest=digest_of({name: part.model_dump(mode="json", by_alias=True) for name, part in parts.items()}),
    )


class _Reading:
    """One pass over the folder. Collects problems instead of stopping at the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents: dict[str, Document] = {}
        self._broken: set[str] = set()
        self.problems: list[Problem] = []

    def declaration(self) -> Declaration | None:
        """None where federation.yaml, which everything else hangs on, has not the right shape."""
        self._strays()
        file = self._read("federation.yaml", FederationFile)
        links = self._read("links.yaml", tuple[LinkDeclaration, ...])
        routers = self._read("routers.yaml", tuple[RouterDeclaration, ...])
        hospitals = self._all("hospitals", HospitalFile, "id")
        services = self._all("services", ServiceFile, "id")
        hosts = self._all("hosts", HostsFile, "owner")
        if file is None:
            return None
        broken = frozenset(self._broken)
        folder = str(self._folder)
        return Declaration(folder, self._documents, file, hospitals, services, hosts, links or (), routers or (), broken)

    def _add(self, file: str, line: int, column: int, what: str, why: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(f"{self._folder}/{file}", line, column, what, why, remedy))

    def _read(self, file: str, shape: type[T]) -> T | None:
        path = self._folder / file
        self._broken.add(file)
        if not path.exists() and not path.is_symlink():
            self._add(file, 1, 1, "file is missing", "every inventory has one", "Declare it, as docs/inventory.md shows.")
            return None
        try:
            document = self._documents[file] = read_document(path)
        except DocumentError as error:
            self._add(file, *error.place, error.what, error.why, error.remedy)
            return None
        value, mistakes = shaped(document, shape)
        for mistake in mistakes:
            self._add(file, *mistake.place, mistake.what, mistake.why, mistake.remedy)
        if value is not None:
            self._broken.discard(file)
        return value

    def _all(self, folder: str, shape: type[T], field: str) -> dict[str, T]:
        """The files of a folder by what `field` calls them, which must be how they are called themselves."""
        found: dict[str, T] = {}
        for path in sorted((self._folder / folder).glob("*.yaml")):
            file = f"{folder}/{path.name}"
            if path.name.startswith(".") or (value := self._read(file, shape)) is None:
                continue
            name: str = getattr(value, field)
            if name == path.stem:
                found[name] = value
            else:
                place = self._documents[file].place((field,))
                remedy = f"Name the file {name}.yaml, or correct `{field}`."
                self._add(file, *place, "file has another name than what it declares", f"`{field}` is `{name}`", remedy)
                # Whether the file or the field is meant is not known: no check complains that either is missing.
                self._broken |= {file, f"{folder}/{name}.yaml"}
        return found

    def _strays(self) -> None:
        """What stands in the folder and would silently not be read."""
        strays = [path for path in self._folder.iterdir() if path.suffix in {".yaml", ".yml"} and path.name not in FILES]
        for folder in FOLDERS:
            inner = self._folder / folder
            if inner.is_dir():
                strays += [path for path in inner.iterdir() if path.suffix != ".yaml"]
        for path in sorted(strays):
            if not path.name.startswith("."):
                name = path.relative_to(self._folder).as_posix()
                self._add(name, 1, 1, "file would not be read", "", "Name it ID.yaml in its folder, or move it elsewhere.")
