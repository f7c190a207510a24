"""`luxops doctor`: what is there, what is missing, and a release of the CLI unpacked without trusting its paths."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from luxops.cli import doctor_checks
from luxops.cli.doctor_checks import MISSING, OK, OPTIONAL, Line, examine
from luxops.cli.doctor_offline import unpack_cli
from luxops.errors import LuxopsError
from luxops.settings import CloudSettings, Settings, StoreSettings

pytestmark = pytest.mark.slow

RUNS = b"#!/bin/sh\necho v9.9.9\n"


def release(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_a_release_is_unpacked_and_only_its_programs(tmp_path: Path) -> None:
    link = tarfile.TarInfo("pulumi/pulumi-link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    tarball = release(tmp_path / "pulumi.tar.gz", {
        "pulumi/pulumi": RUNS, "pulumi/pulumi-language-python": RUNS, "pulumi/README": b"no", "../escaped": b"no",
        "/absolute": b"no", "pulumi/../../pulumi-x": b"no", "pulumi/pulumi-link": link,
    })  # fmt: skip
    version, programs = unpack_cli(tarball, tmp_path / "bin")
    assert (version, programs) == ("v9.9.9", ["pulumi", "pulumi-language-python"])
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == programs
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "pulumi.tar.gz"]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"pulumi/pulumi-language-python": RUNS}, "no release"),
        ({"pulumi/pulumi": b"#!/bin/sh\nexit 3\n"}, "does not run here"),
        ({"pulumi/pulumi": b"\x7fELF not really"}, "does not run here"),
        ({f"x{number}": b"" for number in range(300)}, "cannot be unpacked"),
    ],
)
def test_what_is_no_release_changes_nothing(members: dict[str, bytes], said: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").write_bytes(b"the old one")
    with pytest.raises(LuxopsError, match=said):
        unpack_cli(release(tmp_path / "x.tar.gz", dict(members)), tmp_path / "bin")
    assert [path.read_bytes() for path in (tmp_path / "bin").iterdir()] == [b"the old one"]


def test_a_release_that_was_cut_short_is_told(tmp_path: Path) -> None:
    whole = release(tmp_path / "x.tar.gz", {"pulumi/pulumi": RUNS * 5000}).read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LuxopsError, match="cannot be unpacked"):
        unpack_cli(tmp_path / "x.tar.gz", tmp_path / "bin")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the Pulumi CLI, its plugins, or a clouds.yaml."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.setattr(doctor_checks, "_lab", lambda: Line("lab", OPTIONAL, "not here"))
    return tmp_path


def settings(folder: Path, engine: str, **more: object) -> Settings:
    cloud = CloudSettings.model_validate({"engine": engine, "clouds_file": folder / "clouds.yaml"})
    return Settings.model_validate({"cloud": cloud, "store": StoreSettings(url=f"sqlite:///{folder}/luxops.db"), **more})


def states(found: Settings) -> dict[str, str]:
    return {line.what: line.state for line in examine(found)}


def test_what_the_engine_needs_is_missing_and_otherwise_not_needed(bare: Path) -> None:
    needed = states(settings(bare, "pulumi"))
    assert {needed[what] for what in ("Pulumi CLI", "OpenStack plugin", "passphrase of the state", "cloud login")} == {MISSING}
    assert {needed[what] for what in ("Python", "inventory", "policies", "store")} == {OK}
    other = states(settings(bare, "reconcile"))
    assert (other["Pulumi CLI"], other["OpenStack plugin"]) == (OPTIONAL, OPTIONAL)
    assert "passphrase of the state" not in other


def test_without_the_cloud_nothing_of_it_is_asked(bare: Path) -> None:
    assert set(states(settings(bare, "pulumi", domains=("hosts", "network")))) == {
        "Python", "inventory", "policies", "store", "lab",
    }  # fmt: skip


def test_every_missing_line_says_what_to_do(bare: Path) -> None:
    wrong = settings(bare, "pulumi", inventory=bare / "none", policies=bare / "none")
    lines = list(examine(wrong))
    assert {line.what for line in lines if line.state == MISSING} >= {"inventory", "policies"}
    assert all(line.remedy and line.found for line in lines if line.state == MISSING)


def test_looking_makes_no_store(bare: Path) -> None:
    list(examine(settings(bare, "pulumi")))
    assert not (bare / "luxops.db").exists()


def test_installed_plugins_are_found(bare: Path) -> None:
    (bare / "pulumi" / "plugins" / "resource-openstack-v5.5.1").mkdir(parents=True)
    (bare / "pulumi" / "plugins" / "resource-openstack-v5.5.1.lock").touch()
    line = next(line for line in examine(settings(bare, "pulumi")) if line.what == "OpenStack plugin")
    assert (line.state, line.found) == (OK, "version 5.5.1")
