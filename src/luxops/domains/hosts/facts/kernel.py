"""The kernel that runs, how it was started, and whether it should be started anew."""

from __future__ import annotations

import re
from collections.abc import Mapping

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import Block, blocks, split_once
from luxops.model import FactName, FactValue, Unreadable


class Kernel(FactValue):
    """Sources: uname, /proc, /sys, /boot, /run/reboot-required."""

    release: str
    architecture: str
    os_id: str
    """`debian`, of os-release."""
    os_version: str
    """`12`."""
    cmdline: Mapping[str, str]
    """Parameter → value; empty text for a parameter without one; the last one counts."""
    lockdown: str | Unreadable
    """`none`, `integrity` or `confidentiality`."""
    lsms: tuple[str, ...] | Unreadable
    """Security modules in use, in the kernel's order."""
    apparmor: bool
    """AppArmor is on."""
    container: str
    """`systemd-nspawn`, `lxc`, `docker`, …; `none` for a machine with a kernel of its own. In a container, kernel settings are
    the machine's and cannot be judged here."""
    taint: int
    """0: nothing foreign is in the kernel."""
    secure_boot: bool | Unreadable
    """Unreadable where the machine did not start by UEFI."""
    reboot_required: bool
    """An installed update waits for a reboot, or a newer kernel is installed than runs."""
    reboot_packages: tuple[str, ...]
    """Packages that asked for it."""
    installed_kernels: tuple[str, ...]
    """Releases in /boot, sorted."""
    vulnerabilities: Mapping[str, str]
    """Processor weakness (`meltdown`, `mds`, …) → what the kernel says: `Not affected`, `Mitigation: …`, `Vulnerable…`."""
    bootloader_password: bool | Unreadable
    """grub.cfg asks for a password. Unreadable where there is no boot loader."""


_PARTS = (
    "uname", "os", "cmdline", "lockdown", "lsms", "apparmor", "container", "taint", "secure_boot", "reboot", "reboot_packages",
    "kernels", "vulnerabilities",
)  # fmt: skip
STATE = Section(
    "kernel.state",
    r"""
uname -rm || exit $?
echo '@@ uname 0'
sed -n 's/^\(ID\|VERSION_ID\)="\{0,1\}\([^"]*\)"\{0,1\}$/\1=\2/p' /etc/os-release || exit $?
echo '@@ os 0'
one() { v=; if [ -r "$2" ]; then read -r v <"$2"; [ -z "$v" ] || echo "$v"; echo "@@ $1 0"; else echo "@@ $1 1"; fi; }
one cmdline /proc/cmdline
one lockdown /sys/kernel/security/lockdown
v=; [ ! -r /sys/kernel/security/lsm ] || { read -r v </sys/kernel/security/lsm || [ -n "$v" ]; }
[ -n "$v" ] && { echo "$v"; echo '@@ lsms 0'; } || echo '@@ lsms 1'
one apparmor /sys/module/apparmor/parameters/enabled
if [ -r /run/systemd/container ]; then read -r v </run/systemd/container || :; echo "$v"
elif [ -e /.dockerenv ]; then echo docker; else systemd-detect-virt --container; fi
echo '@@ container 0'
cat /proc/sys/kernel/tainted
echo "@@ taint $?"
set -- /sys/firmware/efi/efivars/SecureBoot-*
if [ -r "$1" ]; then od -An -tu1 "$1"; echo "@@ secure_boot $?"; else echo '@@ secure_boot 1'; fi
[ ! -e /run/reboot-required ] || echo yes
echo '@@ reboot 0'
[ ! -r /run/reboot-required.pkgs ] || sort -u /run/reboot-required.pkgs
echo '@@ reboot_packages 0'
for f in /boot/vmlinuz-*; do [ ! -e "$f" ] || echo "${f#/boot/vmlinuz-}"; done
echo '@@ kernels 0'
[ ! -d /sys/devices/system/cpu/vulnerabilities ] || grep -r '' /sys/devices/system/cpu/vulnerabilities
echo '@@ vulnerabilities 0'
""",
    group="system",
)
BOOT = Section(
    "kernel.boot",
    r"""
[ -e /boot/grub/grub.cfg ] || { echo '@@ grub 1'; exit 0; }
found=; while read -r word name rest; do
  case $word in password|password_pbkdf2) found=yes ;; esac
done </boot/grub/grub.cfg
echo "${found:-no}"
echo '@@ grub 0'
""",
    group="local",
    privileged=True,
)
_LOCKDOWN = re.compile(r".*\[(none|integrity|confidentiality)\].*")


