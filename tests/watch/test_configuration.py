from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from tests.support.watched import prepared

from luxops.errors import LuxopsError, UsageError
from luxops.federation import Federation
from luxops.metrics import ProcessMetrics
from luxops.watch import Configuration


def anything(federation: Federation) -> None:
    del federation


def configuration(tmp_path: Path) -> tuple[Configuration, CollectorRegistry, Path]:
    settings = prepared(tmp_path, "sqlite:///unused.db")
    registry = CollectorRegistry()
    return (
        Configuration(settings.inventory, settings.policies, anything, ProcessMetrics(registry)),
        registry,
        settings.inventory,
    )


def valid(registry: CollectorRegistry, part: str) -> float | None:
    return registry.get_sample_value("luxops_configuration_valid", {"part": part})


def test_nothing_is_read_again_while_no_file_changes(tmp_path: Path) -> None:
    config, registry, _ = configuration(tmp_path)
    before = config.federation
    assert not config.refresh()
    assert config.federation is before
    assert (valid(registry, "inventory"), valid(registry, "policies")) == (1, 1)


def test_a_good_change_is_taken_over(tmp_path: Path) -> None:
    config, registry, inventory = configuration(tmp_path)
    before = config.federation.digest
    file = inventory / "hosts" / "chl.yaml"
    file.write_text(file.read_text().replace("chl-pacs2", "chl-pacs9"))
    assert config.refresh()
    assert config.federation.digest != before
    assert registry.get_sample_value("luxops_configuration_reloads_total", {"part": "inventory", "result": "taken-over"}) == 1


def test_a_bad_change_is_refused_told_once_and_mended(tmp_path: Path) -> None:
    config, registry, inventory = configuration(tmp_path)
    before = config.federation
    file = inventory / "hosts" / "chl.yaml"
    good = file.read_text()
    file.write_text(good + "nonsense: [")
    assert not config.refresh()
    assert not config.refresh()
    assert config.federation is before
    assert valid(registry, "inventory") == 0
    assert registry.get_sample_value("luxops_configuration_reloads_total", {"part": "inventory", "result": "refused"}) == 1
    file.write_text(good)
    assert config.refresh()
    assert valid(registry, "inventory") == 1


def test_files_that_vanish_leave_the_last_good_ones_in_use(tmp_path: Path) -> None:
    config, registry, inventory = configuration(tmp_path)
    inventory.rename(tmp_path / "away")
    assert not config.refresh()
    assert valid(registry, "inventory") == 0
    (tmp_path / "away").rename(inventory)
    assert config.refresh()


def test_policies_are_taken_over_and_refused_the_same_way(tmp_path: Path) -> None:
    config, registry, _ = configuration(tmp_path)
    before = config.evaluator.digest
    file = tmp_path / "policies" / "host" / "ssh.yaml"
    good = file.read_text()
    file.write_text(good.replace("severity: high", "severity: awful"))
    assert not config.refresh()
    assert (valid(registry, "policies"), config.evaluator.digest) == (0, before)
    file.write_text(good.replace("severity: high", "severity: low"))
    assert config.refresh()
    assert (valid(registry, "policies"), config.evaluator.digest != before) == (1, True)


def test_an_inventory_that_leaves_nothing_to_watch_is_refused(tmp_path: Path) -> None:
    settings = prepared(tmp_path, "sqlite:///unused.db")

    def refuse(federation: Federation) -> None:
        if "chl-pacs2" not in str(federation.hosts):
            raise UsageError("No target matches `chl-pacs2`")

    registry = CollectorRegistry()
    config = Configuration(settings.inventory, settings.policies, refuse, ProcessMetrics(registry))
    file = settings.inventory / "hosts" / "chl.yaml"
    file.write_text(file.read_text().replace("chl-pacs2", "chl-pacs9"))
    assert not config.refresh()
    assert valid(registry, "inventory") == 0


def test_what_is_wrong_from_the_start_is_an_error(tmp_path: Path) -> None:
    settings = prepared(tmp_path, "sqlite:///unused.db")
    (settings.inventory / "federation.yaml").write_text("id: [")
    with pytest.raises(LuxopsError):
        Configuration(settings.inventory, settings.policies, anything, ProcessMetrics(CollectorRegistry()))
