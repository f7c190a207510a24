"""What an instance's root gets before it boots: the golden configuration once for all, then what is the instance's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Literal

from luxops.domains.hosts.script import INSTALLED, collector_script, sudoers_line
from luxops.domains.network.design import design_router
from luxops.domains.network.platforms.frr.files import render_files
from luxops.federation import Federation, Flow
from luxops.federation.schema import HostDeclaration, HostGroup
from luxops.lab import keys
from luxops.lab.inventory import SECRET
from luxops.lab.shell import LabError, run
from luxops.lab.state import State
from luxops.model import Frozen

GOLDEN = Path(__file__).with_name("golden")
MASKED = (
    *("console-getty.service", "getty.target", "systemd-logind.service", "systemd-networkd.service"),
    *("systemd-update-utmp-runlevel.service", "systemd-firstboot.service", "unattended-upgrades.service"),
    *("dpkg-db-backup.timer", "e2scrub_all.timer"),
)
"""Units that a host of the lab has no use for; without them it boots in half the time."""
ENABLED = ("ssh.service", "nftables.service", "rsyslog.service", "auditd.service", "systemd-timesyncd.service", "cron.service")
ROUTER_ENABLED = (*ENABLED, "frr.service")
TIMERS = ("apt-daily", "apt-daily-upgrade", "logrotate", "fstrim")
"""Timers that would run at once on a fresh root, because they were never run there."""
MODES: Mapping[str, int] = {
    "/etc/crontab": 0o600,
    "/etc/cron.d": 0o700,
    "/etc/cron.hourly": 0o700,
    "/etc/cron.daily": 0o700,
    "/etc/cron.weekly": 0o700,
    "/etc/cron.monthly": 0o700,
    "/etc/cron.allow": 0o600,
    "/etc/at.allow": 0o600,
    "/etc/ssh/sshd_config": 0o600,
    "/etc/ssh/sshd_config.d/10-luxith.conf": 0o600,
    "/etc/sudoers.d": 0o750,
    "/etc/sudoers.d/00-luxith": 0o440,
    "/etc/nftables.conf": 0o600,
    "/etc/audit": 0o750,
    "/etc/audit/auditd.conf": 0o640,
    "/etc/audit/rules.d/50-luxith.rules": 0o640,
    "/etc/audit/rules.d/99-finalize.rules": 0o640,
    "/root": 0o700,
    "/var/log/journal": 0o2755,
}
"""Path → mode, where it is not Debian's own."""
ACCOUNT = "luxops"
ACCOUNT_ID = 1500
CHANGE_ACCOUNT = "luxops-change"
ACCOUNTS = {ACCOUNT: ACCOUNT_ID, CHANGE_ACCOUNT: 1501}
"""Name → number. Hosts have the first only."""
FRR_OWNED = ("/etc/frr/frr.conf", "/etc/frr/daemons")


class Place(Frozen):
    """Where a host stands in the declaration."""

    host: HostDeclaration
    group: HostGroup
    owner: str


def place_of(federation: Federation, host_id: str) -> Place:
    """Raises LabError for a host that the federation does not declare."""
    for file in federation.hosts.values():
        for group in file.groups:
            for host in group.hosts:
                if host.id == host_id:
                    return Place(host=host, group=group, owner=file.owner)
    raise LabError(f"The inventory declares no host `{host_id}`")


def golden(root: Path, kind: Literal["host", "router"]) -> None:
    """Lay the golden files of the kind, the account, the modes, and which units start, into a mounted root."""
    router = kind == "router"
    for folder in ("common", kind):
        for source in sorted((GOLDEN / folder).rglob("*")):
            path = f"/{source.relative_to(GOLDEN / folder)}"
            if source.is_dir():
                make_folder(root, path)
            else:
                write_bytes(root, path, source.read_bytes())
    chroot = ("chroot", str(root))
    for group in ("ssh-users", "sugroup"):
        run(*chroot, "groupadd", "--system", group)
    groups = "ssh-users,frrvty,adm" if router else "ssh-users"
    for account, number in ACCOUNTS.items() if router else [(ACCOUNT, ACCOUNT_ID)]:
        run(*chroot, "useradd", "-m", "-u", str(number), "-s", "/bin/bash", "-G", groups, "-c", account, account)
        run(*chroot, "chage", "-M", "-1", "-m", "0", account)  # it has no password that could grow old
        (root / f"home/{account}/.hushlogin").touch()
    (root / "var/log/journal").mkdir(exist_ok=True)
    run(*chroot, "systemctl", "--quiet", "set-default", "multi-user.target")
    run(*chroot, "systemctl", "--quiet", "mask", *MASKED)
    run(*chroot, "systemctl", "--quiet", "enable", *(ROUTER_ENABLED if router else ENABLED))
    for path, mode in MODES.items():
        if (place := root / path.lstrip("/")).exists():
            place.chmod(mode)


