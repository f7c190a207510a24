"""What every domain can do. The pipeline knows nothing else about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from luxops.federation import Federation
    from luxops.model import Drift, Observation, Target
    from luxops.progress import Progress


class Domain(Protocol):
    """One kind of thing that luxops looks after. `Desired` is each domain's own type: only `compare` reads it."""

    @property
    def name(self) -> str:
        """`hosts`, `network`, …: stable, used in reports and metrics."""
        ...

    def targets(self, federation: Federation) -> Sequence[Target]:
        """Everything of this domain that the federation declares."""
        ...

    def desired(self, federation: Federation) -> Any:  # noqa: ANN401 - opaque to everyone else
        """What should be. Pure: no I/O, the same for the same inventory."""
        ...

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        """One sequence a target, as answers come in: exactly one observation or failure for each fact of that target."""
        ...

    def compare(self, desired: Any, observations: Sequence[Observation]) -> Sequence[Drift]:  # noqa: ANN401 - see desired
        """What differs in one target's observations. What could not be observed is not compared; it never raises for that."""
        ...
