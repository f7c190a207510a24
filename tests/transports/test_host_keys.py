"""Known hosts: who is trusted, who is unknown, who has changed. Nothing unreadable ever vouches for anyone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.servers import Key, echo, new_key, public_line
from tests.support.site import Site

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.transports.failures import SessionError
from luxops.transports.known_hosts import HostKey, KeyType, KnownHosts, names_of


def host_key(key: Key) -> HostKey:
    import base64  # noqa: PLC0415 - here alone

    kind, encoded = public_line(key).split()
    return HostKey(KeyType(kind), base64.b64decode(encoded))


def verdict(known: KnownHosts, names: tuple[str, ...], key: Key) -> FailureReason | None:
    try:
        known.check(names, host_key(key))
    except SessionError as error:
        return error.failure.reason
    return None


UNKNOWN, CHANGED = FailureReason.HOST_KEY_UNKNOWN, FailureReason.HOST_KEY_CHANGED
K1, K2 = new_key(), new_key()
RSA = new_key("ssh-rsa")
E1, E2 = public_line(K1), public_line(K2)


MARKS = {"<1>": E1, "<2>": E2, "<rsa>": public_line(RSA), "<blob>": E1.split()[1], "<short>": E1[:-8], "<odd>": E1[:-7]}
"""Keys are made anew in each run, so the cases below name them by marks."""


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("a <1>", ("a",), None),
        ("A <1> a comment", ("a",), None),
        ("b <1>", ("a",), UNKNOWN),
        ("a <2>", ("a",), CHANGED),
        ("a <2>\na <1>", ("a",), None),
        ("a <rsa>", ("a",), CHANGED),
        ("10.0.0.1 <1>", ("a", "10.0.0.1"), None),
        ("a <2>\n10.0.0.1 <1>", ("a", "10.0.0.1"), CHANGED),
        ("[a]:2222 <1>", ("[a]:2222", "a"), None),
        ("[a]:2222 <1>\na <2>", ("a",), CHANGED),
        ("[a]:2222 <1>", ("a",), UNKNOWN),
        ("*.lux,!evil.lux <1>", ("chl.lux",), None),
        ("*.lux,!evil.lux <1>", ("evil.lux",), UNKNOWN),
        ("!a <1>", ("b",), UNKNOWN),
        ("[*]:2222 <1>", ("[a]:2222",), None),
        ("[*]:2222 <1>", ("x:2222",), UNKNOWN),
        ("a <1>\n@revoked * <1>", ("a",), CHANGED),
        ("a <1>\n@revoked * <2>", ("a",), None),
        ("@cert-authority * <1>", ("a",), UNKNOWN),
        ("@unheard-of a <1>", ("a",), UNKNOWN),
        ("# a <1>", ("a",), UNKNOWN),
        ("a ssh-rsa <blob>", ("a",), UNKNOWN),
        ("a <short>", ("a",), CHANGED),
        ("a <odd>", ("a",), UNKNOWN),
        ("", ("a",), UNKNOWN),
    ],
)
def test_lines(tmp_path: Path, text: str, names: tuple[str, ...], expected: FailureReason | None) -> None:
    for mark, line in MARKS.items():
        text = text.replace(mark, line)
    (tmp_path / "known").write_text(text + "\n")
    assert verdict(KnownHosts.load([tmp_path / "known"]), names, K1) is expected


def test_hashed_names_as_ssh_keygen_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_text(f"chl-pacs1,10.0.0.1 {E1}\n[hrs-web1]:2222 {E2}\n")
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "chl-pacs1" not in file.read_text()
    known = KnownHosts.load([file])
    assert verdict(known, ("chl-pacs1",), K1) is None
    assert verdict(known, ("10.0.0.1",), K1) is None
    assert verdict(known, ("10.0.0.1",), K2) is CHANGED
    assert verdict(known, ("[hrs-web1]:2222",), K2) is None
    assert verdict(known, ("hrs-web1",), K2) is UNKNOWN


def test_what_to_do_is_said_with_fingerprints(tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_text(f"a {E2}\nnonsense\n@cert-authority ca {E1}\n")
    known = KnownHosts.load([file])
    printed = subprocess.run(["/usr/bin/ssh-keygen", "-lf", "-"], input=E1.encode(), check=True, capture_output=True)
    fingerprint = printed.stdout.decode().split()[1]
    with pytest.raises(SessionError, match="is known by") as changed:
        known.check(("a",), host_key(K1))
    assert fingerprint in changed.value.failure.detail
    assert f"{file}:1" in changed.value.failure.detail
    with pytest.raises(SessionError, match="none is known for b") as unknown:
        known.check(("b",), host_key(K1))
    assert fingerprint in unknown.value.failure.detail
    assert f"{file}:2" in unknown.value.failure.detail
    with pytest.raises(SessionError, match="certificate authority"):
        known.check(("ca",), host_key(K1))


def test_names_put_the_alias_first_and_the_port_in_brackets() -> None:
    assert names_of("chl-pacs1", "10.0.0.1", 22) == ("chl-pacs1", "10.0.0.1")
    assert names_of("chl-pacs1", "10.0.0.1", 2222) == ("[chl-pacs1]:2222", "chl-pacs1", "[10.0.0.1]:2222")
    assert names_of("10.0.0.1", "10.0.0.1", 22) == ("10.0.0.1",)


@settings(deadline=None)
@given(st.text() | st.text(alphabet="@|!*?, \t=+/AZaz019[]:-", max_size=80))
def test_no_text_without_the_key_vouches_for_it(text: str) -> None:
    import tempfile  # noqa: PLC0415 - hypothesis and tmp_path do not go together

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "known"
        file.write_text(text)
        assert verdict(KnownHosts.load([file]), ("a",), K1) is not None


@settings(deadline=None)
@given(st.integers(0, len(f"a {E1}") - 1), st.characters(codec="utf-8"))
def test_no_garbled_line_of_another_key_vouches_for_this_one(place: int, character: str) -> None:
    import tempfile  # noqa: PLC0415 - see above

    line = f"a {E2}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "known"
        file.write_text(line[:place] + character + line[place + 1 :])
        assert verdict(KnownHosts.load([file]), ("a",), K1) is not None


def test_a_file_that_cannot_be_read_is_an_error_and_one_that_is_not_there_knows_nobody(tmp_path: Path) -> None:
    with pytest.raises(LuxopsError, match="cannot be read"):
        KnownHosts.load([tmp_path])
    assert verdict(KnownHosts.load([tmp_path / "none"]), ("a",), K1) is UNKNOWN


@pytest.mark.parametrize("kind", ["ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"])
def test_the_kind_of_key_that_is_known_is_asked_for(site: Site, kind: str) -> None:
    keys = {name: new_key(name) for name in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")}
    port = site.servers.ssh(echo, host_keys=list(keys.values()), clients=site.client)
    site.know("hrs-web1", keys[kind])
    assert site.run(site.request(port, "hrs-web1"))["hrs-web1"].failure is None


def test_a_host_known_by_another_kind_of_key_has_changed(site: Site) -> None:
    port = site.servers.ssh(echo, host_keys=[new_key("ssh-rsa")], clients=site.client)
    assert site.reason(site.request(port)) is CHANGED


def test_nothing_is_ever_added_to_the_known_hosts(site: Site) -> None:
    port = site.servers.ssh(echo, host_keys=[site.host_key], clients=site.client)
    before = (site.folder / "known_hosts").read_text()
    assert site.reason(site.request(port, "stranger")) is UNKNOWN
    assert site.reason(site.request(port, "stranger")) is UNKNOWN
    assert (site.folder / "known_hosts").read_text() == before
