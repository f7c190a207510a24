"""What the commands that look at targets have in common: federation, policies, domains, store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from luxops.domains.interface import Domain
    from luxops.domains.network.fetched import Fetched
    from luxops.evaluation import Evaluator
    from luxops.federation import Federation
    from luxops.model import Selection, Target
    from luxops.pipeline import Outcome
    from luxops.policies import PolicySet
    from luxops.settings import Settings
    from luxops.store import Store


@dataclass(frozen=True)
class Session:
    """All that a scan needs, opened once."""

    settings: Settings
    federation: Federation
    policies: PolicySet
    evaluator: Evaluator
    domains: tuple[Domain, ...]
    store: Store
    replayed: bool = False

    def targets(self) -> list[Target]:
        """Everything the federation declares, in every domain."""
        return [target for domain in self.domains for target in domain.targets(self.federation)]

    def scan(self, selection: Selection) -> Outcome:
        """Scan with a progress bar on standard error."""
        from luxops import pipeline
        from luxops.cli.progress import Bar

        with Bar() as progress:
            return pipeline.scan(
                self.federation, self.domains, self.evaluator, selection, self.store, progress, replayed=self.replayed
            )


@contextmanager
def open_session(settings: Settings, configurations: Callable[[Fetched], None] | None = None) -> Iterator[Session]:
    """Load the declaration and the policies, open the store, make the transports. Nothing is contacted yet.

    `configurations`: told of every running configuration that a look at a router has seen.
    """
    from luxops.domains.assembly import all_domains
    from luxops.evaluation import Evaluator
    from luxops.federation import load_federation
    from luxops.policies import load_policies
    from luxops.store import open_store

    federation = load_federation(settings.inventory)
    policies = load_policies(settings.policies)
    policies.check_approvers({person.id for person in federation.file.people})
    domains = all_domains(settings, configurations)
    with open_store(settings.store.url) as store:
        yield Session(settings, federation, policies, Evaluator(policies), domains, store, settings.replay is not None)
