"""`luxops report` over a real store: which scan, which file, which error."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from tests.reports.report_samples import HOSTS, INVENTORY, POLICIES, ROOT, STARTED, federation, make_finding, policy_set

from luxops.cli import report as command
from luxops.cli.context import CliContext
from luxops.errors import LuxopsError, UsageError
from luxops.model import Coverage, FactName, FactValue, Observation, Scan, Selection, Target, Verdict
from luxops.reports import ReportedFederation
from luxops.reports.formats import FORMATS
from luxops.settings import Settings
from luxops.store import ScanRecord, Store, open_store


class Fact(FactValue):
    answer: str


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'luxops.db'}") as opened:
        yield opened


def begin(store: Store, selection: str = "everything") -> ScanRecord:
    declared = [target.id for target in HOSTS]
    return store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection=selection, declared=declared)


def scanned(store: Store, selection: str = "everything", verdict: Verdict = Verdict.PASS) -> Scan:
    targets = Selection.parse(() if selection == "everything" else selection.split()).of(HOSTS)
    with begin(store, selection) as record:
        for target in targets:
            observed = Observation.of(target.id, FactName("sshd"), Fact(answer="x"), STARTED + timedelta(seconds=1))
            record.add(target, "hosts", [observed], [make_finding(ROOT, target, verdict, actual="yes").finding], [])
        return record.finish(Coverage(targets=len(targets), observed=len(targets)))


@pytest.fixture
def run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def] # noqa: ANN201
    """The command in an empty folder, with the samples' declaration and policies."""

    @contextmanager
    def open_session(settings: Settings) -> Iterator[SimpleNamespace]:
        del settings

        def targets() -> list[Target]:
            return HOSTS

        yield SimpleNamespace(store=store, policies=policy_set(), federation=federation(), targets=targets)

    monkeypatch.setattr("luxops.cli.session.open_session", open_session)
    monkeypatch.setattr(ReportedFederation, "of", lambda given: given)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def call(*arguments: str) -> Result:
        obj = CliContext(inventory=tmp_path, policies=tmp_path, use_lab=False)
        return CliRunner().invoke(command.report, arguments, obj=obj)

    return call


def test_it_writes_html_beside_and_prints_the_path_alone(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    scan = scanned(store)
    result = run()
    assert (result.exit_code, result.stdout) == (0, f"luxops-report-{scan.id}.html\n")
    assert Path(result.stdout.strip()).read_bytes().startswith(b"<!doctype html>")
    assert "5 of 5 targets observed in full" in result.stderr
    assert [p.name for p in Path().iterdir()] == [result.stdout.strip()]


@pytest.mark.parametrize("name", list(FORMATS))
def test_standard_output_carries_the_report_alone(run, store: Store, name: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    scanned(store)
    first, second = run("--format", name, "--to", "-"), run("--format", name, "--to", "-")
    assert first.stdout_bytes == second.stdout_bytes
    assert first.stdout_bytes
    assert not list(Path().iterdir())


def test_the_file_name_says_the_format(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    scanned(store)
    assert run("--to", "out.sarif").exit_code == 0
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"
    assert {member.suffix: member.name for member in FORMATS.values()} == command.SUFFIXES


def test_json_answer(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    scan = scanned(store, verdict=Verdict.FAIL)
    answer = json.loads(run("--format", "csv", "--output", "json").stdout)
    assert (answer["schema"], answer["format"], answer["scan"]["id"]) == ("luxops/report-file/1", "csv", scan.id)
    assert Path(answer["path"]).exists()
    assert isinstance(run("--to", "-", "--output", "json").exception, UsageError)


def test_no_scan_yet(run) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    error = run().exception
    assert isinstance(error, UsageError)
    assert "luxops scan" in error.remedy


def test_an_interrupted_scan_is_never_reported(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    done = scanned(store)
    with pytest.raises(KeyboardInterrupt), begin(store):
        raise KeyboardInterrupt
    interrupted = store.scans()[0]
    assert interrupted.id != done.id
    result = run()
    assert f"luxops-report-{done.id}.html" in result.stdout
    assert f"Scan {interrupted.id} is newer but interrupted" in result.stderr
    error = run("--scan", interrupted.id).exception
    assert isinstance(error, UsageError)
    assert "interrupted" in error.diagnosis()


def test_an_unknown_scan_is_an_error_with_the_nearest(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    scan = scanned(store)
    error = run("--scan", f"{scan.id}x").exception
    assert isinstance(error, UsageError)
    assert scan.id in error.diagnosis()


def test_a_narrow_scan_never_stands_for_a_wide_selection(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    narrow = scanned(store, "chl-pacs1")
    error = run("hospital:chl").exception
    assert isinstance(error, UsageError)
    assert "2 targets are missing" in error.why
    assert isinstance(run("hospital:chl", "--scan", narrow.id).exception, UsageError)
    assert run().stdout == f"luxops-report-{narrow.id}.html\n"


def test_the_newest_scan_that_is_wide_enough_is_taken(run, store: Store) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    wide = scanned(store)
    scanned(store, "chl-pacs1")
    result = run("hospital:chl", "--to", "-", "--format", "json")
    document = json.loads(result.stdout)
    assert document["scan"]["id"] == wide.id
    assert document["coverage"]["targets"] == 3


@pytest.mark.parametrize("where", ["missing/report.html", "."])
def test_a_place_that_cannot_be_written_is_one_message(run, store: Store, where: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    scanned(store)
    error = run("--to", where).exception
    assert isinstance(error, LuxopsError)
    assert "cannot be written" in error.what
    assert not list(Path().glob(".*"))


def test_what_stood_there_stays_until_the_new_file_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LuxopsError) as caught:
        command.write_whole(path, b"new")
    assert caught.value.why == "No space left on device"
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_device_is_written_to_not_replaced() -> None:
    null = Path("/dev/null")
    command.write_whole(null, b"x")
    assert stat.S_ISCHR(null.stat().st_mode)


def test_a_link_keeps_pointing_to_its_file(tmp_path: Path) -> None:
    real, link = tmp_path / "real.html", tmp_path / "link.html"
    real.write_text("old")
    link.symlink_to(real)
    command.write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
