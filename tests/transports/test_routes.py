"""The client configuration, bastions, keys and the agent: how a target is reached, and as whom."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator

import asyncssh
import paramiko
import pytest
from tests.support.servers import Bastion, Key, Process, echo, new_key, public_line
from tests.support.site import Site

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.transports.ssh import SshRunner
from luxops.transports.ssh_config import ClientConfig

pytestmark = pytest.mark.slow


def serve(site: Site) -> int:
    return site.servers.ssh(echo, host_keys=[site.host_key], clients=site.client)


def configure(site: Site, text: str) -> None:
    (site.folder / "config").write_text(text)


def counting_bastion(site: Site, key: Key, *, allow: bool = True) -> tuple[int, list[object]]:
    connections: list[object] = []

    class Server(Bastion):
        def connection_made(self, conn: object) -> None:
            connections.append(conn)

        def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
            if not allow:
                raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "no forwarding")
            return super().connection_requested(dest_host, dest_port, orig_host, orig_port)

    return site.servers.ssh(echo, host_keys=[key], clients=site.client, server_factory=Server), connections


def test_host_name_port_user_identity_and_key_alias_come_from_the_configuration(site: Site) -> None:
    who = []

    async def handler(process: Process) -> None:
        who.append(process.get_extra_info("username"))
        process.exit(0)

    other = new_key()
    port = site.servers.ssh(handler, host_keys=[site.host_key], clients=public_line(other))
    identity = site.key_file("other", other)
    configure(
        site,
        f"Host hrs-*\n  HostName 127.0.0.1\n  Port {port}\n  User bob\n  IdentityFile {identity}\n  HostKeyAlias chl-pacs1\n",
    )
    reply = site.run(site.request(1, "hrs-web1", address="192.0.2.1"), keys=())["hrs-web1"]
    assert reply.failure is None
    assert who == ["bob"]


def test_a_fixed_account_is_not_the_configurations_to_change(site: Site) -> None:
    configure(site, "Host chl-edge1\n  User bob\n  HostName 192.0.2.9\n")
    config = ClientConfig.load(site.folder / "config", "")
    endpoint = site.endpoint("chl-edge1", 22, "192.0.2.1")
    assert [(hop.user, hop.host) for hop in config.route(endpoint)] == [("bob", "192.0.2.9")]
    fixed = endpoint.model_copy(update={"user": "luxops-change", "user_fixed": True})
    assert [(hop.user, hop.host) for hop in config.route(fixed)] == [("luxops-change", "192.0.2.9")]


def test_known_hosts_of_the_configuration_count_beside_the_settings_own(site: Site) -> None:
    port = serve(site)
    (site.folder / "more").write_text(f"hrs-web1 {public_line(site.host_key)}\n")
    assert site.reason(site.request(port, "hrs-web1")) is FailureReason.HOST_KEY_UNKNOWN
    configure(site, f"Host hrs-web1\n  UserKnownHostsFile {site.folder}/more /dev/null\n  StrictHostKeyChecking no\n")
    assert site.run(site.request(port, "hrs-web1"))["hrs-web1"].failure is None
    assert site.reason(site.request(port, "hrs-web2")) is FailureReason.HOST_KEY_UNKNOWN


def test_known_hosts_that_cannot_be_read_fail_that_target_alone(site: Site) -> None:
    port = serve(site)
    configure(site, f"Host chl-web1\n  UserKnownHostsFile {site.folder}\n")
    replies = site.run(site.request(port), site.request(port, "chl-web1"))
    assert replies["chl-pacs1"].failure is None
    assert replies["chl-web1"].failure is not None
    assert replies["chl-web1"].failure.reason is FailureReason.HOST_KEY_UNKNOWN


def test_included_files_count(site: Site) -> None:
    port = serve(site)
    (site.folder / "part.conf").write_text(f"Host chl-pacs1\n  Port {port}\n")
    configure(site, f"Include {site.folder}/*.conf\nHost *\n  Port 1\n")
    assert site.run(site.request(1))["chl-pacs1"].failure is None


def test_an_include_of_itself_is_an_error(site: Site) -> None:
    configure(site, f"Include {site.folder}/config\n")
    with pytest.raises(LuxopsError, match="cannot be used"):
        SshRunner(site.settings())


@pytest.mark.parametrize("text", ["Host a\n  Gibberish\n", "=\n"])
def test_a_configuration_that_cannot_be_understood_is_an_error_before_any_session(site: Site, text: str) -> None:
    configure(site, text)
    with pytest.raises(LuxopsError, match="SSH client configuration"):
        SshRunner(site.settings())


@pytest.mark.parametrize(
    "line",
    ["ProxyCommand nc %h %p", "ProxyJump a b", "ProxyJump chl-pacs1", "CanonicalizeHostname yes", "Port ten", "Port 70000"],
)
def test_what_the_configuration_asks_for_and_luxops_does_not_do_fails_that_target(site: Site, line: str) -> None:
    configure(site, f"Host chl-pacs1\n  {line}\n")
    port = serve(site)
    replies = site.run(site.request(port), site.request(port, "chl-web1"))
    assert replies["chl-web1"].failure is None
    assert replies["chl-pacs1"].failure is not None
    assert replies["chl-pacs1"].failure.reason is FailureReason.UNREACHABLE
    assert not replies["chl-pacs1"].failure.retryable


@pytest.mark.parametrize(
    ("text", "jump", "expected"),
    [
        ("", "", []),
        ("", "ops@b1:2222", ["ops@b1:2222"]),
        ("", "ops@b1,b2:2200", ["ops@b1:22", "me@b2:2200"]),
        ("Host t\n ProxyJump none", "ops@b1", []),
        ("Host t\n ProxyJump b2\nHost b2\n HostName 192.0.2.2\n User carol\n Port 7", "ops@b1", ["carol@192.0.2.2:7"]),
        ("Host t\n ProxyJump b2\nHost b2\n ProxyJump dan@b3", "", ["dan@b3:22", "me@b2:22"]),
        ("Host t\n ProxyJump dan@[2001:db8::1]:9", "", ["dan@2001:db8::1:9"]),
    ],
)
def test_the_way_over_bastions(site: Site, monkeypatch: pytest.MonkeyPatch, text: str, jump: str, expected: list[str]) -> None:
    monkeypatch.setenv("LOGNAME", "me")
    configure(site, text)
    *hops, last = ClientConfig.load(site.folder / "config", jump).route(site.endpoint("t", 22, "192.0.2.1"))
    assert list(map(str, hops)) == expected
    assert str(last) == "luxops@192.0.2.1:22"


def test_a_bastion_that_is_none_is_an_error_before_any_session(site: Site) -> None:
    with pytest.raises(LuxopsError, match="is not a bastion"):
        SshRunner(site.settings(jump="ops@b1:port"))


def test_two_bastions_are_passed_and_connected_to_once(site: Site) -> None:
    near_key, far_key = new_key(), new_key()
    near, near_connections = counting_bastion(site, near_key)
    far, far_connections = counting_bastion(site, far_key)
    site.know("near", near_key)
    site.know("far", far_key)
    configure(
        site,
        "Host chl-*\n  ProxyJump ops@near,ops@far\n"
        f"Host near\n  HostName 127.0.0.1\n  Port {near}\nHost far\n  HostName 127.0.0.1\n  Port {far}\n",
    )
    port = serve(site)
    replies = site.run(*(site.request(port, name, stdin=b"x") for name in ("chl-pacs1", "chl-web1", "chl-edge1")))
    assert {(reply.output, reply.failure) for reply in replies.values()} == {(b"facts: x", None)}
    assert (len(near_connections), len(far_connections)) == (1, 1)


@pytest.mark.parametrize(
    ("listed", "reason"),
    [(None, FailureReason.HOST_KEY_UNKNOWN), ("other", FailureReason.HOST_KEY_CHANGED)],
)
def test_a_bastions_own_key_is_checked(site: Site, listed: str | None, reason: FailureReason) -> None:
    port, _ = counting_bastion(site, new_key())
    if listed:
        site.know(f"[127.0.0.1]:{port}", new_key())
    request = site.request(serve(site))
    reply = site.run(request, jump=f"ops@127.0.0.1:{port}")["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is reason
    assert f"bastion ops@127.0.0.1:{port}" in reply.failure.detail


def test_the_targets_key_is_checked_behind_a_bastion_too(site: Site) -> None:
    key = new_key()
    port, _ = counting_bastion(site, key)
    site.know(f"[127.0.0.1]:{port}", key)
    imposter = site.servers.ssh(echo, host_keys=[new_key()], clients=site.client)
    assert site.reason(site.request(imposter), jump=f"ops@127.0.0.1:{port}") is FailureReason.HOST_KEY_CHANGED


def test_a_bastion_that_is_down_refuses_or_cannot_reach_the_target(site: Site) -> None:
    key = new_key()
    open_port, _ = counting_bastion(site, key)
    closed_port, _ = counting_bastion(site, key, allow=False)
    for port in (open_port, closed_port):
        site.know(f"[127.0.0.1]:{port}", key)
    good = serve(site)
    assert site.reason(site.request(1), jump=f"ops@127.0.0.1:{open_port}") is FailureReason.UNREACHABLE
    assert site.reason(site.request(good), jump=f"ops@127.0.0.1:{closed_port}") is FailureReason.REFUSED
    assert site.reason(site.request(good), jump="ops@127.0.0.1:1") is FailureReason.UNREACHABLE


def test_a_channel_over_a_bastion_is_closed_by_the_thread_that_sends_on_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else closes it may do so between two of that thread's messages, and a server may end everything for that."""
    closers: dict[int, threading.Thread] = {}
    original = paramiko.Channel.close

    def close(channel: paramiko.Channel) -> None:
        if channel.remote_chanid is not None and not channel.closed:
            closers.setdefault(id(channel), threading.current_thread())
        original(channel)

    monkeypatch.setattr(paramiko.Channel, "close", close)
    port, _ = counting_bastion(site, site.host_key)
    site.know(f"[127.0.0.1]:{port}")
    assert site.run(site.request(serve(site)), jump=f"ops@127.0.0.1:{port}")["chl-pacs1"].failure is None
    assert closers
    assert all(isinstance(thread, paramiko.Transport) for thread in closers.values())


