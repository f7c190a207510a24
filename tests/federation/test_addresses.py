"""Overlaps and port ranges, against plain definitions of both."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.support.drafts import SMALL

from luxops.federation.checks.addresses import Block, overlaps
from luxops.federation.declaration import Declaration
from luxops.federation.documents import parse_document
from luxops.federation.fields import CareWindow, Duration, PortRange, SshPublicKey, duration_text
from luxops.federation.schema import FederationFile
from luxops.federation.shapes import shaped

PORTS: TypeAdapter[tuple[int, int]] = TypeAdapter(PortRange)
PREFIXES = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(0x0A000000, 0x0A00FFFF),
    st.integers(16, 32),
)


def _declared() -> Declaration:
    file, mistakes = shaped(parse_document(Path(SMALL / "federation.yaml").read_text()), FederationFile)
    assert file is not None
    assert not mistakes
    document = parse_document("[" + ", ".join(map(str, range(40))) + "]")
    return Declaration("inventory", {"x.yaml": document}, file, {}, {}, {}, (), ())


DECLARED = _declared()


@given(st.lists(PREFIXES, max_size=12))
def test_each_pair_that_overlaps_is_told_once_where_the_later_one_stands(prefixes: list[IPv4Network]) -> None:
    blocks = [Block(prefix, f"block {n}", "x.yaml", (n,)) for n, prefix in enumerate(prefixes)]
    pairs = [(a, b) for a, b in combinations(blocks, 2) if a.prefix.overlaps(b.prefix)]
    told = [(problem.column, problem.why) for problem in overlaps(DECLARED, blocks)]
    expected = []
    for a, b in pairs:
        column = DECLARED.documents["x.yaml"].place(b.path).column
        expected.append((column, f"{b.prefix}, {b.whose}, overlaps {a.prefix}, {a.whose} (inventory/x.yaml:1)"))
    assert sorted(told) == sorted(expected)


@given(st.integers(-5, 70000), st.integers(-5, 70000))
def test_ports_are_read_where_they_are_a_range_that_goes_upwards(low: int, high: int) -> None:
    text = f"{low}-{high}"
    if 1 <= low <= high <= 65535:
        assert PORTS.validate_python(text) == (low, high)
        assert PORTS.dump_python((low, high)) == (text if low < high else str(low))
    else:
        with pytest.raises(ValidationError):
            PORTS.validate_python(text)


@given(st.text(max_size=12))
def test_any_text_is_a_port_range_or_refused(text: str) -> None:
    try:
        low, high = PORTS.validate_python(text)
    except ValidationError:
        return
    assert 1 <= low <= high <= 65535


@given(st.integers(0, 999999), st.sampled_from("smhd"))
def test_a_duration_is_written_as_it_is_read(number: int, unit: str) -> None:
    adapter = TypeAdapter(Duration)
    read = adapter.validate_python(f"{number}{unit}")
    assert adapter.validate_python(duration_text(read)) == read


@pytest.mark.parametrize("text", ["Mon 06:00-24:00", "Mon-Fri 06:00-20:00", "Sun 23:00-05:00"])
def test_windows(text: str) -> None:
    assert TypeAdapter(CareWindow).validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "Mon", "Mon 6:00-20:00", "Mon 06:00-25:00", "Mon 06:00-24:30", "Mo 06:00-20:00", "Mon 24:00-24:00", "Mon 06:00-06:00"],
)
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CareWindow).validate_python(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAIFJeeueh3cBlRqAQDTjyGbvZ6u/bIEmZ1W+yLKNy97hW",
    ],
)
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SshPublicKey).validate_python(text)
