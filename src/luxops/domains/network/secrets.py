"""Which secrets a design needs."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.errors import UsageError

BGP_SECRET = "bgp"  # noqa: S105 - the secret's name in the inventory
ACCOUNT_SECRET = "account"  # noqa: S105 - same


def reference(name: str) -> str:
    """What stands in the secret's place in a plan until it is sent."""
    return f"<secret:{name}>"


def secret(secrets: Mapping[str, str], name: str, router: str, *, needed: bool) -> str:
    """The value of a named secret; empty where it is not needed. Raises UsageError where it is needed and missing."""
    if not needed:
        return ""
    if name not in secrets:
        raise UsageError(
            f"The configuration of {router} needs the secret `{name}`",
            why="federation.yaml names it under management.secrets, but its value was not given",
            remedy="Make the referenced variable or file readable.",
        )
    return secrets[name]
