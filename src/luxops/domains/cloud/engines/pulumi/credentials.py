"""How the provider logs in: as `clouds.yaml` says, but by variables.

The provider takes a cloud by its name too, and then passes over the project that it is told to work in: servers and volumes of
every tenant would be the administrator's. By variables it works in the project that its resource names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from luxops.errors import LuxopsError

if TYPE_CHECKING:
    from luxops.settings import CloudSettings

_FROM_AUTH: Final = {
    "auth_url": "OS_AUTH_URL",
    "username": "OS_USERNAME",
    "user_id": "OS_USER_ID",
    "password": "OS_PASSWORD",
    "user_domain_id": "OS_USER_DOMAIN_ID",
    "user_domain_name": "OS_USER_DOMAIN_NAME",
}
_FROM_CLOUD: Final = {"region_name": "OS_REGION_NAME", "cacert": "OS_CACERT", "cert": "OS_CERT", "key": "OS_KEY"}
PASSWORD: Final = "OS_PASSWORD"  # noqa: S105 - a variable's name


def provider_environment(settings: CloudSettings, project_id: str) -> dict[str, str]:
    """Variables for the provider, to work in `project_id` where a resource names no other. Raises LuxopsError."""
    import openstack  # noqa: PLC0415 - costs half a second that other work need not pay
    from openstack.exceptions import ConfigException  # noqa: PLC0415 - same

    files = None if settings.clouds_file is None else [str(settings.clouds_file)]
    try:
        cloud = openstack.config.OpenStackConfig(config_files=files, load_envvars=files is None).get_one(cloud=settings.name)
    except ConfigException as error:
        remedy = "Correct LUXOPS_CLOUD__NAME."
        raise LuxopsError(f"There is no cloud `{settings.name}`", why=str(error), remedy=remedy) from None
    auth: Mapping[str, Any] = cloud.config.get("auth") or {}
    if not auth.get("password"):
        raise LuxopsError(
            "The provider of the pulumi engine cannot log in as clouds.yaml says",
            why="it works in every tenant's project in turn, which a token or an application credential of one project cannot",
            remedy="Give that cloud a user name and a password, or choose --engine reconcile.",
        )
    found = {variable: str(auth[name]) for name, variable in _FROM_AUTH.items() if auth.get(name)}
    found |= {variable: str(cloud.config[name]) for name, variable in _FROM_CLOUD.items() if cloud.config.get(name)}
    found["OS_PROJECT_ID"] = project_id
    found["OS_INTERFACE"] = found["OS_ENDPOINT_TYPE"] = str(cloud.config.get("interface") or "public")
    if cloud.config.get("verify") is False:
        found["OS_INSECURE"] = "true"
    return found
