"""Secrets: found by reference, shown to nobody."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from luxops.errors import LuxopsError
from luxops.federation.secrets import MAX_BYTES, Secret, resolve

VALUE = "correct horse battery staple"


def test_a_variable_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUXOPS_TEST_SECRET", VALUE)
    assert resolve("env:LUXOPS_TEST_SECRET").reveal() == VALUE
    file = tmp_path / "secret"
    file.touch(0o600)
    for written in (VALUE, VALUE + "\n", VALUE + "\r\n"):
        file.write_text(written, newline="")
        assert resolve(f"file:{file}").reveal() == VALUE
    file.write_text(f" {VALUE}\n\n")
    assert resolve(f"file:{file}").reveal() == f" {VALUE}\n"


def test_a_secret_hides_wherever_it_might_be_shown() -> None:
    secret = Secret(VALUE)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{secret!r}",
        repr([secret]),
        repr({"a": secret}),
    ]
    assert not any(VALUE in text for text in shown)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == Secret(VALUE)
    assert secret != Secret("another")
    assert secret != VALUE


@pytest.mark.parametrize("reference", ["env:LUXOPS_NOT_SET", "file:/nonexistent/secret", "file:/", "vault:kv/bgp", VALUE, ""])
def test_what_cannot_be_had_is_an_error_that_tells_no_value(reference: str) -> None:
    with pytest.raises(LuxopsError) as raised:
        resolve(reference)
    assert VALUE not in raised.value.diagnosis()
    assert raised.value.__cause__ is None


def test_files_that_will_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"

    def refused() -> str:
        with pytest.raises(LuxopsError) as raised:
            resolve(f"file:{file}")
        assert VALUE not in raised.value.diagnosis()
        return raised.value.diagnosis()

    os.mkfifo(file)
    assert "it is not a file" in refused()
    file.unlink()
    file.touch(0o600)
    assert "is empty" in refused()
    file.write_bytes(VALUE.encode() + b"\xff")
    assert "is not text" in refused()
    file.write_text("x" * (MAX_BYTES + 1))
    assert "too long" in refused()
    file.write_text(VALUE)
    file.chmod(0o644)
    assert "its mode 0644 lets everyone on this machine at it" in refused()
    monkeypatch.setenv("LUXOPS_TEST_SECRET", "")
    with pytest.raises(LuxopsError, match="is empty"):
        resolve("env:LUXOPS_TEST_SECRET")
