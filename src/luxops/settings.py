"""What the person or machine that runs luxops chooses. Read from the environment (`LUXOPS_…`) and from `luxops.toml`.

The inventory says what the federation is; settings say how this installation reaches it and where it keeps what it learns.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ConnectionSettings(_Section):
    """How sessions to hosts and routers are made."""

    keys: tuple[Path, ...] = ()
    """Private keys to offer, before those of an agent and of `~/.ssh/config`."""
    agent: bool = True
    """Whether a running SSH agent is asked."""
    known_hosts: Path = Path("~/.ssh/known_hosts")
    """Host keys that are trusted. Nothing is ever added to it by luxops."""
    ssh_config: Path = Path("~/.ssh/config")
    """OpenSSH client configuration: HostName, Port, User, IdentityFile, ProxyJump, UserKnownHostsFile."""
    jump: str = ""
    """Bastions, `USER@HOST[:PORT]`, the first to connect to first, for targets whose SSH configuration has no ProxyJump."""
    network_namespace: str = ""
    """Name under /run/netns in which connections are opened, where management has one (needs CAP_SYS_ADMIN)."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """Seconds until TCP, key exchange and authentication must each be done."""
    read_timeout: float = Field(default=30.0, gt=0)
    """Seconds without one byte of answer."""
    total_timeout: float = Field(default=120.0, gt=0)
    """Seconds for the whole session, retries excluded."""
    concurrency: int = Field(default=32, ge=1, le=1000)
    """Sessions open at once."""
    retries: int = Field(default=1, ge=0, le=5)
    """Further attempts where the failure is retryable."""
    max_answer_bytes: int = Field(default=16 * 2**20, ge=1024)
    """A longer answer is a failure."""


class StoreSettings(_Section):
    """Where scans, findings and drift are kept."""

    url: str = "sqlite:///luxops.db"
    """SQLAlchemy address: `sqlite:///FILE` or `postgresql+psycopg://…`. A password in it is never printed."""


class WatchSettings(_Section):
    """How `luxops watch` goes round."""

    interval: float = Field(default=300.0, gt=0)
    """Seconds between two looks at the same target."""
    jitter: float = Field(default=0.1, ge=0, le=0.5)
    """Share of the interval by which each look is moved at random, so that targets are not all asked at once."""
    stale_after: float = Field(default=3.0, ge=1)
    """Intervals after which what was last seen no longer counts and its verdicts become UNKNOWN."""
    listen: str = "127.0.0.1:9464"
    """Address and port of `/metrics`."""
    syslog: tuple[str, ...] = ()
    """Where routers' log messages come in, `udp://127.0.0.1:5514` or `tcp://…`: a change they tell of is looked at at once."""
    syslog_relays: tuple[IPv4Address | IPv6Address, ...] = ()
    """Log servers that pass on what routers send: of their messages, and of no others, the host name says whose they are."""
    event_settle: float = Field(default=0.5, ge=0, le=60)
    """Seconds without a further event of the same target before it is looked at."""
    event_looks: int = Field(default=60, ge=1)
    """Looks because of events in any minute, at most. What goes beyond is put off, not dropped."""
    event_looks_per_target: int = Field(default=6, ge=1)
    """Of these, at the same target."""


class NetworkSettings(_Section):
    """How routers' configurations are kept."""

    backups: Path | None = None
    """Git repository of the routers' configurations, secrets masked, made at the first backup; unset: none are kept."""
    backup_limit: float = Field(default=26 * 3600.0, gt=0)
    """Seconds after which a router's newest good backup is too old: a day, and two hours for the run."""


class CloudSettings(_Section):
    """How the OpenStack is reached, and what carries changes out."""

    name: str = "luxops"
    """The cloud's name in `clouds.yaml`."""
    clouds_file: Path | None = None
    """The `clouds.yaml` to read; otherwise where OpenStack's clients look: here, `~/.config/openstack`, `/etc/openstack`."""
    engine: Literal["pulumi", "reconcile"] = "pulumi"
    """`pulumi`: the Pulumi CLI with its state; `reconcile`: the declared graph against the live cloud, without a state."""
    stacks: Path = Path("stacks")
    """Folder of the Pulumi projects."""
    state: str = "file://~/.luxops/pulumi"
    """Where the `pulumi` engine keeps its state: `file://…`, `s3://…` or `postgres://…`. A password in it is never printed."""
    passphrase: str = "env:PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - a reference
    """Reference (`env:NAME`, `file:PATH`) to what encrypts the secrets in that state."""
    cache: Path = Path("~/.cache/luxops")
    """Folder in which the declared graph is kept, by the digest of inventory and programs."""
    concurrency: int = Field(default=4, ge=1, le=32)
    """Requests to one service at once. Neutron is the bottleneck of most clouds."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds for one request, retries excluded."""
    retries: int = Field(default=4, ge=0, le=10)
    """Further attempts where a service says that it is busy, or breaks off."""


class ChangesSettings(_Section):
    """How changes are asked for, agreed to and carried out."""

    person: str = ""
    """Who asks for changes from here: a person's id in the inventory. A command's `--by` says otherwise for once."""
    valid_days: float = Field(default=7.0, gt=0, le=90)
    """Days after planning in which a change can be approved and begun. It stands in what approvers sign."""
    lease: float = Field(default=60.0, ge=5, le=3600)
    """Seconds for which a device stays with a luxops on another machine that no longer says that it lives."""


class LabSettings(_Section):
    """The lab on this machine."""

    state: Path = Path("/var/tmp/luxops-lab")  # noqa: S108 - large and worth keeping over a reboot; made with mode 0700 and checked
    """Folder of the lab's images, instances and keys; on ext4 or xfs."""


class Settings(BaseSettings):
    """All settings. A nested field's variable joins names by two underscores: `LUXOPS_CONNECTION__CONCURRENCY=8`."""

    model_config = SettingsConfigDict(
        use_attribute_docstrings=True,
        env_prefix="LUXOPS_",
        env_ignore_empty=True,
        env_nested_delimiter="__",
        toml_file="luxops.toml",
        extra="forbid",
        frozen=True,
    )

    inventory: Path = Path("inventory")
    """Folder with the federation's declaration."""
    policies: Path = Path("policies")
    """Folder with policies, mappings and waivers."""
    domains: tuple[Literal["hosts", "network", "cloud"], ...] = ("hosts", "network", "cloud")
    """What this installation looks at. Of what it leaves out nothing is said, neither good nor bad."""
    connection: ConnectionSettings = ConnectionSettings()
    store: StoreSettings = StoreSettings()
    watch: WatchSettings = WatchSettings()
    network: NetworkSettings = NetworkSettings()
    cloud: CloudSettings = CloudSettings()
    changes: ChangesSettings = ChangesSettings()
    lab: LabSettings = LabSettings()
    replay: Path | None = None
    """Folder of recorded answers to use in place of real sessions. What comes of it is marked as replayed everywhere."""
    record: Path | None = None
    """Folder in which to keep every answer, to replay it later."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_json: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        file = Path(os.environ.get("LUXOPS_CONFIG", "luxops.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)
