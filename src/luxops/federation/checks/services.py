"""Who provides a shared service, and who uses it."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.errors import did_you_mean
from luxops.federation.declaration import Declaration
from luxops.federation.problems import Problem


def provider_exists(declared: Declaration) -> Iterator[Problem]:
    """The federation itself or a hospital answers for each service."""
    known = [declared.file.id, *declared.hospitals]
    for name, service in declared.services.items():
        if service.provider not in known and not declared.is_broken(service.provider):
            why = f"there is no `{service.provider}`{did_you_mean(service.provider, known)}"
            remedy = f"A provider is {declared.file.id} or a hospital."
            yield declared.problem(f"services/{name}.yaml", ("provider",), "unknown provider", why, remedy)


def consumers_exist(declared: Declaration) -> Iterator[Problem]:
    """Each service has consumers, each named once, all of them hospitals."""
    for name, service in declared.services.items():
        file = f"services/{name}.yaml"
        if not service.consumers:
            yield declared.problem(file, ("consumers",), "service without consumers", "", "Name the hospitals that use it.")
        for n, consumer in enumerate(service.consumers):
            path = ("consumers", n)
            if consumer in service.consumers[:n]:
                yield declared.problem(file, path, "consumer named twice", f"`{consumer}`", "Take one out.")
            elif consumer not in declared.hospitals and not declared.is_broken(consumer):
                why = f"there is no hospital `{consumer}`{did_you_mean(consumer, list(declared.hospitals))}"
                yield declared.problem(
                    file, path, "unknown consumer", why, f"Declare hospitals/{consumer}.yaml, or correct the name."
                )