def parse(answer: Answer) -> Kernel:
    """Raises ParseError where something is missing that every Debian system says of itself."""
    part = blocks(answer.text(STATE.name), _PARTS)
    release, architecture = _only(part["uname"], r"(\S+) (\S+)")
    (taint,) = _only(part["taint"], r"(\d+)")
    (container,) = _only(part["container"], r"(\S+)")
    os = dict(split_once(line, "=", "os-release") for line in part["os"].lines)
    if "ID" not in os:
        raise ParseError("os-release names no system")
    kernels = part["kernels"].lines
    return Kernel(
        release=release, architecture=architecture, os_id=os["ID"], os_version=os.get("VERSION_ID", ""),
        cmdline=_cmdline(part["cmdline"]), lockdown=_lockdown(part["lockdown"]), lsms=_lsms(part["lsms"]),
        apparmor=part["apparmor"].lines == ("Y",), container=container, taint=int(taint),
        secure_boot=_secure_boot(part["secure_boot"]),
        reboot_required=part["reboot"].lines == ("yes",) or (container == "none" and _newer(release, kernels)),
        reboot_packages=part["reboot_packages"].lines, installed_kernels=tuple(sorted(kernels)),
        vulnerabilities=_vulnerabilities(part["vulnerabilities"]), bootloader_password=answer.part(BOOT.name, _grub),
    )  # fmt: skip


def _only(block: Block, pattern: str) -> tuple[str, ...]:
    if block.status != 0 or len(block.lines) != 1 or not (match := re.fullmatch(pattern, block.lines[0])):
        raise ParseError(f"expected one line like {pattern}")
    return match.groups()


def _cmdline(block: Block) -> dict[str, str]:
    if block.status != 0:
        raise ParseError("the kernel's command line is not there")
    words = re.findall(r'(?:[^\s"]|"[^"]*")+', " ".join(block.lines))
    return {name: value for word in words for name, _, value in (word.replace('"', "").partition("="),)}


def _lockdown(block: Block) -> str | Unreadable:
    if block.status != 0 or not block.lines:
        return Unreadable(reason="/sys/kernel/security/lockdown cannot be read: a container, or a kernel without it")
    if not (match := _LOCKDOWN.fullmatch(block.lines[0])):
        raise ParseError("lockdown has no state in brackets")
    return match[1]


def _lsms(block: Block) -> tuple[str, ...] | Unreadable:
    if block.status != 0 or not block.lines:
        return Unreadable(reason="/sys/kernel/security/lsm cannot be read: a container, or securityfs is not mounted")
    return tuple(block.lines[0].split(","))


def _secure_boot(block: Block) -> bool | Unreadable:
    if block.status != 0:
        return Unreadable(reason="the machine did not start by UEFI, or does not show its variables")
    numbers = " ".join(block.lines).split()
    if len(numbers) != 5:  # noqa: PLR2004 - four bytes of attributes, one of value
        raise ParseError("SecureBoot is not one byte")
    return numbers[4] == "1"


def _vulnerabilities(block: Block) -> dict[str, str]:
    pairs = [split_once(line, ":", "vulnerabilities") for line in block.lines]
    return {path.rpartition("/")[2]: value for path, value in sorted(pairs)}


def _newer(running: str, installed: tuple[str, ...]) -> bool:
    """Whether a kernel of the same flavour and a higher version is installed than runs."""
    flavour = running.rpartition("-")[2]
    return any(_order(release) > _order(running) for release in installed if release.rpartition("-")[2] == flavour)


def _order(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release))


def _grub(text: str) -> bool | Unreadable:
    part = blocks(text, ("grub",))["grub"]
    if part.status != 0:
        return Unreadable(reason="there is no GRUB here: a container, or another boot loader")
    if part.lines not in {("yes",), ("no",)}:
        raise ParseError("grub.cfg was not looked through")
    return part.lines == ("yes",)


FACT = HostFact(FactName("kernel"), (STATE, BOOT), parse)
