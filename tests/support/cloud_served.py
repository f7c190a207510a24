"""A world in memory behind real HTTP: what commands see of a cloud when everything, or nearly everything, is as declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.cloud_http import Answer, Cloud, Handler
from tests.support.cloud_world import CloudWorld

from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.kinds.interface import Collection, Each
from luxops.domains.cloud.sweep import _BASIC

_ROOT: Mapping[str, str] = {
    "identity": "/identity/v3", "network": "/network/v2.0", "compute": "/compute/v2.1", "volume": "/volume/v3",
    "image": "/image/v2", "placement": "/placement",
}  # fmt: skip


def served(world: CloudWorld) -> Cloud:
    """Read-only, as the world is now."""
    cloud = Cloud()
    seen = world.sweep().seen
    wanted: dict[str, Collection] = dict(_BASIC)
    for kind in KINDS:
        wanted |= kind.reads
    by_path: dict[str, list[tuple[Mapping[str, str], dict[str, Any]]]] = {}
    for name, asked in wanted.items():
        for of, items in _by_owner(asked, seen.get(name, []), seen).items():
            path = _ROOT[asked.service] + asked.path.replace("{id}", of)
            query = {key: value.replace("{id}", of) for key, value in asked.parameters}
            one = asked.each is Each.PROJECT and bool(items)
            by_path.setdefault(path, []).append((query, {asked.key: items[0] if one else items}))
    cloud.always |= {f"GET {path}": _by_query(answers) for path, answers in by_path.items()}
    return cloud


def _by_owner(asked: Collection, items: list[Any], seen: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    if asked.each is Each.ONCE:
        return {"": items}
    owners = [item["id"] for item in seen["projects" if asked.each is Each.PROJECT else "users"]]
    return {of: [{k: v for k, v in i.items() if k != "$of"} for i in items if i["$of"] == of] for of in owners}


def _by_query(answers: list[tuple[Mapping[str, str], dict[str, Any]]]) -> Answer:
    """The answer whose query is asked, the most particular first."""

    def answer(to: Handler) -> None:
        if to.headers.get("X-Auth-Token") not in to.cloud.tokens:
            to.answer(401, {"error": {"message": "no token", "code": 401}})
            return
        query = dict(parse_qsl(urlsplit(to.path).query))
        fitting = [(known, body) for known, body in answers if known.items() <= query.items()]
        if not fitting:
            to.answer(404, {"error": {"message": "nothing like it", "code": 404}})
            return
        found = max(fitting, key=lambda one: len(one[0]))[1]
        wanted = query.get("project_id")
        if wanted is not None:
            found = {key: [item for item in items if item.get("project_id") == wanted] for key, items in found.items()}
        to.answer(200, found)

    return answer
