"""Requests to an OpenStack, by openstacksdk's sessions: tokens, catalogue and TLS are its affair, limits and retries are ours.

A list is whole or a failure: every page is asked for, and what is no list is said to be none. Whether a whole list hides
something from who asks is another question; the sweep asks it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

import requests
from keystoneauth1 import exceptions as ka

from luxops.errors import LuxopsError
from luxops.model import Failure, FailureReason

if TYPE_CHECKING:
    from keystoneauth1.adapter import Adapter
    from openstack.connection import Connection

    from luxops.settings import CloudSettings

ServiceName = Literal["identity", "network", "compute", "volume", "image", "placement"]
Json = Any
"""A JSON value."""

_SDK_NAMES: Final = {"volume": "block-storage"}
BUSY: Final = frozenset({429, 503})
PAGE: Final = 1000
MAX_PAGES: Final = 10_000
MAX_WAIT: Final = 30.0
"""Seconds at most that a service's Retry-After is obeyed at a time."""
_REACH: Final = (
    "See whether the service is up, and can be reached from here. Where Keystone is, `auth_url` in clouds.yaml says."
)
_OVER_QUOTA: Final = frozenset({403, 409})
"""Nova and Cinder say the first, Neutron the second."""
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be sent again where it is not known whether the first one arrived."""


class CloudError(LuxopsError):
    """A request that a cloud did not answer as it should. `failure` says why in a target's terms."""

    def __init__(
        self, doing: str, failure: Failure, *, status: int = 0, remedy: str = "", uncertain: bool = False, wait: float = 0
    ) -> None:
        super().__init__(f"{doing}: {failure.reason}", why=failure.detail, remedy=remedy)
        self.failure = failure
        self.status = status
        """HTTP's, or 0 where there was no answer."""
        self.uncertain = uncertain
        """Whether the request may have had its effect all the same."""
        self.wait = wait
        """Seconds after which the service asks to be asked again; 0 where it says nothing."""


class _Request(NamedTuple):
    method: str
    service: ServiceName
    path: str
    body: Json
    project: str
    parameters: Mapping[str, str]
    content: Any
    """Bytes, or an open file."""
    microversion: str
    """Of Nova's or Cinder's API; nothing: the oldest."""

    @property
    def doing(self) -> str:
        return f"{self.method} {self.service} {self.path.partition('?')[0]}"

    @property
    def headers(self) -> Mapping[str, str]:
        if self.content is not None:
            return {"Content-Type": "application/octet-stream"}
        # Only Glance has JSON patches, with a media type of its own.
        return {"Content-Type": "application/openstack-images-v2.1-json-patch"} if isinstance(self.body, list) else {}


class Page(NamedTuple):
    """Where a list continues, by service: Neutron, Nova and Cinder give links, Glance a path."""

    items: list[Json]
    following: str


