"""Kernel parameters as the running kernel has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks, number_or_text, split_once
from luxops.model import FactName, FactValue, Unreadable


class Sysctl(FactValue):
    """Source: files under /proc/sys."""

    values: Mapping[str, int | str | Unreadable]
    """Dotted name → value: `values["net.ipv4.ip_forward"]`. A number where the kernel prints one number, else text with
    single spaces. `net.ipv4.conf.*` and `net.ipv6.conf.*` hold `all`, `default` and every interface of the host."""
    absent: tuple[str, ...]
    """Names asked for that the running kernel does not have, sorted."""


_OPEN = (
    "kernel.kptr_restrict", "kernel.dmesg_restrict", "kernel.randomize_va_space", "kernel.sysrq",
    "kernel.unprivileged_bpf_disabled", "kernel.perf_event_paranoid", "kernel.perf_cpu_time_max_percent",
    "kernel.perf_event_max_sample_rate", "kernel.core_uses_pid", "kernel.core_pattern", "kernel.kexec_load_disabled",
    "kernel.panic_on_oops", "kernel.panic", "kernel.pid_max", "kernel.modules_disabled", "kernel.yama.ptrace_scope",
    "kernel.unprivileged_userns_clone", "kernel.io_uring_disabled", "kernel.ctrl-alt-del", "kernel.printk",
    "kernel.warn_limit", "kernel.oops_limit", "fs.suid_dumpable", "vm.mmap_min_addr", "vm.swappiness",
    "vm.unprivileged_userfaultfd", "dev.tty.ldisc_autoload", "user.max_user_namespaces", "net.core.bpf_jit_enable",
    "net.core.default_qdisc", "net.ipv4.ip_forward", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_rfc1337",
    "net.ipv4.tcp_timestamps", "net.ipv4.icmp_echo_ignore_broadcasts", "net.ipv4.icmp_ignore_bogus_error_responses",
    "net.ipv4.icmp_ratelimit", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_synack_retries",
)  # fmt: skip
_ROOT_ONLY = (
    "fs.protected_hardlinks", "fs.protected_symlinks", "fs.protected_fifos", "fs.protected_regular",
    "net.core.bpf_jit_harden", "net.core.bpf_jit_kallsyms",
)  # fmt: skip
_EACH_IPV4 = (
    "accept_redirects", "secure_redirects", "send_redirects", "accept_source_route", "rp_filter", "log_martians",
    "arp_filter", "arp_ignore", "route_localnet", "proxy_arp", "forwarding",
)  # fmt: skip
_EACH_IPV6 = (
    "disable_ipv6", "accept_ra", "accept_redirects", "accept_source_route", "forwarding", "autoconf",
)  # fmt: skip


def _paths(names: Iterable[str]) -> str:
    return " ".join("/proc/sys/" + name.replace(".", "/") for name in names)


def _script(part: str, paths: str) -> str:
    return f"""\
for f in {paths}; do
  if [ -r "$f" ]; then set -- "$@" "$f"
  elif [ -e "$f" ]; then echo "! $f"
  else echo "- $f"; fi
done
[ $# = 0 ] || grep -H '' "$@"
echo '@@ {part} 0'
"""


_OPEN_PATHS = (
    _paths(_OPEN)
    + "".join(f" /proc/sys/net/ipv4/conf/*/{name}" for name in _EACH_IPV4)
    + "".join(f" /proc/sys/net/ipv6/conf/*/{name}" for name in _EACH_IPV6)
)
STATE = Section("sysctl.state", _script("open", _OPEN_PATHS), group="system")
ROOT = Section("sysctl.root", _script("root", _paths(_ROOT_ONLY)), group="local", privileged=True)


def parse(answer: Answer) -> Sysctl:
    """Raises ParseError for a line that is no setting, and where a name that was asked for is not answered at all."""
    values: dict[str, int | str | Unreadable] = {}
    absent: set[str] = set()
    _read(blocks(answer.text(STATE.name), ("open",))["open"].lines, values, absent)
    if not {"net.ipv4.conf.all.rp_filter", "kernel.randomize_va_space"} <= values.keys():
        raise ParseError("settings are missing that every kernel has")
    root = answer.part(ROOT.name, lambda text: blocks(text, ("root",))["root"].lines)
    if isinstance(root, Unreadable):
        values |= dict.fromkeys(_ROOT_ONLY, root)
    else:
        _read(root, values, absent)
    for name in (*_OPEN, *_ROOT_ONLY):
        if name not in values and name not in absent:
            values[name] = Unreadable(reason="the kernel did not let it be read")
    return Sysctl(values=values, absent=tuple(sorted(absent)))


def _read(lines: Iterable[str], values: dict[str, int | str | Unreadable], absent: set[str]) -> None:
    for line in lines:
        if line.startswith("- /proc/sys/"):
            if "*" not in line:
                absent.add(_name(line[2:]))
        elif line.startswith("! /proc/sys/"):
            values[_name(line[2:])] = Unreadable(reason="only root may read it")
        elif line.startswith("/proc/sys/"):
            path, value = split_once(line, ":", "sysctl")
            if (name := _name(path)) in values:
                raise ParseError(f"{name} is answered twice")
            values[name] = number_or_text(" ".join(value.split()))
        else:
            raise ParseError(f"not a setting: {line[:80]!r}")


@lru_cache(maxsize=4096)
def _name(path: str) -> str:
    """`/proc/sys/net/ipv4/conf/eth0.7/rp_filter` → `net.ipv4.conf.eth0/7.rp_filter`, as sysctl(8) writes it."""
    return path.removeprefix("/proc/sys/").replace(".", "\0").replace("/", ".").replace("\0", "/")


FACT = HostFact(FactName("sysctl"), (STATE, ROOT), parse)