def test_refusals_at_the_same_time_are_told_apart(site: Site) -> None:
    """What one target met on the bastion is never said of another."""
    prohibited = set(range(2, 12))

    class Server(Bastion):
        def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
            if dest_port in prohibited:
                raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "no")
            return super().connection_requested(dest_host, dest_port, orig_host, orig_port)

    port = site.servers.ssh(echo, host_keys=[site.host_key], clients=site.client, server_factory=Server)
    site.know(f"[127.0.0.1]:{port}")
    good = serve(site)
    site.know("t*")
    wanted = {f"t{number}": number for number in range(2, 22)} | {"chl-pacs1": good}
    replies = site.run(
        *(site.request(number, name) for name, number in wanted.items()), jump=f"ops@127.0.0.1:{port}", concurrency=21
    )
    reasons = {name: reply.failure.reason if reply.failure else None for name, reply in replies.items()}
    refused, down = FailureReason.REFUSED, FailureReason.UNREACHABLE
    expected = {name: refused if number in prohibited else down for name, number in wanted.items()}
    assert reasons == {**expected, "chl-pacs1": None}


@pytest.mark.parametrize(
    ("name", "why"), [("missing", "no such file"), ("encrypted", "encrypted"), ("noise", "no private key"), (".", "read")]
)
def test_a_configured_key_that_cannot_be_used_is_an_error_before_any_session(site: Site, name: str, why: str) -> None:
    site.key_file("encrypted", new_key(), passphrase="a passphrase")
    (site.folder / "noise").write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    with pytest.raises(LuxopsError, match="cannot be used") as error:
        SshRunner(site.settings(keys=(site.folder / name,)))
    assert why in error.value.why