def golden_recipe() -> Mapping[str, object]:
    """What `golden` depends on, for the digest that names its image."""
    files = {str(path.relative_to(GOLDEN)): path.read_text() for path in sorted(GOLDEN.rglob("*")) if path.is_file()}
    tables = [MASKED, ROUTER_ENABLED, sorted(MODES.items()), sorted(ACCOUNTS.items())]
    return {"files": files, "tables": tables, "code": Path(__file__).read_text()}


def identity(state: State, root: Path, name: str) -> None:
    """Name, machine id, host key, the client's key, and timers that have run."""
    write(root, "/etc/hostname", f"{name}\n")
    write(root, "/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost\n")
    write(root, "/etc/resolv.conf", "# This host asks no name server.\n")
    write(root, "/etc/machine-id", "")
    key = keys.host_key(state, name)
    write(root, "/etc/ssh/ssh_host_ed25519_key", key.read_text(), mode=0o600)
    write(root, "/etc/ssh/ssh_host_ed25519_key.pub", key.with_name(f"{key.name}.pub").read_text())
    for account, number in ACCOUNTS.items():
        if (root / f"home/{account}").is_dir():
            folder = f"/home/{account}/.ssh"
            make_folder(root, folder, mode=0o700, owner=number)
            write(root, f"{folder}/authorized_keys", keys.client_key(state) + "\n", mode=0o600, owner=number)
    for timer in TIMERS:
        make_folder(root, "/var/lib/systemd/timers")
        write(root, f"/var/lib/systemd/timers/stamp-{timer}.timer", "")


def host(federation: Federation, root: Path, name: str) -> None:
    """A host's own configuration: collector, packet filter, logging, time, certificate, and what listens."""
    place = place_of(federation, name)
    file = federation.file
    if place.group.collector == "installed":
        make_folder(root, str(Path(INSTALLED).parent))
        write_bytes(root, INSTALLED, collector_script(place.group.role), mode=0o755)
        rule = sudoers_line(ACCOUNT)
    else:
        rule = f"{ACCOUNT} ALL=(ALL:ALL) NOPASSWD: ALL\n"
    write(root, "/etc/sudoers.d/10-luxops", rule if rule.endswith("\n") else rule + "\n", mode=0o440)
    flows = list(flows_to(federation, place))
    lines = [_accept(flow, place) for flow in flows]
    bastions = ", ".join(str(bastion.address) for bastion in file.management.bastions)
    write(root, "/etc/nftables.conf", _filled("nftables.conf", bastions=bastions, flows="\n".join(lines)), mode=0o600)
    targets = "".join(
        _filled("forward.conf", address=str(address), number=str(number)) for number, address in enumerate(file.syslog)
    )
    write(root, "/etc/rsyslog.d/50-forward.conf", targets)
    make_folder(root, "/etc/systemd/timesyncd.conf.d")
    write(root, "/etc/systemd/timesyncd.conf.d/10-luxith.conf", f"[Time]\nNTP={' '.join(map(str, file.ntp))}\nFallbackNTP=\n")
    certificate(root, name)
    titles = {low: flow.id for flow in flows if flow.protocol == "tcp" for low, high in flow.ports if low == high}
    listen = {f"{place.host.address}:{port}": f"flow {title}" for port, title in titles.items()}
    for own in place.group.listeners:
        listen[f"{'127.0.0.1' if own.loopback_only else place.host.address}:{own.port}"] = own.why
    for where, title in listen.items():
        _listener(root, where, title)


