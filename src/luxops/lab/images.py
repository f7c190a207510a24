"""Root file systems: a base made by debootstrap, layers above it, each built once and named by the digest of its recipe."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from luxops.lab import cgroups
from luxops.lab.shell import LabError, attempt, run
from luxops.lab.state import State
from luxops.model import Frozen, digest_of

SUITE = "bookworm"
PARTS = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")

BASE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "systemd-timesyncd", "linux-base"),
    *("openssh-server", "sudo", "nftables", "iproute2", "iputils-ping", "procps", "kmod", "netbase", "less"),
    *("libpam-pwquality", "auditd", "rsyslog", "rsyslog-gnutls", "logrotate", "cron", "openssl", "ca-certificates"),
    *("python3", "python3-apt", "unattended-upgrades"),
)
ROUTER_PACKAGES = ("frr", "frr-pythontools")
BUILD = "build"
"""Stands for the instance in the names of mounts and cgroups that belong to an image in the making."""
CLOUD = "cloud-"
"""Begins the names of images that are the cloud's to keep and to remove."""
UNSAFE_IO = "etc/dpkg/dpkg.cfg.d/lab-build"
"""While an image is built, dpkg need not wait for the disk: a build that is cut short is thrown away whole."""


class Mirrors(Frozen):
    """Where this machine's own apt sources get the suite from."""

    addresses: dict[str, str]
    """Part of the suite → address of its archive."""

    def sources_list(self) -> str:
        return "".join(f"deb {address} {part} main\n" for part, address in self.addresses.items())


def mirrors() -> Mirrors:
    """Asked from apt. Raises LabError where the machine has no source for the suite or its security updates."""
    listing = run("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
    addresses: dict[str, str] = {}
    for line in listing.splitlines():
        release, _, address = line.partition(" ")
        if release in PARTS:
            addresses.setdefault(release, address.rstrip("/"))
    if missing := [part for part in (SUITE, f"{SUITE}-security") if part not in addresses]:
        raise LabError(
            f"This machine's apt has no source for {' and '.join(missing)}",
            why="the lab's images are installed from the machine's own apt sources",
            remedy="Add them to /etc/apt/sources.list and run `apt-get update`.",
        )
    return Mirrors(addresses=addresses)


class Images:
    """The cache of images in a lab's folder."""

    def __init__(self, state: State, say: Callable[[str], None]) -> None:
        self._folder = state.images
        self._say = say
        self._log = state.images / "build.log"

    def base(self) -> Path:
        """The common root file system, built if it is not there yet."""
        recipe = {"suite": SUITE, "packages": BASE_PACKAGES, "version": 3}
        return self._cached("base", recipe, "Debian from its mirror: once, about a minute", self._build_base)

    def routers(self, base: Path) -> Path:
        """The layer of routing software above `base`."""
        recipe = {"base": base.name, "packages": ROUTER_PACKAGES, "version": 1}

        def build(folder: Path) -> None:
            with overlay(folder, [base], f"luxops-{BUILD}") as root:
                _install(root, ROUTER_PACKAGES, self._log)

        return self._cached("frr", recipe, "FRRouting: once, a few seconds", build)

    def layer(self, kind: str, recipe: object, lower: list[Path], change: Callable[[Path], None]) -> Path:
        """A layer that `change` writes into a mounted root above `lower` (topmost first)."""

        def build(folder: Path) -> None:
            with overlay(folder, lower, f"luxops-{BUILD}") as root:
                change(root)

        below = [path.name for path in lower]
        return self._cached(kind, {"lower": below, "recipe": recipe}, "configuration", build)

    def prune(self, keep: list[Path]) -> None:
        """Remove images of older recipes and what a killed build left."""
        for path in self._folder.iterdir():
            if path.is_dir() and path not in keep and not path.name.startswith(CLOUD):
                _remove_tree(path)

    def _cached(self, kind: str, recipe: object, what: str, build: Callable[[Path], None]) -> Path:
        name = f"{kind}-{digest_of(recipe).removeprefix('sha256:')[:16]}"
        done = self._folder / name
        if not done.is_dir():
            self._say(f"building image {name} ({what})")
            unfinished = self._folder / f".{name}"
            _remove_tree(unfinished)
            unfinished.mkdir(mode=0o755)
            build(unfinished)
            unfinished.rename(done)
        return done

    def _build_base(self, root: Path) -> None:
        sources = mirrors()
        with self._log.open("a") as log, _contained():
            main = sources.addresses[SUITE]
            command = ("debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(root), main)
            run(*cgroups.joined(BUILD, *command), output=log)
        (root / "etc/apt/sources.list").write_text(sources.sources_list())
        _install(root, BASE_PACKAGES, self._log)
        for key in (root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        (root / "etc/machine-id").write_text("")


def _install(root: Path, packages: tuple[str, ...], log_path: Path) -> None:
    resolver, policy, unsafe = root / "etc/resolv.conf", root / "usr/sbin/policy-rc.d", root / UNSAFE_IO
    shutil.copyfile("/etc/resolv.conf", resolver)
    policy.write_text("#!/bin/sh\nexit 101\n")  # nothing starts while it is installed
    policy.chmod(0o755)
    unsafe.write_text("force-unsafe-io\n")
    environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    steps = (
        ("apt-get", "update", "-q"),
        ("apt-get", "upgrade", "-q", "-y"),
        ("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages),
        ("apt-get", "clean"),
        ("apt-cache", "gencaches"),  # as `update` leaves it on a real host: without, each question of apt builds an index
    )
    with log_path.open("a") as log, _contained(), mounted("proc", "proc", root / "proc"):
        for step in steps:
            run(*cgroups.joined(BUILD, "chroot", str(root), *step), env=environment, output=log)
    for path in (resolver, policy, unsafe):
        path.unlink()


@contextlib.contextmanager
def _contained() -> Iterator[None]:
    """What a build starts ends with it, however it ends; after a kill, the next `up` or `down` ends it."""
    try:
        yield
    finally:
        cgroups.stop([BUILD])
        cgroups.remove(BUILD)


@contextlib.contextmanager
def mounted(kind: str, source: str, where: Path, options: str = "") -> Iterator[Path]:
    """Mount for the time of a `with` block."""
    where.mkdir(exist_ok=True)
    run("mount", "-t", kind, source, *(("-o", options) if options else ()), str(where))
    try:
        yield where
    finally:
        run("umount", "--lazy", str(where))


def overlay_options(lower: list[Path], upper: Path, work: Path) -> str:
    """Options of an overlay mount. Raises LabError for a path that the option's syntax cannot carry."""
    for path in (*lower, upper, work):
        if any(sign in str(path) for sign in ",:\\"):
            raise LabError(f"{path} cannot be part of an overlay", why="its name has a comma, a colon or a backslash")
    return f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={work}"


@contextlib.contextmanager
def overlay(folder: Path, lower: list[Path], source: str) -> Iterator[Path]:
    """`folder` as the upper layer above `lower` (topmost first), mounted for the time of a `with` block."""
    work = folder.with_name(f"{folder.name}.work")
    root = folder.with_name(f"{folder.name}.root")
    work.mkdir(exist_ok=True)
    try:
        with mounted("overlay", source, root, overlay_options(lower, folder, work)):
            yield root
    finally:
        _remove_tree(work)
        root.rmdir()


def _remove_tree(path: Path) -> None:
    """Remove a tree, after taking away whatever is still mounted in it; a link is never followed."""
    prefix = f"{path}/"
    points = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in reversed([p for p in points if p == str(path) or p.startswith(prefix)]):
        attempt("umount", "--lazy", point)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
