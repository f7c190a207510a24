"""How OpenStack's services are configured on a controller, and who may read and change that. No secret leaves the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.openstack_settings import (
    REDUCE,
    SERVICES,
    TABLE,
    Line,
    Setting,
    sections_of,
    settings_of,
    value,
)
from luxops.domains.hosts.facts.reading import STAT, Block, blocks, file_modes
from luxops.model import FactName, FactValue, Unreadable


class OpenstackService(FactValue):
    settings: Mapping[str, Mapping[str, Setting]] | Unreadable
    """Section → key → value in force, for each setting of `openstack_settings.TABLE`; None where no file sets it, so that the
    service's default holds: `settings.DEFAULT.debug`. Older names stand under today's."""
    backends: Mapping[str, Mapping[str, Setting]] | Unreadable
    """Cinder's enabled backends: name → `volume_driver`, `nas_secure_file_permissions`, `nas_secure_file_operations`, each from
    `backend_defaults` where the backend's own section has none. Empty for other services."""
    files: Mapping[str, FileMode | Unreadable]
    """The service's folder, its configuration files, drop-ins, paste and policy files; path → mode. A link that leads
    nowhere, and a policy file elsewhere, are Unreadable."""
    policy_files: tuple[str, ...]
    """Those of `files` that hold the service's own access rules: policy.yaml, policy.json, policy.d."""
    keys: Mapping[str, FileMode] | Unreadable
    """Keystone's repositories of keys, fernet-keys and credential-keys, and the keys in them; empty for other services."""


class Openstack(FactValue):
    """Sources: /etc/SERVICE/SERVICE.conf (glance: glance-api.conf) and *.conf.d, for neutron ml2_conf.ini too; stat.

    What a service is told otherwise, by its command line, its environment or a container, is not in it.
    """

    services: Mapping[str, OpenstackService]
    """Of `keystone`, `nova`, `neutron`, `cinder`, `glance`, those configured here; empty where there is no OpenStack."""


_PARTS = ("services", "modes", "settings")
_FIND = f"""\
for s in {" ".join(SERVICES)}; do
  d=/etc/$s c=$s
  [ $s != glance ] || c=glance-api
  [ -e $d/$c.conf ] || [ -L $d/$c.conf ] || [ -e $d/$c.conf.d ] || [ -e $d/$s.conf.d ] || continue
  echo $s
  for p in $d $d/*.conf $d/*.ini $d/*.conf.d $d/*.conf.d/* $d/plugins/ml2/*.ini $d/policy.* $d/policy.d/* \\
    $d/*-keys $d/*-keys/*; do
    if [ -e "$p" ]; then set -- "$@" "$p"
    elif [ -L "$p" ]; then echo "! $p"; fi
  done
done
echo '@@ services 0'
[ $# = 0 ] || {STAT} "$@"
echo "@@ modes $?"
for p; do
  shift
  case $p in
    /etc/*/*.conf.d/*.conf | /etc/keystone/keystone*.conf | /etc/nova/nova*.conf | /etc/neutron/neutron*.conf | \\
    /etc/neutron/plugins/ml2/ml2_conf.ini | /etc/cinder/cinder*.conf | /etc/glance/glance.conf | /etc/glance/glance-api.conf)
      if [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; else echo "! $p"; fi ;;
  esac
done
"""
ROOT = Section(
    "openstack.root",
    f"""\
{_FIND}[ $# = 0 ] || printf '%s' '{TABLE}' | awk '{REDUCE}' - "$@"
echo "@@ settings $?"
""",
    group="local",
    privileged=True,
)
_REPOSITORIES = {"fernet_tokens": "/etc/keystone/fernet-keys", "credential": "/etc/keystone/credential-keys"}
"""Section whose `key_repository` says where Keystone's keys are → its default, the only place that is looked at."""


def parse(answer: Answer) -> Openstack:
    """Raises ParseError for a line that the script cannot have printed, and for files of a service that is not there."""
    part = blocks(answer.text(ROOT.name), _PARTS)
    present, dangling = _present(part["services"].lines)
    if part["modes"].status:
        raise ParseError("a file vanished while it was looked at")
    modes: dict[str, dict[str, FileMode | Unreadable]] = {service: {} for service in present}
    for path, mode in file_modes(part["modes"].lines).items():
        modes[_service(path, present)][path] = mode
    for path in dangling:
        modes[_service(path, present)][path] = Unreadable(reason="a link that leads nowhere")
    lines, unread = _settings(part["settings"], modes)
    if bare := [service for service in present if not modes[service]]:
        raise ParseError(f"{bare[0]} is there, but has no file")
    return Openstack(services={name: _one(name, modes[name], lines[name], unread.get(name, "")) for name in present})