class CloudSession:
    """One user's sessions with one cloud, in the project of `clouds.yaml` or in another. Safe to share between threads."""

    def __init__(self, settings: CloudSettings) -> None:
        """Nothing is contacted yet. Raises CloudError where `clouds.yaml` has no such cloud."""
        self._settings = settings
        self._limits = {name: threading.BoundedSemaphore(settings.concurrency) for name in get_args(ServiceName)}
        self._adapters: dict[tuple[str, str], Adapter] = {}
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {"": self._connect()}
        self.requests = 0
        """Sent so far, retries included."""

    def _connect(self) -> Connection:
        import openstack  # noqa: PLC0415 - costs half a second that other commands need not pay
        from openstack.exceptions import ConfigException  # noqa: PLC0415 - same

        settings = self._settings
        files = None if settings.clouds_file is None else [str(settings.clouds_file)]
        try:
            config = openstack.config.OpenStackConfig(config_files=files, load_envvars=files is None)
            region = config.get_one(cloud=settings.name, api_timeout=settings.timeout)
            _refuse_without_password(region.config)
            return openstack.connection.Connection(config=region)
        except (ConfigException, ka.OptionError) as error:
            where = settings.clouds_file or "the places where OpenStack's clients look for clouds.yaml"
            raise CloudError(
                f"There is no cloud `{settings.name}`",
                Failure(reason=FailureReason.UNSUPPORTED, detail=f"{where}: {error}"),
                remedy="Name the cloud with LUXOPS_CLOUD__NAME and its file with LUXOPS_CLOUD__CLOUDS_FILE.",
            ) from None

    def identity(self) -> Mapping[str, str]:
        """Who asks, and where: `user_id`, `project_id`. Really logs in. Raises CloudError."""
        access = self._access()
        return {"user_id": access.user_id, "project_id": access.project_id or ""}

    def _access(self) -> Any:  # noqa: ANN401 - keystoneauth's AccessInfo, which has no types
        def ask() -> Any:  # noqa: ANN401 - same
            session: Any = self._connections[""].session
            return session.auth.get_access(session)

        return self._patiently(lambda: self._answered("log in", ask))

    @cached_property
    def endpoints(self) -> Mapping[str, tuple[str, ...]]:
        """Service type → addresses in the catalogue. Raises CloudError."""
        access = self._access()
        return {
            entry["type"]: tuple(sorted({endpoint["url"] for endpoint in entry["endpoints"]}))
            for entry in access.service_catalog.catalog
        }

    def listed(
        self,
        service: ServiceName,
        path: str,
        key: str,
        *,
        project: str = "",
        parameters: Mapping[str, str] | None = None,
        microversion: str = "",
    ) -> list[Json]:
        """Every item of a list, all its pages. Raises CloudError."""
        found: list[Json] = []
        asked: set[str] = set()
        following = path
        query: Mapping[str, str] | None = {**(parameters or {}), **({"limit": str(PAGE)} if service in _PAGED else {})}
        while following:
            if following in asked or len(asked) > MAX_PAGES:
                raise CloudError(f"list {key}", _malformed(f"the pages of {path} lead round in a circle"))
            asked.add(following)
            answer = self.get(service, following, project=project, parameters=query, microversion=microversion)
            page = _page(answer, key, path)
            found += page.items
            following, query = self._relative(service, page.following, project), None
        return found

    def get(
        self,
        service: ServiceName,
        path: str,
        *,
        project: str = "",
        parameters: Mapping[str, str] | None = None,
        microversion: str = "",
    ) -> Json:
        """One object. Raises CloudError."""
        return self.send("GET", service, path, project=project, parameters=parameters, microversion=microversion)

    def send(  # noqa: PLR0913 - one request
        self,
        method: str,
        service: ServiceName,
        path: str,
        body: Json = None,
        *,
        project: str = "",
        parameters: Mapping[str, str] | None = None,
        content: Any = None,  # noqa: ANN401 - bytes or an open file
        microversion: str = "",
    ) -> Json:
        """What a service answers; None for an answer without a body. Raises CloudError.

        Sent again while the service is busy; where the connection broke, only if doing it twice does no harm.
        """
        request = _Request(method, service, path, body, project, parameters or {}, content, microversion)

        def once() -> Json:
            if hasattr(content, "seek"):
                content.seek(0)  # an earlier attempt may have read it
            return self._once(request)

        return self._patiently(once, repeatable=method in _SAFE)

    def _patiently(self, work: Callable[[], Any], *, repeatable: bool = True) -> Any:  # noqa: ANN401 - what the work returns
        """Again where that may help. `repeatable`: even where it is not known whether it has had its effect."""
        for attempt in range(self._settings.retries):
            try:
                return work()
            except CloudError as error:
                if not error.failure.retryable or (error.uncertain and not repeatable):
                    raise
                time.sleep(error.wait or min(0.5 * 2**attempt, MAX_WAIT))
        return work()

    def _once(self, request: _Request) -> Json:
        adapter = self._adapter(request.service, request.project)
        with self._limits[request.service]:
            self.requests += 1
            response = self._answered(
                request.doing,
                lambda: adapter.request(
                    request.path,
                    request.method,
                    json=request.body,
                    data=request.content,
                    params=request.parameters or None,
                    headers=request.headers,
                    microversion=request.microversion or None,
                    raise_exc=False,
                    timeout=self._settings.timeout,
                    connect_retries=0,
                ),
                sends=request.method not in _SAFE,
            )
        return _body(request.doing, response)

    def _adapter(self, service: ServiceName, project: str) -> Adapter:
        with self._lock:
            key = (service, project)
            if key not in self._adapters:
                if project not in self._connections:
                    self._connections[project] = self._connections[""].connect_as_project({"id": project})
                connection = self._connections[project]
                self._answered(
                    "log in", lambda: connection.session
                )  # made on first sight, and an adapter made before that would not find its connection
                proxy_of = connection.config.get_session_client
                self._adapters[key] = self._answered("log in", lambda: proxy_of(_SDK_NAMES.get(service, service)))
            return self._adapters[key]

    def _relative(self, service: ServiceName, link: str, project: str) -> str:
        """A link to the next page as a path. Services behind a proxy give links with addresses of their own."""
        if not link:
            return ""
        base = self._adapter(service, project).get_endpoint() or ""
        _, _, query = link.partition("?")
        path = urlsplit(link).path
        root = urlsplit(base).path.rstrip("/")
        return f"{path.removeprefix(root)}?{query}" if query else path.removeprefix(root)

    def _answered(self, doing: str, ask: Any, *, sends: bool = False) -> Any:  # noqa: ANN401 - what the library returns
        with _classified(doing, sends=sends):
            return ask()


def _refuse_without_password(config: Mapping[str, Any]) -> None:
    """Raises OptionError; keystoneauth itself would raise what nothing could tell from a defect."""
    auth = config.get("auth") or {}
    if {"username", "user_id"} & auth.keys() and auth.get("password") is None and "password" in config["auth_type"]:
        raise ka.OptionError("there is no `password` for its user")


_PAGED: Final = frozenset({"network", "compute", "volume", "image"})


def _malformed(detail: str) -> Failure:
    return Failure(reason=FailureReason.MALFORMED, detail=detail)


