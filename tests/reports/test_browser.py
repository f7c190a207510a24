"""The page in a real browser: on screen without script, and on paper."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.reports.report_samples import realistic

from luxops.reports import Report
from luxops.reports.formats import FORMATS
from luxops.store.views import ScanContent

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Debian's chromium is missing: apt-get install chromium"),
]

Browse = Callable[..., bytes]


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Browse]:
    """Run the browser once on a page, with a fresh profile and no network."""

    def run(page: Path, *options: str) -> bytes:
        command = [
            CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}", *options, page.as_uri(),
        ]  # fmt: skip
        return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout

    yield run
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)


@pytest.fixture
def page(tmp_path: Path, make_report: Callable[[ScanContent], Report]) -> Path:
    path = tmp_path / "report.html"
    path.write_bytes(FORMATS["html"].render(make_report(realistic(replayed=True))))
    return path


@functools.cache
def _pdftotext() -> str | None:
    return shutil.which("pdftotext")


def test_the_browser_closes_nothing_that_the_page_left_open(page: Path, browse: Browse) -> None:
    def tags(text: str) -> list[str]:
        return re.findall(r"</?[a-z][a-z0-9]*", text)

    assert tags(browse(page, "--dump-dom").decode()) == tags(page.read_text())


def test_the_page_paints(page: Path, browse: Browse, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    browse(page, f"--screenshot={picture}", "--window-size=1280,1600", "--hide-scrollbars")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000  # an empty page of this size is a tenth of that


def test_the_browser_would_run_no_script_even_if_one_got_into_the_page(page: Path, browse: Browse) -> None:
    attack = "<script>document.documentElement.id='ran'</script><img src=x onerror=\"document.documentElement.id='ran'\">"
    guarded = page.read_text().replace("<main>", f"<main>{attack}")
    page.write_text(guarded)
    assert b'id="ran"' not in browse(page, "--dump-dom")
    page.write_text(guarded.replace("Content-Security-Policy", "X-Nothing"))
    assert b'id="ran"' in browse(page, "--dump-dom")  # so this test can fail


@pytest.mark.skipif(not _pdftotext(), reason="pdftotext is missing: apt-get install poppler-utils")
def test_paper_has_coverage_on_page_one_every_finding_opened_and_the_mark_on_every_page(
    page: Path, browse: Browse, tmp_path: Path
) -> None:
    pdf = tmp_path / "report.pdf"
    browse(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    text = subprocess.run([_pdftotext() or "", "-layout", str(pdf), "-"], check=True, capture_output=True).stdout.decode()
    pages = text.rstrip("\f").split("\f")
    assert len(pages) > 3
    assert "6 of 8" in pages[0]
    assert "targets observed in full: 75 %" in " ".join(pages[0].split())
    assert all("REPLAYED: recorded answers" in p for p in pages)
    assert all("page " in p for p in pages)
    # Closed on screen, since it is of medium severity; open on paper.
    assert '<details class="finding">' in page.read_text()
    assert "Why it matters that the audit daemon runs." in " ".join(text.split())
