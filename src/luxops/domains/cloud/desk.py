"""One look at a cloud, and what can be done with it: what the commands of `luxops cloud` stand on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.graph_cache import declared_graph
from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.planning import plan_of, selected
from luxops.domains.cloud.sweep import Sweep, sweep
from luxops.model import TargetId

if TYPE_CHECKING:
    from luxops.domains.cloud.changes import CloudPlan
    from luxops.domains.cloud.nouns import Graph
    from luxops.federation import Federation
    from luxops.progress import Progress
    from luxops.settings import CloudSettings
    from luxops.transports.openstack import CloudSession


class CloudDesk:
    """The declared cloud and the real one. Nothing is contacted before it is needed."""

    def __init__(self, federation: Federation, settings: CloudSettings) -> None:
        self.federation = federation
        self.settings = settings

    @cached_property
    def graph(self) -> Graph:
        """What the programs declare. Raises CaptureError."""
        return declared_graph(self.federation, self.settings.stacks, self.settings.cache)

    @cached_property
    def session(self) -> CloudSession:
        """Raises CloudError where `clouds.yaml` has no such cloud."""
        from luxops.transports.openstack import CloudSession  # noqa: PLC0415 - half a second that a graph alone needs not

        return CloudSession(self.settings)

    def look(self, progress: Progress) -> Comparison:
        """Sweep the cloud and lay the graph beside it. Raises CloudError where nobody can log in."""
        return Comparison(self.federation, self.graph, self.sweep(progress))

    def sweep(self, progress: Progress) -> Sweep:
        """List everything there is."""
        return _swept(self.session, progress)

    def plan(self, comparison: Comparison, names: Sequence[str]) -> CloudPlan:
        """What is to become of the named stacks. Raises UsageError for a name that no stack has."""
        return plan_of(comparison, selected(self.graph, names), self.settings.engine)


def look_at_everything(settings: CloudSettings, progress: Progress) -> Sweep:
    """Sweep a cloud of which nothing is declared. Raises CloudError."""
    from luxops.transports.openstack import CloudSession  # noqa: PLC0415 - as above

    return _swept(CloudSession(settings), progress)


def _swept(session: CloudSession, progress: Progress) -> Sweep:
    names = {name for kind in KINDS for name in kind.reads}
    progress.started("cloud", len(names))

    def came(name: str) -> None:
        if name in names:
            progress.observed(TargetId(name), 0.0, None)

    found = sweep(session, KINDS, came)
    progress.finished("cloud")
    return found
