from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from luxops.lab import clock


def _request(mode: int = 3, version: int = 4, sent: bytes = b"SENDTIME") -> bytes:
    return bytes([version << 3 | mode, 0, 6, 0xE9]) + bytes(36) + sent


def test_a_client_is_answered_with_its_own_time_and_ours() -> None:
    reply = clock.answer(_request(), 1_700_000_000.5)
    assert len(reply) == 48
    assert (reply[0] & 0b111, reply[0] >> 3 & 0b111, reply[0] >> 6) == (4, 4, 0)
    assert reply[24:32] == b"SENDTIME"
    assert struct.unpack("!II", reply[40:48]) == (1_700_000_000 + 2_208_988_800, 2**31)


def test_only_clients_are_answered() -> None:
    assert [mode for mode in range(8) if clock.answer(_request(mode), 0.0)] == [3]


@given(st.binary(max_size=80))
def test_only_a_whole_packet_of_a_client_is_answered(request: bytes) -> None:
    is_client = len(request) >= 48 and request[0] & 0b111 == 3
    assert bool(clock.answer(request, 0.0)) == is_client


@given(st.floats(0, 2**33))
def test_any_moment_can_be_written(moment: float) -> None:
    assert len(clock.stamp(moment)) == 8
