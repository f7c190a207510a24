"""Capacity: what is used, granted and free; what is unknown is never zero, and what was never recorded is said."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support import clouds

from luxops.domains.cloud.capacity import Amount, Capacity, OwnerCapacity, Past, added, capacity, past_use, target_of
from luxops.domains.cloud.hardware import Hardware, look_at_hardware
from luxops.domains.cloud.sweep import Hole
from luxops.federation import Federation, load_federation
from luxops.model import Failure, FailureReason
from luxops.reports.cloud_sheets import capacity_sheet
from luxops.reports.sheet import csv_of, html_of
from luxops.transports.openstack import CloudError

TIMEOUT = Failure(reason=FailureReason.TIMEOUT, detail="no answer in 60 s", retryable=True)
OVER = clouds.compute_use("s", (5, 4), (0, 0))
MONTH_AGO = clouds.TAKEN_AT - timedelta(days=30)


@pytest.fixture(scope="module")
def federation() -> Federation:
    return load_federation(Path("inventory"))


def hardware(**more: Any) -> Hardware:  # noqa: ANN401 - lists of items
    """One hypervisor and one pool in each datacentre."""
    machine = {"vcpus": 64, "vcpus_used": 96, "memory_mb": 262144, "memory_mb_used": 65536}
    found = Hardware(
        hypervisors=[{**machine, "service": {"host": host}} for host in ("c1", "c2")],
        zone_of_host={"c1": "dc1", "c2": "dc2"},
        pools=[
            {"name": "s@dc1#a", "capabilities": {"total_capacity_gb": 1000, "allocated_capacity_gb": 950}},
            {"name": "s@dc2#a", "capabilities": {"total_capacity_gb": 1000, "allocated_capacity_gb": 100}},
        ],
        zone_of_backend={"s@dc1": "dc1", "s@dc2": "dc2"},
    )
    return found._replace(**more)


def measured(
    federation: Federation, past: dict[str, list[Past]] | None = None, machines: Hardware | None = None,
    **more: Any,  # noqa: ANN401 - lists of items, and holes
) -> Capacity:  # fmt: skip
    found: dict[str, Any] = {
        "projects": [clouds.project("chl"), clouds.project("anim"), clouds.project("stray"), clouds.project("quiet")],
        "compute_use": [
            clouds.compute_use("chl", (8, 400), (65536, 1638400)),
            clouds.compute_use("anim", (8, -1), (65537, 65536)),
            clouds.compute_use("stray", (2, 4), (4096, 8192)),
            clouds.compute_use("quiet", (0, 4), (0, 8192)),
        ],
        "volume_use": [
            clouds.volume_use("chl", (8000, 200000)),
            clouds.volume_use("anim", (500, 400000)),
            clouds.volume_use("stray", (0, 10)),
            clouds.volume_use("quiet", (0, 10)),
        ],
        "servers": [clouds.server("chl", "chl-pacs1", "dc1"), clouds.server("anim", "anim-dc1", "dc1")],
        "volumes": [clouds.volume("chl", "studies", "dc1", 8000)],
        "flavors": [clouds.flavour("large", 8, 65536)],
    }
    return capacity(federation, clouds.swept(**(found | more)), machines or hardware(), past or {})


def items(name: str) -> dict[str, Any]:
    return {name: []}


def of(found: Capacity, owner: str) -> OwnerCapacity:
    return next(o for o in found.owners if o.owner == owner)


def test_use_quota_and_free_by_owner(federation: Federation) -> None:
    found = measured(federation)
    assert of(found, "chl").use.cores == Amount(used=8, limit=400)
    assert of(found, "chl").use.cores.free == 392
    assert of(found, "chl").use.ram_gib == Amount(used=64, limit=1600)
    assert of(found, "chl").kind == "hospital"
    assert of(found, "stray").kind == "undeclared"
    assert "quiet" not in {o.owner for o in found.owners}
    assert found.complete


def test_no_limit_is_no_figure_and_more_than_granted_is_less_than_nothing(federation: Federation) -> None:
    anim = of(measured(federation), "anim").use
    assert anim.cores.unlimited
    assert anim.cores.free is None
    assert anim.ram_gib.used == 65  # rounded up: what is begun is used
    assert anim.ram_gib.free == -1
    assert measured(federation).total.use.cores.unlimited


def test_a_declared_owner_without_a_project_uses_nothing(federation: Federation) -> None:
    assert of(measured(federation), "hrs").use.cores == Amount(used=0, limit=0)


@pytest.mark.parametrize("hole", [Hole("compute_use"), Hole("compute_use", "p-chl"), Hole("projects")])
def test_what_could_not_be_listed_is_unknown_and_so_is_the_sum(hole: Hole, federation: Federation) -> None:
    more: dict[str, Any] = {"compute_use": []} if hole.collection == "compute_use" else {"projects": []}
    found = measured(federation, holes={hole: TIMEOUT}, **more)
    chl = of(found, "chl").use.cores
    assert (chl.used, chl.limit, chl.free) == (None, None, None)
    assert "no answer in 60 s" in chl.why
    assert found.total.use.cores.used is None
    assert not found.complete
    table = rows(found)
    used = [row["used"] for row in table if (row["table"], row["owner"], row["resource"]) == ("owners", "chl", "cores")]
    assert used == ["UNKNOWN"]
    assert any(row["table"] == "unknown" and "no answer in 60 s" in row["why"] for row in table)


@pytest.mark.parametrize("name", ["servers", "volumes", "flavors"])
def test_a_missing_list_makes_shares_unknown_and_the_report_incomplete(name: str, federation: Federation) -> None:
    found = measured(federation, holes={Hole(name): TIMEOUT}, **items(name))
    assert not found.complete
    for share in found.shares:
        assert share.cores is None or name == "volumes"
        assert share.volumes_gib is None or name != "volumes"


def test_a_size_that_is_gone_is_unknown(federation: Federation) -> None:
    found = measured(federation, flavors=[])
    assert {share.cores for share in found.shares} == {None}
    assert "sizes large are gone" in found.shares[0].why


def test_datacentres_beside_their_hardware(federation: Federation) -> None:
    found = measured(federation)
    dc1 = found.places[0]
    assert (dc1.datacentre, dc1.hypervisors) == ("dc1", 1)
    assert dc1.ratio("cores") == 1.5
    assert dc1.use.volumes_gib == Amount(used=950, limit=1000)
    assert [(s.owner, s.zone, s.servers, s.cores, s.volumes_gib) for s in found.shares] == [
        ("anim", "dc1", 1, 8, 0), ("chl", "dc1", 1, 8, 8000),
    ]  # fmt: skip
    said = [sentence for _, _, sentence in capacity_sheet(found, "x").conclusion]
    assert any("dc1: 150% of its cores" in sentence for sentence in said)
    assert any("dc1: 95% of its volumes GiB" in sentence for sentence in said)


@pytest.mark.parametrize("size", ["infinite", "unknown", None])
def test_a_pool_that_does_not_know_its_size_is_unknown(size: object, federation: Federation) -> None:
    pools = [{"name": "s@dc1#a", "capabilities": {"total_capacity_gb": size, "allocated_capacity_gb": 1}}]
    assert measured(federation, machines=hardware(pools=pools)).places[0].use.volumes_gib.limit is None


def test_hardware_that_cannot_be_listed_is_unknown_and_nothing_else_is() -> None:
    class Refusing:
        def listed(self, _service: str, path: str, _key: str, **_: object) -> list[Any]:
            if path == "/os-hypervisors/detail":
                raise CloudError("list", Failure(reason=FailureReason.REFUSED, detail="403"))
            return [{"binary": "nova-compute", "host": "c1", "zone": "dc1"}]

        def get(self, _service: str, path: str, **_: object) -> dict[str, list[Any]]:
            if path == "/os-services":
                return {"services": [{"binary": "cinder-volume", "host": "s@a", "zone": "dc1"}]}
            return {"pools": [{"name": "s@a#p", "capabilities": {"total_capacity_gb": 9, "allocated_capacity_gb": 2}}]}

    found = look_at_hardware(Refusing())  # type: ignore[arg-type] # what it asks of a session
    assert "403" in found.why_no_machines
    assert found.pools_in("dc1") == Amount(used=2, limit=9)


def test_the_past_is_as_counted_or_by_sizes_and_nothing_recorded_is_no_record() -> None:
    counted = {
        "cloud_compute_quota": {"objects": [{"project": "chl", "coresUsed": 6, "ramUsed": 2049}]},
        "cloud_volume_quota": {"objects": [{"project": "x", "gigabytesUsed": 9}, {"project": "chl", "gigabytesUsed": 7}]},
    }
    assert past_use("chl", MONTH_AGO, counted, None) == Past(at=MONTH_AGO, cores=6, ram_gib=3, volumes_gib=7)
    sized = {
        "cloud_compute_quota": {"objects": [{"project": "chl", "cores": 400}]},
        "cloud_server": {"objects": [{"project": "chl", "flavorId": "large"}, {"project": "y", "flavorId": "large"}]},
        "cloud_volume": {"objects": [{"project": "chl", "size": 5}]},
    }
    sizes = {"large": {"vcpus": 8, "ram": 1024}}
    assert past_use("chl", MONTH_AGO, sized, sizes) == Past(at=MONTH_AGO, cores=8, ram_gib=1, volumes_gib=5)
    assert past_use("chl", MONTH_AGO, sized, None).cores is None
    assert past_use("chl", MONTH_AGO, {}, sizes) == Past(at=MONTH_AGO)


def test_a_sum_of_the_past_needs_everybody_s_record(federation: Federation) -> None:
    some = {"chl": [Past(at=MONTH_AGO, cores=4, ram_gib=32, volumes_gib=8000)]}
    table = [row for row in rows(measured(federation, some)) if row["table"] == "trend" and row["resource"] == "cores"]
    assert {row["owner"]: (row["30 days ago"], row["now"]) for row in table} == {
        "chl": ("4", "8"), "all": ("no record", "UNKNOWN" if measured(federation).total.use.cores.used is None else "18"),
    }  # fmt: skip


def test_sums_of_what_is_unknown_are_unknown() -> None:
    assert added([Amount(used=1, limit=2), Amount(why="x")]) == Amount(why="x")
    assert added([]) == Amount(used=0, limit=0)


def test_csv_and_html_are_the_same_for_the_same_data_and_name_nothing_elsewhere(federation: Federation) -> None:
    sheets = [capacity_sheet(measured(federation), "<b>=1+1") for _ in range(2)]
    assert csv_of(sheets[0]) == csv_of(sheets[1])
    assert html_of(sheets[0]) == html_of(sheets[1])
    page = html_of(sheets[0]).decode()
    assert "<b>=" not in page
    for outside in ("http://", "https://", "<script", "src=", "@import"):
        assert outside not in page


def test_a_csv_cell_is_no_formula_and_a_negative_number_stays_one(federation: Federation) -> None:
    stray: dict[str, Any] = {
        "projects": [clouds.project("s", name="=cmd()")],
        "compute_use": [clouds.compute_use("s", (5, 4), (0, 0))],
    }
    table = rows(measured(federation, **stray))
    assert {row["owner"] for row in table if "cmd" in row["owner"]} == {"'=cmd()"}
    assert "-1" in {row["free"] for row in table}


def test_targets_are_those_that_scans_record(federation: Federation) -> None:
    owners = ("chl", "anim", "luxith")
    assert [target_of(federation, owner) for owner in owners] == ["cloud-chl", "cloud-anim", "cloud-platform"]


def rows(found: Capacity) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_of(capacity_sheet(found, "x")).decode())))
