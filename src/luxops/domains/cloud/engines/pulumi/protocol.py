"""What passes between luxops and a stack's process: one request, then a JSON line for each thing that happens."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from luxops.domains.cloud.nouns import StackId, Urn
from luxops.model import Frozen, PathChange

PulumiUrn = str
"""`urn:pulumi:STACK::PROJECT::PARENT-TYPE$TYPE::NAME`."""

_PARTS = 5


def urn_of(pulumi_urn: PulumiUrn) -> Urn:
    """The same resource's name among all that is declared."""
    parts = pulumi_urn.split("::", 3)
    head, project, types, name = parts if len(parts) == _PARTS - 1 else (":", "", pulumi_urn, "")
    return Urn(f"{project}/{head.rpartition(':')[2]}::{types.rpartition('$')[2]}::{name}")


class Operation(StrEnum):
    """What the process is to do with its stack."""

    PREVIEW = "preview"
    UP = "up"
    DESTROY = "destroy"
    EXPORT = "export"
    IMPORT = "import"
    CANCEL = "cancel"


class Request(Frozen):
    """One piece of work. Nothing secret: that is in the process's environment."""

    operation: Operation
    folder: Path
    """Of the Pulumi project."""
    stack: StackId
    parallel: int = 4
    """Resources worked on at once."""
    excluded: tuple[PulumiUrn, ...] = ()
    """What `up` is to leave as it is."""
    deployment: Mapping[str, Any] | None = None
    """The state to import."""


class Step(Frozen):
    """Something happens to one resource."""

    line: Literal["step"] = "step"
    stage: Literal["begun", "planned", "done", "failed"]
    op: str
    """Pulumi's word: `create`, `delete-replaced`, …"""
    urn: PulumiUrn
    type: str
    custom: bool = True
    """False for components, which group others."""
    id: str = ""
    protect: bool = False
    properties: Mapping[str, Any] = {}
    """Inputs: new ones, or those of what goes away. Only of what is planned."""
    paths: tuple[PathChange, ...] = ()
    at: float = 0.0
    """Seconds since the process began to work."""


class Said(Frozen):
    """A message of the engine, the provider or the program."""

    line: Literal["said"] = "said"
    severity: str
    text: str
    urn: PulumiUrn = ""


class Trouble(StrEnum):
    """Why an operation did not end well."""

    LOCKED = "locked"
    MISSING = "missing"
    """There is no such stack in this state."""
    VERSION = "version"
    """The CLI and the SDK do not fit."""
    PENDING = "pending"
    """An interrupted run has left creates of which nobody knows the end."""
    FAILED = "failed"


class Ended(Frozen):
    """The last line."""

    line: Literal["ended"] = "ended"
    trouble: Trouble | None = None
    text: str = ""
    deployment: Mapping[str, Any] | None = None
    """What was exported."""


Line = Annotated[Step | Said | Ended, Field(discriminator="line")]
LINE: TypeAdapter[Step | Said | Ended] = TypeAdapter(Line)
