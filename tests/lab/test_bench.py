"""Saving and restoring files, images by their recipe, the state folder: all that needs no root."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxops.lab import machine
from luxops.lab.breaks.interface import Bench
from luxops.lab.images import Images, overlay_options
from luxops.lab.running import active
from luxops.lab.shell import LabError, attempt, run
from luxops.lab.state import State, read_json, write_json
from luxops.settings import LabSettings, Settings


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "lab")
    state.create()
    return state


@pytest.fixture
def bench(state: State) -> Bench:
    (state.root_of("host") / "etc").mkdir(parents=True)
    return Bench(state, "host")


@given(
    content=st.binary(max_size=200),
    mode=st.integers(0o400, 0o777),
    harm=st.sampled_from(["change", "remove", "mode", "nothing"]),
)
def test_a_saved_file_is_restored_whatever_was_done_to_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, mode: int, harm: str
) -> None:
    state = State(tmp_path_factory.mktemp("lab") / "state")
    bench = Bench(state, "host")
    file = bench.root / "etc/file"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    file.chmod(mode)
    before = file.stat()
    saved = bench.save(["/etc/file", "/etc/none"])
    file.chmod(0o600)
    if harm == "remove":
        file.unlink()
    elif harm == "change":
        file.write_text("x")
    elif harm == "mode":
        file.chmod(0o777)
    (file.parent / "none").write_text("made by the break")
    for _ in range(2):
        bench.restore(saved)
        after = file.stat()
        assert (file.read_bytes(), after.st_mode, after.st_uid, after.st_gid) == (
            content, before.st_mode, before.st_uid, before.st_gid,
        )  # fmt: skip
        assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_a_replacement_that_does_not_fit_changes_nothing(bench: Bench) -> None:
    bench.write("/etc/file", "a = 1\na = 1\n")
    for old in ("a = 1", "b = 2"):
        with pytest.raises(LabError, match="once"):
            bench.replace("/etc/file", old, "a = 3")
    assert bench.read("/etc/file") == "a = 1\na = 1\n"


def test_an_image_is_built_once_and_anew_when_its_recipe_changes(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Path] = []
    images = Images(state, lambda _: None)
    monkeypatch.setattr(images, "_build_base", built.append)
    first = images.base()
    assert images.base() == first
    assert len(built) == 1
    monkeypatch.setattr("luxops.lab.images.BASE_PACKAGES", ("systemd", "other"))
    second = images.base()
    assert second != first
    assert len(built) == 2
    images.prune([second])
    assert [path.name for path in state.images.iterdir()] == [second.name]


def test_an_image_whose_build_failed_is_not_taken_for_one(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    images = Images(state, lambda _: None)

    def fail(root: Path) -> None:
        (root / "half").touch()
        raise LabError("no network")

    monkeypatch.setattr(images, "_build_base", fail)
    with pytest.raises(LabError):
        images.base()
    monkeypatch.setattr(images, "_build_base", lambda root: (root / "whole").touch())
    assert [path.name for path in images.base().iterdir()] == ["whole"]


def test_a_path_that_an_overlay_cannot_carry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="overlay"):
        overlay_options([tmp_path / "a,b"], tmp_path, tmp_path)


def test_a_state_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(LabError, match="not a folder of this user alone"):
        State(tmp_path / "open").create()
    (tmp_path / "link").symlink_to(tmp_path / "open")
    with pytest.raises(LabError):
        State(tmp_path / "link").create()


def test_a_note_is_read_back_and_a_broken_one_is_told(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none") is None
    write_json(tmp_path / "note", {"a": [1]})
    assert read_json(tmp_path / "note") == {"a": [1]}
    (tmp_path / "note").write_text("{")
    with pytest.raises(LabError, match="cannot be read"):
        read_json(tmp_path / "note")


@pytest.mark.parametrize("note", ["", "{}", "{", '{"management": null}', '{"management": 1}'])
def test_no_note_that_names_no_living_namespace_makes_a_lab(state: State, note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luxops.lab.running.management_id", lambda: 4026532999)
    if note:
        state.up_note.write_text(note)
    assert active(Settings(lab=LabSettings(state=state.folder))) is None


def test_a_living_lab_replaces_what_reaches_it_and_nothing_else(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luxops.lab.running.management_id", lambda: 4026532999)
    monkeypatch.setattr("luxops.lab.cgroups.names", lambda: ["chl-edge1"])
    monkeypatch.setattr("luxops.lab.cgroups.lives", lambda _: True)
    write_json(state.up_note, {"members": [], "management": 4026532999})
    chosen = Settings(lab=LabSettings(state=state.folder))
    lab = active(chosen)
    assert lab is not None
    assert (lab.inventory, lab.store.url) == (state.inventory, f"sqlite:///{state.database}")
    assert (lab.connection.keys, lab.connection.known_hosts) == ((state.client_key,), state.known_hosts)
    assert lab.connection.network_namespace == "luxops-mgmt"
    assert lab.connection.concurrency == chosen.connection.concurrency
    assert lab.policies == chosen.policies


@pytest.mark.parametrize(("living", "domains"), [
    ([], None), (["cloud-keystone"], ("cloud",)), (["chl-edge1"], ("hosts", "network")),
    (["chl-edge1", "cloud-neutron"], ("hosts", "network", "cloud")),
])  # fmt: skip
def test_a_part_whose_processes_somebody_has_ended_is_down(
    state: State, living: list[str], domains: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luxops.lab.running.space_id", lambda _: 4026532999)
    monkeypatch.setattr("luxops.lab.cgroups.names", lambda: ["chl-edge1", "cloud-keystone", "cloud-neutron"])
    monkeypatch.setattr("luxops.lab.cgroups.lives", living.__contains__)
    write_json(state.up_note, {"members": [], "management": 4026532999})
    write_json(state.folder / "cloud.json", {"space": 4026532999})
    lab = active(Settings(lab=LabSettings(state=state.folder)))
    assert (None if lab is None else lab.domains) == domains


def test_a_machine_that_cannot_carry_a_lab_is_told_everything_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "fedora", "PRETTY_NAME": "Fedora Linux 43"})
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(LabError) as refused:
        machine.require()
    for word in ("root", "Fedora Linux 43", "debootstrap", "systemd-container", "nftables"):
        assert word in refused.value.why


def test_a_failing_program_is_one_error_with_its_last_words() -> None:
    with pytest.raises(LabError) as failed:
        run("sh", "-c", "echo why not >&2; exit 3")
    assert "status 3" in failed.value.what
    assert failed.value.why == "why not"
    assert attempt("sh", "-c", "exit 3").returncode == 3
    with pytest.raises(LabError, match="missing"):
        run("no-such-program-here")
    with pytest.raises(LabError, match="did not finish"):
        run("sleep", "5", timeout=0.05)