def router(federation: Federation, state: State, root: Path, name: str) -> None:
    """A router's own configuration, as the network domain renders it."""
    password = (state.keys / f"{SECRET}-password").read_text().strip()
    for path, text in render_files(design_router(federation, name), password).items():
        make_folder(root, str(Path(path).parent))
        write(root, path, text, mode=0o640 if path in FRR_OWNED else 0o644)
    accounts = {fields[0]: int(fields[2]) for fields in _database(root, "passwd")}
    groups = {fields[0]: int(fields[2]) for fields in _database(root, "group")}
    for path in FRR_OWNED:
        os.chown(root / path.lstrip("/"), accounts["frr"], groups["frr"])
    os.chown(root / "etc/frr", accounts["frr"], groups["frrvty"])  # vtysh looks for its own file there
    commands = ("/usr/sbin/nft list ruleset", "/usr/sbin/nft -nn list ruleset")
    rules = "".join(f"{ACCOUNT} ALL=(root) NOPASSWD: {command}\n" for command in commands)
    rules += f"{CHANGE_ACCOUNT} ALL=(root) NOPASSWD: /bin/sh -s\n"
    write(root, "/etc/sudoers.d/10-luxops", rules, mode=0o440)


def flows_to(federation: Federation, place: Place) -> Iterable[Flow]:
    """The declared flows that end in the subnet that the host stands in, except management."""
    for flow in federation.flows:
        if flow.protocol != "icmp" and any(place.host.address in end.prefix for end in flow.destinations if place.host.address):
            yield flow


def certificate(root: Path, name: str, days: int = 365) -> None:
    """A self-signed certificate for the host's service, valid from now on; a new key each time."""
    make_folder(root, "/etc/luxops/tls", mode=0o755)
    key, chain = "/etc/luxops/tls/service.key", "/etc/luxops/tls/service.pem"
    run(
        *(
            "chroot",
            str(root),
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ),
        *("-sha256", "-days", str(days), "-subj", f"/O=Luxith/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
        *("-keyout", key, "-out", chain),
    )
    (root / key.lstrip("/")).chmod(0o600)
    (root / chain.lstrip("/")).chmod(0o644)


def write(root: Path, path: str, text: str, *, mode: int = 0o644, owner: int = 0) -> None:
    """A whole file inside a root."""
    write_bytes(root, path, text.encode(), mode=mode, owner=owner)


def write_bytes(root: Path, path: str, content: bytes, *, mode: int = 0o644, owner: int = 0) -> None:
    """As `write`. A link in its place is replaced, never followed out of the root."""
    place = root / path.lstrip("/")
    if place.is_symlink():
        place.unlink()
    place.write_bytes(content)
    place.chmod(mode)
    os.chown(place, owner, owner)


def make_folder(root: Path, path: str, *, mode: int = 0o755, owner: int = 0) -> None:
    """A folder inside a root, where there is none yet."""
    place = root / path.lstrip("/")
    if not place.is_dir():
        place.mkdir(parents=True)
        place.chmod(mode)
        os.chown(place, owner, owner)


def _accept(flow: Flow, place: Place) -> str:
    sources = ", ".join(sorted({str(end.prefix) for end in flow.sources}))
    ports = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in flow.ports)
    head = f"ip saddr {{ {sources} }} ip daddr {place.host.address}"
    return f'\t\t{head} {flow.protocol} dport {{ {ports} }} accept comment "{flow.id}"'


def _listener(root: Path, where: str, title: str) -> None:
    """A socket on an address and port, behind which the host tells its name."""
    folder, unit = "/etc/systemd/system", f"declared-{where.rpartition(':')[2]}"
    values = {"title": title, "where": where}
    write(root, f"{folder}/{unit}.socket", _filled("listener.socket", **values))
    write(root, f"{folder}/{unit}@.service", _filled("listener.service", **values))
    make_folder(root, f"{folder}/sockets.target.wants")
    link = root / f"{folder}/sockets.target.wants/{unit}.socket".lstrip("/")
    link.unlink(missing_ok=True)
    link.symlink_to(f"{folder}/{unit}.socket")


def _filled(template: str, **values: str) -> str:
    return Template((GOLDEN / "template" / template).read_text()).substitute(values)


def _database(root: Path, name: str) -> list[list[str]]:
    """Fields of each line of the root's passwd or group file."""
    return [line.split(":") for line in (root / "etc" / name).read_text().splitlines()]
