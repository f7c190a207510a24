"""The lab's own declaration: the part of the federation that fits on one machine, still a whole, valid inventory.

What remains: three hospitals with their edge routers, two shared services, one core router a datacentre, the links between
those, four hosts.
What is changed: people have keys of the lab, so that changes can be approved in it.
What goes: everything that names a hospital, service, router, host or external peer that the lab does not have.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from luxops.errors import UsageError
from luxops.federation import Federation, load_federation
from luxops.federation.load import FILES, FOLDERS
from luxops.lab import keys
from luxops.lab.shell import LabError
from luxops.lab.state import State

HOSPITALS = ("chl", "hrs", "chnp")
SERVICES = ("anim", "mirth")
ROUTERS = (*(f"{hospital}-edge{n}" for hospital in HOSPITALS for n in (1, 2)), "dc1-core1", "dc2-core1")
HOSTS = ("chl-pacs1", "hrs-his1", "anim-dc1", "mirth-dc2")
SECRET = "bgp"  # noqa: S105 - the secret's name, as the network domain asks for it

Tree = dict[str, Any]


def derive(source: Path, state: State) -> Federation:
    """Write the lab's inventory into its folder and load it.

    Raises InventoryError where `source` is not valid, LabError where it lacks what the lab is made of.
    """
    whole = load_federation(source)
    _has_what_is_needed(whole, source)
    target = state.inventory
    fresh = target.with_name(".inventory.new")
    for folder in (fresh, fresh.with_name(".inventory.old")):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("__pycache__"))
    password = _password(state)
    documents = {path: _read(path) for name in FILES for path in [fresh / name]}
    documents |= {path: _read(path) for folder in FOLDERS for path in sorted((fresh / folder).glob("*.yaml"))}
    peers = {peer.id for peer in whole.file.peers}
    gone = peers | (set(whole.hospitals) - set(HOSPITALS)) | (set(whole.services) - set(SERVICES))
    for path, document in documents.items():
        kept = _PARTS[path.parent.name if path.parent != fresh else path.name](document, gone)
        if kept is None:
            path.unlink()
            continue
        if path.name == FILES[0]:
            kept["management"]["secrets"] = {SECRET: f"file:{password}"}
            for person in kept["people"] if shutil.which("ssh-keygen") else ():
                person["ssh_keys"] = [keys.person_key(state, person["id"])]  # so that changes can be approved in the lab
            for image in kept["cloud"]["images"]:
                image["file"] = str(_image(state))
        _write(path, kept)
    if target.exists():
        target.rename(fresh.with_name(".inventory.old"))
    fresh.rename(target)
    shutil.rmtree(fresh.with_name(".inventory.old"), ignore_errors=True)
    return load_federation(target)


def _has_what_is_needed(whole: Federation, source: Path) -> None:
    hosts = {host.id for file in whole.hosts.values() for group in file.groups for host in group.hosts}
    missing = [name for name in HOSPITALS if name not in whole.hospitals]
    missing += [name for name in SERVICES if name not in whole.services]
    missing += [name for name in ROUTERS if name not in whole.routers] + [name for name in HOSTS if name not in hosts]
    if missing:
        raise UsageError(
            f"The inventory at `{source}` has not what the lab is made of",
            why="missing: " + ", ".join(missing),
            remedy="Name the example federation with --inventory, or declare these in it.",
        )


def _federation(document: Tree, gone: set[str]) -> Tree:
    del gone
    return {**document, "peers": []}


def _hospital(document: Tree, gone: set[str]) -> Tree | None:
    if document["id"] not in HOSPITALS:
        return None
    return {**document, "flows": _flows(document, gone)}


def _service(document: Tree, gone: set[str]) -> Tree | None:
    if document["id"] not in SERVICES:
        return None
    consumers = [name for name in document["consumers"] if name in HOSPITALS]
    flows = _flows(document, gone if consumers else gone | {"consumers"})
    return {**document, "consumers": consumers, "flows": flows}


def _flows(document: Tree, gone: set[str]) -> list[Tree]:
    """The flows that name nobody who is gone."""
    return [flow for flow in document.get("flows", []) if not {_owner(flow["from"]), _owner(flow["to"])} & gone]


def _owner(end: str) -> str:
    """Whom an end of a flow names: what stands before its first dot, or a peer's id; a zone of one's own otherwise."""
    return end.partition("@")[0].partition(".")[0]


def _links(document: list[Tree], gone: set[str]) -> list[Tree]:
    del gone
    return [link for link in document if {link["a"]["router"], link["b"]["router"]} <= set(ROUTERS)]


def _routers(document: list[Tree], gone: set[str]) -> list[Tree]:
    del gone
    return [{key: value for key, value in router.items() if key != "peers"} for router in document if router["id"] in ROUTERS]


def _hosts(document: Tree, gone: set[str]) -> Tree | None:
    del gone
    groups = []
    for group in document["groups"]:
        hosts = [host for host in group["hosts"] if host["id"] in HOSTS]
        groups += [{**group, "hosts": hosts}] if hosts else []
    return {**document, "groups": groups} if groups else None


_PARTS: Mapping[str, Callable[[Any, set[str]], Any]] = {
    "federation.yaml": _federation,
    "links.yaml": _links,
    "routers.yaml": _routers,
    "hospitals": _hospital,
    "services": _service,
    "hosts": _hosts,
}
"""File or folder → what of a document in it remains; None: nothing does."""


def _password(state: State) -> Path:
    """File with the password of the lab's BGP sessions, made once."""
    path = state.keys / "bgp-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16) + "\n")
    return path


def _image(state: State) -> Path:
    """File of the only disk image that the lab's cloud has: empty, for its servers boot nothing from it."""
    path = state.folder / "disk.raw"
    if not path.exists():
        path.write_bytes(bytes(64 * 2**10))
    return path


def _read(path: Path) -> Any:  # noqa: ANN401 - a YAML document
    return YAML(typ="safe").load(path)


def _write(path: Path, document: object) -> None:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 160
    try:
        with path.open("w") as stream:
            yaml.dump(document, stream)
    except OSError as error:
        raise LabError(f"{path} cannot be written", why=str(error)) from error
