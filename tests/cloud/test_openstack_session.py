"""Requests over real HTTP: a list is whole or a failure, what may be sent again is, and every trouble says what it is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cloud_http import (
    PROJECT,
    USER,
    Answer,
    Cloud,
    body,
    done_but_silent,
    half,
    nothing,
    says,
    serving,
    settings_for,
    well,
)

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.kinds.interface import once
from luxops.model import Failure, FailureReason
from luxops.transports import openstack
from luxops.transports.openstack import MAX_WAIT, CloudError, CloudSession

pytestmark = pytest.mark.slow  # it really listens, hundreds of times
PORTS = "/network/v2.0/ports"
NETWORKS = "/network/v2.0/networks"


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited before each repetition; nothing really waits."""
    waits: list[float] = []
    monkeypatch.setattr(openstack, "time", type("Time", (), {"sleep": staticmethod(waits.append)}))
    return waits


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    items = [{"id": f"port{number:02}", "name": f"port{number:02}"} for number in range(25)]
    with serving(Cloud(lists={PORTS: items, NETWORKS: []}, page=10)) as made:
        yield made


@pytest.fixture
def session(cloud: Cloud, tmp_path: Path) -> CloudSession:
    return CloudSession(settings_for(cloud, tmp_path))


def ports(session: CloudSession) -> list[str]:
    return [item["id"] for item in session.listed("network", "/ports", "ports")]


def refused(session: CloudSession) -> CloudError:
    with pytest.raises(CloudError) as raised:
        ports(session)
    return raised.value


# Whole lists


def test_pages_are_followed_to_the_end(cloud: Cloud, session: CloudSession) -> None:
    assert ports(session) == [item["id"] for item in cloud.lists[PORTS]]
    assert cloud.asked(f"GET {PORTS}") == 3
    assert session.requests == 3


def test_a_full_last_page_is_not_missed(cloud: Cloud, session: CloudSession) -> None:
    cloud.lists[PORTS] = cloud.lists[PORTS][:20]
    assert len(ports(session)) == 20
    assert cloud.asked(f"GET {PORTS}") == 2


def test_pages_that_lead_round_in_a_circle_are_no_list(cloud: Cloud, session: CloudSession) -> None:
    def circle(to: object) -> None:
        link = f"{cloud.address}{PORTS}?limit=10&marker=port09"
        to.answer(200, {"ports": [{"id": "x"}], "ports_links": [{"rel": "next", "href": link}]})  # type: ignore[attr-defined] # a Handler

    cloud.always[f"GET {PORTS}"] = circle
    error = refused(session)
    assert "lead round in a circle" in error.why
    assert error.failure.reason is FailureReason.MALFORMED
    assert cloud.asked(f"GET {PORTS}") == 2


def test_links_of_a_service_behind_a_proxy_are_followed_by_their_path(cloud: Cloud, session: CloudSession) -> None:
    def elsewhere(to: object) -> None:
        link = f"http://10.0.0.1:9696{PORTS}?limit=10&marker=port09"
        to.answer(200, {"ports": cloud.lists[PORTS][:10], "ports_links": [{"rel": "next", "href": link}]})  # type: ignore[attr-defined] # same

    cloud.script[f"GET {PORTS}"] = [elsewhere]
    assert len(ports(session)) == 25


NO_LISTS = {
    "an object": body(b'{"port": {}}'), "a list without a name": body(b"[]"),
    "an object in place of the list": body(b'{"ports": {}}'),
    "null": body(b'{"ports": null}'), "a text": body(b'"ports"'), "nothing": body(b""),
    "a page for people": body(b"<html>Sign in</html>", "text/html"), "half of one": body(b'{"ports": [{"id"'),
}  # fmt: skip


