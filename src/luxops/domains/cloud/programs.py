"""What the programs in `stacks/` share: which stacks there are, the federation, and how one stack reads another."""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

from luxops.domains.cloud.nouns import StackId
from luxops.federation import Federation, load_federation

if TYPE_CHECKING:
    import pulumi

Outputs: TypeAlias = "pulumi.Output[dict[str, Any]]"
"""What a stack exports."""

ProjectName = Literal["platform", "tenant", "services", "fibre"]
PROJECTS: tuple[ProjectName, ...] = get_args(ProjectName)

given_federation: ContextVar[Federation | None] = ContextVar("given_federation", default=None)
"""The federation that a program is to use where luxops itself runs it, instead of the inventory of the settings."""


class Program(NamedTuple):
    """One stack: a Pulumi project, and for whom."""

    project: ProjectName
    name: str

    @property
    def id(self) -> StackId:
        return StackId(f"{self.project}/{self.name}")


def waves_of(federation: Federation) -> tuple[tuple[Program, ...], ...]:
    """Every stack of the federation in the order in which they are brought up. Those of one wave do not read each other."""
    own = federation.file.id
    tenants = (
        *(Program("tenant", hospital) for hospital in federation.hospitals),
        *(Program("services", service) for service in federation.services),
    )
    return (Program("platform", own),), tenants, (Program("fibre", own),)


def declared_federation() -> Federation:
    """What the program at work is to declare. Raises InventoryError."""
    given = given_federation.get()
    if given is not None:
        return given
    from luxops.settings import Settings  # noqa: PLC0415 - only where the Pulumi CLI runs the program

    return _loaded(Settings().inventory)


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> Federation:
    return load_federation(folder)


def cloud_name() -> str:
    """The cloud's name in `clouds.yaml`."""
    from luxops.settings import Settings  # noqa: PLC0415 - settings are read when a program runs

    return Settings().cloud.name


def outputs_of(project: str, name: str) -> pulumi.Output[dict[str, Any]]:
    """What another stack exports."""
    import pulumi  # noqa: PLC0415 - the SDK takes a second to import, and the list of stacks does not need it

    return pulumi.StackReference(f"{project}-{name}", stack_name=f"organization/{project}/{name}").outputs


def platform_outputs(federation: Federation) -> pulumi.Output[dict[str, Any]]:
    """What the platform lends: `project_id`, ids of `flavours`, `images`, `hub` routers and the `management` network."""
    return outputs_of("platform", federation.file.id)
