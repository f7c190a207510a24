"""Settings from environment, file, options and a running lab, with errors a person can act on."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

from luxops import logs
from luxops.errors import LuxopsError
from luxops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_settings(inventory: Path | None, policies: Path | None, *, verbose: bool, use_lab: bool | None) -> Settings:
    """The settings in force. A running lab stands in for an inventory that nobody chose, and standard error says so."""
    chosen: dict[str, Any] = {}
    if inventory is not None:
        chosen["inventory"] = inventory
    if policies is not None:
        chosen["policies"] = policies
    if verbose:
        chosen["log_level"] = "info"
    settings = _validated(chosen)
    if use_lab or (use_lab is None and "inventory" not in settings.model_fields_set):
        settings = _of_lab(settings, required=bool(use_lab))
    logs.configure(settings.log_level, json=settings.log_json)
    return settings


def _validated(chosen: Mapping[str, Any]) -> Settings:
    file = os.environ.get("LUXOPS_CONFIG", "luxops.toml")
    try:
        return Settings(**chosen)
    except ValidationError as error:
        problems = "\n".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise LuxopsError(
            "The settings are not right",
            why=problems,
            remedy=f"Correct the LUXOPS_… variable or {file}; docs/operations.md lists every setting.",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise LuxopsError(f"{file} is not TOML", why=str(error), remedy="Correct the file.") from None


def _of_lab(settings: Settings, *, required: bool) -> Settings:
    from luxops.lab import active

    lab = active(settings)
    if lab is not None:
        click.echo(f"Using the running lab: its inventory, keys and store in {settings.lab.state}.", err=True)
        return lab
    if required:
        raise LuxopsError("No lab is running on this machine", remedy="Start one: luxops lab up")
    return settings