@pytest.mark.parametrize("fault", NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_no_list_is_never_an_empty_one(cloud: Cloud, session: CloudSession, fault: Answer) -> None:
    cloud.script[f"GET {PORTS}"] = [well, fault]
    error = refused(session)
    assert error.failure.reason is FailureReason.MALFORMED
    assert cloud.asked(f"GET {PORTS}") == 2


def test_a_body_cut_in_the_middle_is_asked_for_again(cloud: Cloud, session: CloudSession) -> None:
    cloud.script[f"GET {PORTS}"] = [well, half]
    assert len(ports(session)) == 25
    assert cloud.asked(f"GET {PORTS}") == 4


def test_a_body_that_is_always_cut_is_a_failure(cloud: Cloud, session: CloudSession) -> None:
    cloud.always[f"GET {PORTS}"] = half
    error = refused(session)
    assert error.failure.reason is FailureReason.SESSION_LOST
    assert cloud.asked(f"GET {PORTS}") == 3


def test_a_list_that_keystone_cut_short_is_no_list(cloud: Cloud, session: CloudSession) -> None:
    cloud.script["GET /identity/v3/projects"] = [body(b'{"projects": [{"id": "a"}], "truncated": true}')]
    with pytest.raises(CloudError, match="list projects") as raised:
        session.listed("identity", "/projects", "projects")
    assert "list_limit" in raised.value.why


# Again, or not


@pytest.mark.parametrize(("status", "method"), [
    (429, "GET"), (503, "GET"), (500, "GET"), (502, "GET"), (429, "POST"), (503, "POST"), (500, "PUT"), (500, "DELETE"),
])  # fmt: skip
def test_what_may_be_sent_again_is(cloud: Cloud, session: CloudSession, status: int, method: str) -> None:
    cloud.lists[PORTS] = []
    cloud.script[f"{method} {PORTS}"] = [says(status), says(status)]
    cloud.always[f"{method} {PORTS}"] = body(b'{"ports": []}')
    session.send(method, "network", "/ports", {"port": {}} if method != "GET" else None)
    assert cloud.asked(f"{method} {PORTS}") == 3


def test_a_retry_after_is_obeyed_within_bounds(cloud: Cloud, session: CloudSession, slept: list[float]) -> None:
    cloud.script[f"GET {PORTS}"] = [says(429, Retry_After="7"), says(503, Retry_After="86400")]
    assert len(ports(session)) == 25
    assert slept == [7, MAX_WAIT]


@pytest.mark.parametrize("header", ["", "soon", "-5", "1e9", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_is_passed_over(
    cloud: Cloud, session: CloudSession, slept: list[float], header: str
) -> None:
    cloud.script[f"GET {PORTS}"] = [says(429, Retry_After=header), says(429)]
    ports(session)
    assert slept == [0.5, 1.0]


def test_a_busy_service_is_not_asked_for_ever(cloud: Cloud, session: CloudSession, slept: list[float]) -> None:
    cloud.always[f"GET {PORTS}"] = says(429, "Too many requests", Retry_After="1")
    error = refused(session)
    assert "429: Too many requests" in error.why
    assert cloud.asked(f"GET {PORTS}") == 3
    assert slept == [1, 1]


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_is_not_repeated(cloud: Cloud, session: CloudSession, status: int) -> None:
    cloud.always[f"GET {PORTS}"] = says(status, "No.")
    assert refused(session).status == status
    assert cloud.asked(f"GET {PORTS}") == 1


@pytest.mark.parametrize("fault", [says(500), nothing, half])
def test_a_post_of_which_nobody_knows_whether_it_arrived_is_not_repeated(
    cloud: Cloud, session: CloudSession, fault: Answer
) -> None:
    cloud.script[f"POST {PORTS}"] = [fault]
    with pytest.raises(CloudError) as raised:
        session.send("POST", "network", "/ports", {"port": {}})
    assert raised.value.uncertain
    assert cloud.asked(f"POST {PORTS}") == 1


@pytest.mark.parametrize("fault", [says(400), says(409), says(429), says(503)])
def test_a_refused_post_is_known_not_to_have_begun(cloud: Cloud, session: CloudSession, fault: Answer) -> None:
    cloud.always[f"POST {PORTS}"] = fault
    with pytest.raises(CloudError) as raised:
        session.send("POST", "network", "/ports", {"port": {}})
    assert not raised.value.uncertain


def network(session: CloudSession) -> str:
    wanted = {"name": "net", "tenantId": "p", "adminStateUp": True}
    return BY_NAME["network"].create(session, "", wanted)


def test_what_was_made_although_the_answer_was_lost_is_found_and_not_made_again(cloud: Cloud, session: CloudSession) -> None:
    cloud.script[f"POST {NETWORKS}"] = [done_but_silent]
    made = network(session)
    assert [item["id"] for item in cloud.lists[NETWORKS]] == [made]
    assert cloud.asked(f"POST {NETWORKS}") == 1


@pytest.mark.parametrize("fault", [nothing, says(500)])
def test_what_was_not_made_is_looked_for_before_it_is_made_again(cloud: Cloud, session: CloudSession, fault: Answer) -> None:
    cloud.script[f"POST {NETWORKS}"] = [fault]
    made = network(session)
    assert [item["id"] for item in cloud.lists[NETWORKS]] == [made]
    verbs = [line.split()[0] for line in cloud.requests if NETWORKS in line and "/tags" not in line]
    assert verbs == ["GET", "POST", "GET", "POST"]


def test_what_a_killed_run_has_made_since_everything_was_listed_is_not_made_twice(cloud: Cloud, session: CloudSession) -> None:
    cloud.lists[NETWORKS] = [{"id": "there", "name": "net", "project_id": "p"}]
    assert network(session) == "there"
    assert cloud.asked(f"POST {NETWORKS}") == 0


@pytest.mark.parametrize(("there", "told"), [([{"id": "there", "address": "a"}], "there"), ([], None)])
def test_a_conflict_is_no_failure_where_what_was_to_be_made_is_there(there: list[dict[str, str]], told: str | None) -> None:
    def make() -> str:
        raise CloudError("make it", Failure(reason=FailureReason.REFUSED, detail="409: already allocated"), status=409)

    if told is None:
        with pytest.raises(CloudError, match="make it"):
            once(make, lambda: None)
    else:
        assert once(make, lambda: there[0]["id"]) == told


def test_what_cannot_be_looked_for_is_not_made_again(cloud: Cloud, session: CloudSession) -> None:
    cloud.script[f"POST {NETWORKS}"] = [nothing]
    cloud.script[f"GET {NETWORKS}"] = [well]
    cloud.always[f"GET {NETWORKS}"] = says(500)
    with pytest.raises(CloudError):
        network(session)
    assert cloud.asked(f"POST {NETWORKS}") == 1
    assert cloud.lists[NETWORKS] == []


@pytest.mark.parametrize(("status", "message", "told"), [
    (403, "Quota exceeded for cores: Requested 8", True), (409, "Quota exceeded for resources: ['port'].", True),
    (413, "VolumeSizeExceedsAvailableQuota", True), (403, "Policy does not allow this", False), (409, "in use", False),
])  # fmt: skip
def test_an_exceeded_quota_says_what_to_do(cloud: Cloud, session: CloudSession, status: int, message: str, told: bool) -> None:  # noqa: FBT001 - an expectation
    cloud.always[f"POST {PORTS}"] = says(status, message)
    with pytest.raises(CloudError) as raised:
        session.send("POST", "network", "/ports", {"port": {}})
    assert message in raised.value.why
    assert ("Raise the quota in inventory/" in raised.value.remedy) == told


# Logging in


def test_an_expired_token_is_renewed(cloud: Cloud, session: CloudSession) -> None:
    ports(session)
    cloud.tokens.clear()
    cloud.tokens.add("another's")
    assert len(ports(session)) == 25
    assert cloud.asked("POST /identity/v3/auth/tokens") == 2


def test_wrong_credentials_are_told_as_such(cloud: Cloud, tmp_path: Path) -> None:
    error = refused(CloudSession(settings_for(cloud, tmp_path, password="wr0ng-secret")))
    assert error.failure.reason is FailureReason.AUTHENTICATION
    assert error.remedy == "Check the credentials in clouds.yaml."
    assert "wr0ng-secret" not in error.diagnosis()
    assert cloud.asked("POST /identity/v3/auth/tokens") == 1


def test_a_token_that_no_service_takes_is_told_as_such(cloud: Cloud, session: CloudSession) -> None:
    cloud.always[f"GET {PORTS}"] = says(401, "The request you have made requires authentication.")
    error = refused(session)
    assert error.failure.reason is FailureReason.AUTHENTICATION
    assert cloud.asked(f"GET {PORTS}") == 2


def test_a_service_that_is_not_in_the_catalogue_is_told(cloud: Cloud, session: CloudSession) -> None:
    cloud.left_out = frozenset({"network"})
    error = refused(session)
    assert error.failure.reason is FailureReason.UNSUPPORTED
    assert "network" in error.diagnosis()
    assert "catalogue" in error.remedy


def test_another_region_has_no_endpoints(cloud: Cloud, tmp_path: Path) -> None:
    settings = settings_for(cloud, tmp_path)
    assert settings.clouds_file is not None
    settings.clouds_file.write_text(settings.clouds_file.read_text().replace("RegionOne", "RegionTwo"))
    error = refused(CloudSession(settings))
    assert "RegionTwo" in error.diagnosis()
    assert "region in clouds.yaml" in error.remedy


def nowhere() -> str:
    """An address on which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


@pytest.mark.parametrize("more", ["", "    identity_api_version: 3\n"])
def test_a_cloud_that_is_not_there_is_unreachable(tmp_path: Path, more: str) -> None:
    error = refused(CloudSession(settings_for(Cloud(address=nowhere()), tmp_path, more=more, retries=1)))
    assert error.failure.reason is FailureReason.UNREACHABLE
    assert "127.0.0.1" in error.why
    assert "auth_url" in error.remedy


def test_a_cloud_that_says_nothing_runs_out_of_time(tmp_path: Path) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        cloud = Cloud(address=f"http://127.0.0.1:{silent.getsockname()[1]}")
        error = refused(CloudSession(settings_for(cloud, tmp_path, timeout=0.2, retries=0)))
    assert error.failure.reason is FailureReason.TIMEOUT


def test_a_keystone_that_is_out_of_order_is_told(cloud: Cloud, session: CloudSession) -> None:
    cloud.always["POST /identity/v3/auth/tokens"] = says(500, "database is locked")
    error = refused(session)
    assert "500" in error.why
    assert cloud.asked("POST /identity/v3/auth/tokens") == 3


def test_a_keystone_that_is_busy_is_asked_again(cloud: Cloud, session: CloudSession, slept: list[float]) -> None:
    cloud.script["POST /identity/v3/auth/tokens"] = [says(503), says(429, Retry_After="3")]
    assert session.identity() == {"user_id": USER, "project_id": PROJECT}
    assert slept == [0.5, 3]


def test_no_such_cloud_in_the_file(cloud: Cloud, tmp_path: Path) -> None:
    settings = settings_for(cloud, tmp_path).model_copy(update={"name": "there"})
    with pytest.raises(CloudError) as raised:
        CloudSession(settings)
    assert "There is no cloud `there`" in raised.value.what
    assert str(tmp_path) in raised.value.why
    assert "LUXOPS_CLOUD__NAME" in raised.value.remedy


WITHOUT_PASSWORD = "clouds:\n  here:\n    auth: {auth_url: 'http://127.0.0.1:1/v3', username: admin, project_name: admin}\n"


@pytest.mark.parametrize("content", [None, "", "clouds: [", "clouds:\n  here: {}\n", "just text", WITHOUT_PASSWORD])
def test_a_clouds_file_that_is_none_is_told(tmp_path: Path, cloud: Cloud, content: str | None) -> None:
    settings = settings_for(cloud, tmp_path)
    assert settings.clouds_file is not None
    settings.clouds_file.unlink()
    if content is not None:
        settings.clouds_file.write_text(content)
    with pytest.raises(CloudError) as raised:
        CloudSession(settings).identity()
    assert raised.value.remedy


# Many at once


def test_no_service_is_asked_more_at_once_than_it_is_said_to_bear(cloud: Cloud, tmp_path: Path) -> None:
    now, most, lock = 0, 0, threading.Lock()

    def slow(to: object) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        to.answer(200, {"ports": []})  # type: ignore[attr-defined] # a Handler

    session = CloudSession(settings_for(cloud, tmp_path, concurrency=2))
    ports(session)
    cloud.always[f"GET {PORTS}"] = slow
    threads = [threading.Thread(target=ports, args=(session,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
