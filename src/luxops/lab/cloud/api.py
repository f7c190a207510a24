"""The few requests that the lab itself makes of its cloud, by plain HTTP: what is alive, and the zones."""

from __future__ import annotations

import http.client
import json
from typing import Any

from luxops.lab.cloud.layout import ADDRESS, PORTS
from luxops.lab.shell import LabError

TIMEOUT = 60.0
_OK = range(200, 400)


class Api:
    """A session as the cloud's administrator. Its token lives for a day."""

    def __init__(self, password: str) -> None:
        domain = {"id": "default"}
        user = {"name": "admin", "domain": domain, "password": password}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "admin", "domain": domain}}
        body = {"auth": {"identity": identity, "scope": scope}}
        response = _request("keystone", "POST", "/v3/auth/tokens", body, {})
        self._token = response.headers["X-Subject-Token"]
        self.project = str(json.loads(response.body)["token"]["project"]["id"])

    def get(self, service: str, path: str) -> Any:  # noqa: ANN401 - a JSON value
        """Raises LabError where the service does not answer well."""
        return json.loads(_request(service, "GET", path, None, {"X-Auth-Token": self._token}).body)

    def post(self, service: str, path: str, body: object) -> Any:  # noqa: ANN401 - a JSON value
        """Raises LabError where the service does not answer well."""
        return json.loads(_request(service, "POST", path, body, {"X-Auth-Token": self._token}).body or b"null")


def answers(service: str) -> bool:
    """Whether the service's API answers at all."""
    try:
        _request(service, "GET", "/", None, {})
    except LabError:
        return False
    return True


class _Response:
    def __init__(self, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.headers = headers
        self.body = body


def _request(service: str, method: str, path: str, body: object, headers: dict[str, str]) -> _Response:
    connection = http.client.HTTPConnection(ADDRESS, PORTS[service], timeout=TIMEOUT)
    sent = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, sent, {**headers, "Content-Type": "application/json", "Accept": "application/json"})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise LabError(
            f"{service} does not answer", why=str(error), remedy="`luxops lab status` shows its services."
        ) from error
    finally:
        connection.close()
    if response.status not in _OK:
        said = content.decode(errors="replace")[:500]
        raise LabError(f"{service} answers {response.status} to {method} {path}", why=said)
    return _Response(response.headers, content)
