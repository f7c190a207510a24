"""Routers as the network domain reads them, and sessions to change them in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from luxops.domains.network.domain import NetworkDomain, endpoint_of
from luxops.domains.network.platforms import PLATFORMS
from luxops.domains.network.pushing.looking import Look, look_of
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import Failure, FailureReason, Target, TargetId
from luxops.progress import Silent
from luxops.transports.dialogue import Dialogue, Dialogues
from luxops.transports.failures import SessionError


class RouterAccess:
    """Access to the routers that the federation declares, and to no others."""

    def __init__(
        self, domain: NetworkDomain, targets: Mapping[TargetId, Target], dialogues: Dialogues, change_user: str | None = None
    ) -> None:
        self._domain = domain
        self._targets = targets
        self._dialogues = dialogues
        self._account = {} if change_user is None else {"user": change_user, "user_fixed": True}

    @classmethod
    def of(cls, federation: Federation, domain: NetworkDomain, dialogues: Dialogues) -> RouterAccess:
        targets = {target.id: target for target in domain.targets(federation)}
        return cls(domain, targets, dialogues, federation.file.management.change_user)

    def look(self, device: TargetId) -> Look:
        target = self._targets.get(device)
        if target is None:
            failure = Failure(reason=FailureReason.WRONG_TARGET, detail="the inventory declares no such router")
            return Look(failure=failure)
        (observations,) = self._domain.observe([target], Silent())
        return look_of(observations)

    def dialogue(self, device: TargetId) -> AbstractContextManager[Dialogue]:
        target = self._targets.get(device)
        if target is None:
            raise SessionError(FailureReason.WRONG_TARGET, f"the inventory declares no router `{device}`")
        platform = PLATFORMS[Platform(target.labels["platform"])]
        return self._dialogues.open(endpoint_of(target).model_copy(update=self._account), platform.device_type)