def _page(answer: Json, key: str, path: str) -> Page:
    """Raises CloudError where the answer has no list: an error in place of one must never look like an empty list."""
    if not isinstance(answer, dict) or not isinstance(answer.get(key), list):
        raise CloudError(f"list {key}", _malformed(f"{path} answered with something that has no list `{key}`"))
    if answer.get("truncated"):
        raise CloudError(f"list {key}", _malformed(f"{path} was cut short: Keystone's `list_limit` is below what there is"))
    links = [link["href"] for link in answer.get(f"{key}_links", []) if link.get("rel") == "next"]
    further = answer.get("next") or (answer.get("links") or {}).get("next") if key in {"images", "projects"} else ""
    return Page(answer[key], links[0] if links else further or "")


def _body(doing: str, response: requests.Response) -> Json:
    """The answer's JSON. Raises CloudError for a status that says no, and for a body that is not what its headers say."""
    status = response.status_code
    if status >= HTTPStatus.BAD_REQUEST:
        raise _refused(doing, response)
    if status == HTTPStatus.NO_CONTENT or not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise CloudError(doing, _malformed(f"{len(response.content)} bytes that are not JSON"), status=status) from None


def _refused(doing: str, response: requests.Response) -> CloudError:
    status = response.status_code
    said = _said(response)
    reason, remedy = FailureReason.REFUSED, ""
    if status == HTTPStatus.UNAUTHORIZED:
        reason, remedy = FailureReason.AUTHENTICATION, "Check the credentials in clouds.yaml."
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (status in _OVER_QUOTA and "quota" in said.lower()):
        remedy = "Raise the quota in inventory/, or declare less."
    broken = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    failure = Failure(reason=reason, detail=f"{status}: {said}", retryable=status in BUSY or broken)
    wait = _wait(response.headers.get("Retry-After", ""))
    # Where it says that it is busy, it did not begin.
    return CloudError(doing, failure, status=status, remedy=remedy, uncertain=broken and status not in BUSY, wait=wait)


def _wait(header: str) -> float:
    return min(float(header), MAX_WAIT) if header.isdecimal() else 0.0


def _said(response: requests.Response) -> str:
    """A service's own words, without its wrapping."""
    try:
        said = response.json()
    except ValueError:
        return " ".join(response.text.split())[:300] or response.reason
    while isinstance(said, dict) and said:
        said = said.get("message") or said.get("detail") or next(iter(said.values()))
    return " ".join(str(said).split())[:300]


@contextmanager
def _classified(doing: str, *, sends: bool) -> Iterator[None]:
    """What the libraries raise, as CloudError."""
    try:
        yield
    except (ka.ClientException, requests.RequestException) as error:
        raise _failed(doing, _cause(error), sends=sends) from None


def _cause(error: Exception) -> Exception:
    """Discovery words a lost connection or a bad certificate as if there were no endpoint."""
    behind = error.__context__
    return behind if isinstance(error, ka.DiscoveryFailure) and isinstance(behind, ka.ClientException) else error


class _Reason(NamedTuple):
    """What an error of the libraries means."""

    errors: tuple[type[Exception], ...]
    reason: FailureReason
    remedy: str = ""
    lost: bool = False
    """Whether the connection was, so that nobody knows how far the request came."""


_REASONS: Final = (
    _Reason((ka.Unauthorized,), FailureReason.AUTHENTICATION, "Check the credentials in clouds.yaml."),
    _Reason((ka.OptionError,), FailureReason.UNSUPPORTED, "Complete the cloud's entry in clouds.yaml."),
    _Reason(
        (ka.EndpointNotFound, ka.MissingAuthPlugin, ka.NoMatchingPlugin, ka.DiscoveryFailure),
        FailureReason.UNSUPPORTED,
        "Register the endpoint in Keystone's catalogue, or correct `auth_url` or the region in clouds.yaml.",
    ),
    _Reason((ka.SSLError,), FailureReason.HOST_KEY_CHANGED, "Check the certificate, or `cacert` in clouds.yaml."),
    _Reason((ka.ConnectTimeout, requests.Timeout), FailureReason.TIMEOUT, _REACH, lost=True),
    _Reason((ka.ConnectFailure,), FailureReason.UNREACHABLE, _REACH, lost=True),
    _Reason(
        (ka.RetriableConnectionFailure, ka.UnknownConnectionError, requests.RequestException),
        FailureReason.SESSION_LOST,
        lost=True,
    ),
    _Reason((Exception,), FailureReason.REFUSED),
)
"""The first that fits counts."""


def _failed(doing: str, error: Exception, *, sends: bool) -> CloudError:
    found = next(known for known in _REASONS if isinstance(error, known.errors))
    # Keystone's, from logging in: what other services say is read from their answers.
    status = int(error.http_status or 0) if isinstance(error, ka.HttpError) else 0
    passing = found.lost or status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    failure = Failure(reason=found.reason, detail=_words(error), retryable=passing)
    wait = _wait(str(getattr(error, "retry_after", "")))
    return CloudError(doing, failure, status=status, remedy=found.remedy, uncertain=sends and found.lost, wait=wait)


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