def _present(lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """Services, and links that lead nowhere."""
    present, dangling = [], []
    for line in lines:
        if line.startswith("! /"):
            dangling.append(line[2:])
        elif line in SERVICES and line not in present:
            present.append(line)
        else:
            raise ParseError(f"neither a service nor a link: {line[:80]!r}")
    return present, dangling


def _service(path: str, present: Iterable[str]) -> str:
    _, etc, service, *_ = [*path.split("/"), "", ""]
    if etc != "etc" or service not in present:
        raise ParseError(f"a file of no service that is there: {path[:80]!r}")
    return service


def _settings(
    block: Block, modes: Mapping[str, Mapping[str, FileMode | Unreadable]]
) -> tuple[dict[str, list[Line]], dict[str, str]]:
    """Of each service, its settings, and why they could not all be read."""
    lines: dict[str, list[Line]] = {service: [] for service in modes}
    unread = dict.fromkeys(modes, f"reading ended with status {block.status}") if block.status else {}
    told: set[tuple[str, str, str]] = set()
    for line in block.lines:
        if line.startswith(("! /", "? /")):
            why = "may not be read" if line[0] == "!" else "is not as oslo.config writes it"
            unread[_service(line[2:], modes)] = f"{line[2:]} {why}"
            continue
        file, *setting = line.split("\t")
        if len(setting) != 3:  # noqa: PLR2004 - section, key, value
            raise ParseError(f"not a setting: {line[:80]!r}")
        section, key, shown = setting
        service = _service(file, modes)
        if file not in modes[service] or (file, section, key) in told:
            raise ParseError(f"a setting that is told twice, or of a file that is not there: {line[:80]!r}")
        told.add((file, section, key))
        value(service, section, key, shown)
        lines[service].append((file, section, key, shown))
    return lines, unread


def _one(service: str, modes: Mapping[str, FileMode | Unreadable], lines: list[Line], unread: str) -> OpenstackService:
    keys = {path: mode for path, mode in modes.items() if service == "keystone" and _is_key(path)}
    files = {path: mode for path, mode in modes.items() if path not in keys}
    gone = [path for path, mode in files.items() if isinstance(mode, Unreadable) and path.endswith((".conf", "/ml2_conf.ini"))]
    if gone and not unread:
        unread = f"{gone[0]} is a link that leads nowhere"
    read = _read_by_all(service, files)
    settings = settings_of(service, lines, read)
    if settings["DEFAULT"]["config_source"] not in {None, "blank"}:
        unread = unread or "config_source names a further source of settings"
    own = _policy_files(service, files, settings["oslo_policy"])
    elsewhere = Unreadable(reason="access rules of the service's own, where luxops does not look")
    return OpenstackService(
        settings=Unreadable(reason=unread) if unread else settings, backends=_backends(service, settings, lines, read, unread),
        files=files | dict.fromkeys(own - files.keys(), elsewhere), policy_files=tuple(sorted(own)),
        keys=_keys(keys, settings, unread) if service == "keystone" else {},
    )  # fmt: skip


def _keys(
    keys: Mapping[str, FileMode | Unreadable], settings: Mapping[str, Mapping[str, Setting]], unread: str
) -> Mapping[str, FileMode] | Unreadable:
    seen = {path: mode for path, mode in keys.items() if isinstance(mode, FileMode)}
    if unread or len(seen) < len(keys):
        return Unreadable(reason=unread or "a link among them leads nowhere")
    for section, place in _REPOSITORIES.items():
        named = settings[section]["key_repository"]
        if named is not None and str(named).rstrip("/") != place:
            return Unreadable(reason=f"[{section}] key_repository names another place, where luxops does not look")
    return seen


def _is_key(path: str) -> bool:
    return path.split("/")[3:4] in (["fernet-keys"], ["credential-keys"])


def _read_by_all(service: str, files: Iterable[str]) -> list[str]:
    """Configuration that all programs of a service read, in their order: files by name, then folders, each sorted by bytes."""
    folder, names = f"/etc/{service}/", [service, *(["glance-api"] if service == "glance" else [])]
    first = [f"{folder}{name}.conf" for name in names] + ["/etc/neutron/plugins/ml2/ml2_conf.ini"]
    dropped = [
        path
        for name in names
        for path in sorted(files, key=str.encode)
        if path.startswith(f"{folder}{name}.conf.d/") and path.endswith(".conf")
    ]
    return [path for path in first if path in files] + dropped


def _policy_files(service: str, files: Iterable[str], settings: Mapping[str, Setting]) -> set[str]:
    """Files of the service's own access rules: those that are there, and what is named elsewhere."""
    folder = f"/etc/{service}/"
    found = {path for path in files if path.startswith(f"{folder}policy.")}
    several = settings["policy_dirs"]
    for named in (settings["policy_file"], *(several if isinstance(several, tuple) else (several,))):
        if named is not None:
            path = "?" if isinstance(named, Unreadable) else str(named)
            path = path if path.startswith("/") else folder + path
            found |= set() if path.startswith(f"{folder}policy.") else {path}
    return found


def _backends(
    service: str, settings: Mapping[str, Mapping[str, Setting]], lines: list[Line], read: list[str], unread: str
) -> Mapping[str, Mapping[str, Setting]] | Unreadable:
    if service != "cinder":
        return {}
    names = settings["DEFAULT"]["enabled_backends"]
    if unread or isinstance(names, Unreadable):
        return Unreadable(reason=unread or "enabled_backends could not be told")
    return sections_of(service, names, lines, read) if isinstance(names, tuple) else {}


FACT = HostFact(FactName("openstack"), (ROOT,), parse, role="controller")
