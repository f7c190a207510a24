"""Shapes, files and many mistakes at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.support.drafts import SMALL, Draft

from luxops.errors import UsageError
from luxops.federation import InventoryError, load_federation

CHL, ANIM, TOP = "hospitals/chl.yaml", "services/anim.yaml", "federation.yaml"


def test_the_small_inventory_loads_in_the_order_of_its_files() -> None:
    federation = load_federation(SMALL)
    assert list(federation.hospitals) == ["chl", "hrs"]
    assert list(federation.services) == ["anim", "mirth"]
    assert list(federation.routers) == ["dc1-core1", "dc2-core1", "chl-edge1", "chl-edge2", "hrs-edge1", "hrs-edge2"]
    assert [link.id for link in federation.links_of("dc2-core1")] == ["core", "chl-dc2", "hrs-dc2"]
    assert federation.owners == ("chl", "hrs", "luxith")


@pytest.mark.parametrize(
    ("file", "old", "new", "what", "why"),
    [
        (CHL, "quota:", "^qota: 1\nquota:", "unknown key", "there is no `qota`; did you mean `quota`?"),
        (CHL, "  clinical: {dc1", "  clinical: {^dc3: x, dc1", "unknown key", "there is no `dc3`; did you mean `dc2`?"),
        (CHL, "{from: clinical,", "{^form: x, from: clinical,", "unknown key", "there is no `form`; did you mean `from`?"),
        (CHL, "name: Centre Hospitalier de Luxembourg\n", "", "`name` is missing", "needed here: id, name, kind"),
        (CHL, "cores: 400, ", "", "`cores` is missing", "needed here: cores, ram_gib, volumes_gib"),
        (CHL, "cores: 400", 'cores: ^"400"', "wrong value for `cores`", '`"400"`: should be a valid integer'),
        (CHL, "cores: 400", "cores: ^true", "wrong value for `cores`", "`true`: should be a valid integer"),
        (CHL, "cores: 400", "cores: ^400.0", "wrong value for `cores`", "`400.0`: should be a valid integer"),
        (CHL, "cores: 400", "cores: ^0", "wrong value for `cores`", "greater than or equal to 1"),
        (CHL, "prefix: 10.16.0.0/16", "prefix: ^10", "wrong value for `prefix`", "`10`"),
        (CHL, "prefix: 10.16.0.0/16", "prefix: ^10.16.0.9/16", "wrong value for `prefix`", "did you mean `10.16.0.0/16`?"),
        (CHL, "prefix: 10.16.0.0/16", "prefix: ^10.16.0.0/33", "wrong value for `prefix`", "`10.16.0.0/33`"),
        (CHL, "prefix: 10.16.0.0/16", "prefix: ^2001:db8::/32", "wrong value for `prefix`", "`2001:db8::/32`"),
        (CHL, "kind: acute", "kind: ^cute", "wrong value for `kind`", "`cute`: should be 'acute'"),
        (CHL, "name: Centre Hospitalier", "name: ^[a] #", "wrong value for `name`", "list: should be a valid string"),
        (CHL, '"Mon-Fri 06:00-20:00"', '^"Mo-Fr 6-20"', "wrong value for `avoid`", "`Mo-Fr 6-20`: a window is days and hours"),
        (CHL, '"Mon-Fri 06:00-20:00"', "^22:30", "wrong value for `avoid`", "`22:30`: a window is days and hours"),
        (CHL, "ports: [8443, 9000-9010]", "ports: [8443, ^9010-9000]", "wrong value for `ports`", "a port range goes upwards"),
        (CHL, "ports: [8443, 9000-9010]", "ports: [8443, ^70000]", "wrong value for `ports`", "within 1 to 65535"),
        (CHL, "ports: [8443, 9000-9010]", "ports: [^0, 80]", "wrong value for `ports`", "within 1 to 65535"),
        (CHL, "ports: [8443, 9000-9010]", "ports: [^true]", "wrong value for `ports`", "`true`: "),
        (CHL, "ports: [8443, 9000-9010]", "ports: [^[80, 90]]", "wrong value for `ports`", "a list: "),
        (CHL, "service: dicom", "service: ^dicon", "wrong value for `service`", "`dicon`: should be 'https'"),
        (CHL, "why: shared wards", "why: ^no", "wrong value for `why`", "`no`: string should have at least 3 characters"),
        (CHL, "  clinical: {dc1", "  ^Clinical: {dc1", "`Clinical` cannot be a name", "an id has at most 31"),
        (ANIM, "rpo: 15m", "rpo: ^15", "wrong value for `rpo`", "a duration is a number and a unit"),
        (ANIM, "rpo: 15m", "rpo: ^quarter", "wrong value for `rpo`", "a duration is a number and a unit"),
        (TOP, "    ssh_keys: [ssh", "    ssh_keys: [^no-ssh", "wrong value for `ssh_keys`", "not an SSH public key"),
        (TOP, "  bastions:", "  secrets: {bgp: ^hunter2}\n  bastions:", "wrong value for `bgp`", "a secret is written by"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_where_it_stands(draft: Draft, file: str, old: str, new: str, what: str, why: str) -> None:
    place = draft.edit(file, old, new)
    told = [p for p in draft.problems() if p.what == what and why in p.why]
    assert len(told) == 1, draft.problems()
    if ":" in place:
        assert draft.place(told[0]) == place


def test_a_secret_written_in_place_of_its_reference_is_not_repeated(draft: Draft) -> None:
    draft.edit(TOP, "  bastions:", "  secrets: {bgp: hunter2}\n  bastions:")
    assert "hunter2" not in draft.only_problem().why


def test_many_mistakes_in_many_files_are_told_at_once_in_order(draft: Draft) -> None:
    places = [
        draft.edit("hosts/chl.yaml", "address: 10.16.8.10", "address: ^10.16.12.10"),
        draft.edit(CHL, "quota:", "^qota: 1\nquota:"),
        draft.edit(CHL, "to: imaging@dc1", "to: ^imagin@dc1"),
        draft.edit("hospitals/hrs.yaml", "kind: acute\nprefix: 10.19", "kind: acute\n^name: again\nprefix: 10.19"),
        draft.edit("links.yaml", "prefix: 10.255.0.8/31", "prefix: ^10.253.0.8/31"),
        draft.edit(ANIM, "to: archive@dc2", "to: ^archiv@dc2"),
        draft.edit("services/mirth.yaml", "rpo: 5m", "rpo: ^5"),
    ]
    # What an edit above pushed one line down.
    places[2] = places[2].replace(":14:", ":15:")
    assert sorted(draft.place(p) for p in draft.problems()) == sorted(places)
    assert list(draft.problems()) == sorted(draft.problems())


def test_how_a_problem_reads(draft: Draft) -> None:
    draft.edit(ANIM, "to: archive@dc2", "to: archiv@dc2")
    with pytest.raises(InventoryError) as raised:
        load_federation(draft.folder)
    assert raised.value.exit_code == 2
    assert raised.value.diagnosis() == (
        f"{draft.folder}/services/anim.yaml:13:29: flow to an unknown zone\n"
        "  service anim, flow 2: there is no zone `archiv` in anim; did you mean `archive`?\n"
        f"  Declare the zone in {draft.folder}/services/anim.yaml under hosted_in, or correct the name.\n"
        "1 problem in the inventory"
    )


def test_places_are_told_as_the_folder_was_typed(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    draft.edit(CHL, "quota:", "qota: 1\nquota:")
    monkeypatch.chdir(draft.folder.parent)
    with pytest.raises(InventoryError) as raised:
        load_federation(Path("inventory"))
    assert raised.value.problems[0].file == "inventory/hospitals/chl.yaml"


def test_a_broken_file_makes_no_noise_elsewhere(draft: Draft) -> None:
    """Nobody else is told that the hospital is missing: it is there, and cannot be read."""
    draft.write(CHL, "id: chl\nprefix: [")
    assert draft.place(draft.only_problem()).startswith(CHL)


FILES = ["hospitals/hrs.yaml", ANIM, "services/mirth.yaml", "hosts/luxith.yaml", "routers.yaml", "links.yaml", TOP]


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_wrong_shape_makes_no_noise_elsewhere(draft: Draft, file: str) -> None:
    draft.write(file, "42\n")
    assert draft.only_problem().what == "wrong value"


def test_a_file_is_named_after_what_it_declares(draft: Draft) -> None:
    (draft.folder / CHL).rename(draft.folder / "hospitals/chx.yaml")
    problem = draft.only_problem()
    assert draft.place(problem) == "hospitals/chx.yaml:1:5"
    assert (problem.why, problem.remedy) == ("`id` is `chl`", "Name the file chl.yaml, or correct `id`.")


def test_files_that_would_not_be_read_are_told(draft: Draft) -> None:
    shutil.copy(draft.folder / CHL, draft.folder / "hospitals/chdn.yml")
    shutil.copy(draft.folder / CHL, draft.folder / "link.yaml")
    (draft.folder / "hosts/.chl.yaml.swp").touch()
    assert [(draft.place(p), p.what) for p in draft.problems()] == [
        ("hospitals/chdn.yml:1:1", "file would not be read"),
        ("link.yaml:1:1", "file would not be read"),
    ]


@pytest.mark.parametrize("file", [TOP, "links.yaml", "routers.yaml"])
def test_a_missing_file_is_told_and_nothing_else(draft: Draft, file: str) -> None:
    (draft.folder / file).unlink()
    problem = draft.only_problem()
    assert (draft.place(problem), problem.what) == (f"{file}:1:1", "file is missing")


def test_a_missing_hospital_is_told_where_it_is_named(draft: Draft) -> None:
    (draft.folder / "hospitals/hrs.yaml").unlink()
    told = {(draft.place(p).partition(":")[0], p.what) for p in draft.problems()}
    assert told == {
        ("services/anim.yaml", "unknown consumer"),
        ("routers.yaml", "router of an unknown hospital"),
        ("hospitals/chl.yaml", "flow to an unknown owner"),
    }


def test_no_folder_and_no_inventory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no inventory"):
        load_federation(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="cannot be read"):
        load_federation(Path("x" * 5000))
    with pytest.raises(InventoryError) as raised:
        load_federation(tmp_path)
    assert [Path(p.file).name for p in raised.value.problems] == ["federation.yaml", "links.yaml", "routers.yaml"]
    assert {p.what for p in raised.value.problems} == {"file is missing"}


def test_the_digest_follows_meaning_alone(draft: Draft) -> None:
    before = load_federation(draft.folder).digest
    text = (draft.folder / "hospitals/hrs.yaml").read_text().splitlines()
    draft.write("hospitals/hrs.yaml", "# a comment\n" + "\n".join([*text[1:5], text[0], *text[5:]]) + "\n")
    assert load_federation(draft.folder).digest == before
    draft.edit("hospitals/hrs.yaml", "cores: 400", "cores: 401")
    assert load_federation(draft.folder).digest != before