def test_no_key_at_all_says_how_to_give_one(site: Site) -> None:
    configure(site, f"Host *\n  IdentityFile {site.folder}/gone\n")
    reply = site.run(site.request(serve(site)), keys=())["chl-pacs1"]
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.AUTHENTICATION
    assert "LUXOPS_CONNECTION__KEYS" in reply.failure.detail
    assert f"{site.folder}/gone: there is no such file" in reply.failure.detail


@pytest.fixture
def agent(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A running ssh-agent that holds a stranger's key and then the client's own."""
    socket = str(site.folder / "agent")
    started = subprocess.run(["/usr/bin/ssh-agent", "-s", "-a", socket], check=True, capture_output=True, text=True)
    pid = re.search(r"SSH_AGENT_PID=(\d+)", started.stdout)
    assert pid is not None
    monkeypatch.setenv("SSH_AUTH_SOCK", socket)
    try:
        for file in (site.key_file("stranger", new_key()), site.folder / "id"):
            subprocess.run(["/usr/bin/ssh-add", "-q", str(file)], check=True)
        yield site
    finally:
        os.kill(int(pid[1]), 15)


def test_the_agents_keys_are_offered_to_many_targets_at_once(agent: Site) -> None:
    port = serve(agent)
    agent.know("h*")
    requests = [agent.request(port, f"h{number}", stdin=b"x") for number in range(12)]
    replies = agent.run(*requests, keys=(), agent=True, concurrency=12)
    assert {(reply.output, reply.failure) for reply in replies.values()} == {(b"facts: x", None)}


def test_without_the_agent_its_keys_are_not_offered(agent: Site) -> None:
    assert agent.reason(agent.request(serve(agent)), keys=(), agent=False) is FailureReason.AUTHENTICATION


def test_identities_only_leaves_out_what_is_not_named(agent: Site) -> None:
    port = serve(agent)
    configure(agent, f"Host *\n  IdentitiesOnly yes\n  IdentityFile {agent.folder}/stranger\n")
    assert agent.reason(agent.request(port), keys=(), agent=True) is FailureReason.AUTHENTICATION
    encrypted = agent.key_file("locked", agent.client_key, passphrase="a passphrase")
    configure(agent, f"Host *\n  IdentitiesOnly yes\n  IdentityFile {encrypted}\n")
    assert agent.run(agent.request(port), keys=(), agent=True)["chl-pacs1"].failure is None


@pytest.mark.parametrize("answer", [b"", b"\0\0\0\1\5", b"\0\0\0\5\x0c\0\0\0\1"])
def test_an_agent_that_makes_no_sense_is_of_no_use_and_is_named(
    site: Site, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    import socket  # noqa: PLC0415 - here alone
    import threading  # noqa: PLC0415 - here alone

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(site.folder / "agent"))
    listener.listen()

    def serve_once() -> None:
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(answer)
        connection.close()

    threading.Thread(target=serve_once, daemon=True).start()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(site.folder / "agent"))
    reply = site.run(site.request(serve(site)), keys=(), agent=True)["chl-pacs1"]
    listener.close()
    assert reply.failure is not None
    assert reply.failure.reason is FailureReason.AUTHENTICATION
    assert "SSH agent" in reply.failure.detail


def test_no_running_agent_is_no_trouble(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(site.folder / "no-agent"))
    assert site.run(site.request(serve(site)), agent=True)["chl-pacs1"].failure is None


def test_the_inventory_holds_where_the_configuration_says_nothing(site: Site) -> None:
    configure(site, "Host other\n  HostName 192.0.2.9\n")
    (hop,) = ClientConfig.load(site.folder / "config").route(site.endpoint("chl-pacs1", 22, "192.0.2.1"))
    assert (hop.host, hop.port, hop.user) == ("192.0.2.1", 22, "luxops")
