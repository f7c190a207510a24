"""What routers do with the lines they are sent: from what FRR 8.4.4 and IOS-XE answer, and from nothing of luxops.

A line that a router would refuse raises RefusedError: a plan must not hold one.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from ipaddress import ip_interface
from typing import Any

Node = dict[str, Any]
"""Line → the lines below it."""


class RefusedError(AssertionError):
    """The router would have answered an error."""


def nested(lines: Iterable[str], step: int = 2) -> Node:
    """Indented lines as nodes; a line that comes again stands there once."""
    top: Node = {}
    open_nodes = [top]
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // step
        del open_nodes[depth + 1 :]
        open_nodes.append(open_nodes[depth].setdefault(line.strip(), {}))
    return top


def written(node: Node, depth: int = 0) -> list[str]:
    """Back to lines, one space a level."""
    return [line for text, below in node.items() for line in (" " * depth + text, *written(below, depth + 1))]


class Router(ABC):
    """A command line in configuration mode.

    `settings`: lines of which the last value counts, as regular expressions whose groups tell them apart.
    """

    opens: re.Pattern[str]
    settings: Sequence[str]
    toggles: Sequence[str]
    """Lines that are on by default: the router shows only `no …`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.top = nested(lines)
        self.context: list[str] = []

    @abstractmethod
    def running(self) -> str:
        """`show running-config` without its frame."""

    def here(self) -> Node:
        node = self.top
        for line in self.context:
            node = node[line]
        return node

    def configure(self, lines: Iterable[str]) -> None:
        """One configuration session. Raises RefusedError for a line that the router would not take, or a context left open."""
        self.context = []
        for line in lines:
            assert line.isprintable(), line
            self.line(line.strip())
        if self.context:
            raise RefusedError(f"the step ends inside {self.context}")

    def line(self, line: str) -> None:
        if line in {"exit", "exit-address-family"}:
            if not self.context:
                raise RefusedError("exit at the top")
            if (line == "exit-address-family") != self.context[-1].startswith("address-family "):
                raise RefusedError(f"{line} in {self.context}")
            self.context.pop()
        elif line.startswith("no ") and not self.stored_negation(line):
            self.take(line.removeprefix("no "))
        elif self.opens.match(line):
            self.enter(line)
        else:
            self.put(line)

    def enter(self, line: str) -> None:
        self.here().setdefault(line, {})
        self.context.append(line)

    def stored_negation(self, line: str) -> bool:
        return any(re.fullmatch(toggle, line.removeprefix("no ")) for toggle in self.toggles)

    def put(self, line: str) -> None:
        node = self.here()
        if any(re.fullmatch(toggle, line) for toggle in self.toggles):
            node.pop(f"no {line}", None)
            return
        for setting in self.settings:
            if match := re.match(setting, line):
                for other in [text for text in node if (m := re.match(setting, text)) and m.groups() == match.groups()]:
                    del node[other]
        node[line] = {}

    def take(self, text: str) -> None:
        if text not in self.here():
            raise RefusedError(f"no {text}: it is not there, in {self.context}")
        del self.here()[text]

    def remove(self, begin: str) -> None:
        """Every line here that begins so."""
        found = [text for text in self.here() if text == begin or text.startswith(f"{begin} ")]
        if not found:
            raise RefusedError(f"no {begin}: it is not there, in {self.context}")
        for text in found:
            del self.here()[text]

    def forget_neighbour(self, name: str) -> None:
        process = self.here()
        if not any(text.startswith(f"neighbor {name} ") for text in process):
            raise RefusedError(f"there is no neighbour {name}")
        for node in (process, *process.values()):
            for text in [text for text in node if re.match(rf"(no )?neighbor {re.escape(name)} ", text)]:
                del node[text]


PREFIX_RULE = re.compile(r"(ip|ipv6) prefix-list (\S+) (?:seq (\d+) (permit|deny) (.+)|(description) (.+))")
SESSION = re.compile(r"neighbor (\S+) (.+)")


class FrrRouter(Router):
    """vtysh of FRR 8.4.4."""

    opens = re.compile(r"(interface|router|route-map|address-family|profile) |bfd$")
    toggles = (r"bgp default ipv4-unicast", r"ipv?6? forwarding", r"bgp ebgp-requires-policy")
    settings = (
        r"(description) ", r"(hostname) ", r"(log syslog) ?", r"(bgp router-id) ", r"(set metric) ", r"(match ip address) ",
        r"neighbor (\S+) (remote-as|description|password|bfd profile|ttl-security|timers|ebgp-multihop|maximum-prefix) ",
        r"neighbor (\S+) (route-map|prefix-list) \S+ (in|out)$",
        r"ip prefix-list (\S+) seq (\d+) ",
    )  # fmt: skip

    def enter(self, line: str) -> None:
        if match := re.fullmatch(r"(route-map \S+) (permit|deny) (\d+)", line):
            for action in {"permit", "deny"} - {match[2]}:
                other = f"{match[1]} {action} {match[3]}"
                if other in self.top:
                    self.top[line] = self.top.pop(other)
        if line.startswith("router bgp ") and any(t.startswith("router bgp ") and t != line for t in self.top):
            raise RefusedError("BGP is already running")
        super().enter(line)

    def put(self, line: str) -> None:
        if (match := SESSION.fullmatch(line)) and not match[2].startswith("remote-as "):
            process = self.top[self.context[0]]
            if not any(text.startswith(f"neighbor {match[1]} remote-as ") for text in process):
                raise RefusedError(f"{line}: Specify remote-as first")
            if match[2].startswith("bfd profile"):
                super().put(f"neighbor {match[1]} bfd")
        if match := PREFIX_RULE.fullmatch(line):
            self.context = [f"{match[1]} prefix-list {match[2]}"]
            self.top.setdefault(self.context[0], {})
            for other in [t for t in self.here() if match[3] and t.startswith(f"seq {match[3]} ")]:
                del self.here()[other]
            self.here()[line.removeprefix(f"{self.context[0]} ")] = {}
            self.context = []
            return
        super().put(line)

    def take(self, text: str) -> None:  # noqa: C901, PLR0912 - a command line has this many commands
        if match := re.fullmatch(r"(ip|ipv6) prefix-list (\S+)(?: (.+))?", text):
            head = f"{match[1]} prefix-list {match[2]}"
            rules = self.top.get(head, {})
            if match[3] is None:
                super().take(head)
                return
            if match[3] not in rules and match[3] != "description":
                raise RefusedError(f"no {text}")
            for rule in [r for r in rules if r == match[3] or (match[3] == "description" and r.startswith("description "))]:
                del rules[rule]
            if not rules:
                del self.top[head]
        elif match := re.fullmatch(r"neighbor (\S+)( remote-as \d+)?", text):
            self.forget_neighbour(match[1])
        elif match := re.fullmatch(r"neighbor (\S+) bfd", text):
            self.remove(text)
        elif match := re.fullmatch(r"neighbor (\S+) bfd profile \S+", text):
            if f"neighbor {match[1]} bfd" not in self.here():
                raise RefusedError("FRR would begin with BFD anew")
            super().take(text)
        elif text == "description" or re.fullmatch(r"neighbor \S+ (description|password|shutdown)", text):
            self.remove(text)
        elif text.startswith("ip address "):
            self._take_address(text)
        elif text.startswith("interface "):
            raise RefusedError("only inactive interfaces can be deleted")
        else:
            super().take(text)

    def _take_address(self, text: str) -> None:
        """Linux takes an interface's further addresses of a subnet away with the first."""
        super().take(text)
        network = ip_interface(text.split()[2]).network
        for other in [t for t in self.here() if t.startswith("ip address ") and ip_interface(t.split()[2]).network == network]:
            del self.here()[other]

    def running(self) -> str:
        """`show running-config` without its frame."""
        lines = []
        for text, below in self.top.items():
            if re.match(r"(ip|ipv6) prefix-list ", text):
                lines += [f"{text} {rule}" for rule in below]
            elif below or not text.startswith("interface "):
                lines += [*written({text: below})]
        return "\n".join([*lines, "end"])


class IosRouter(Router):
    """Configuration mode of IOS-XE."""

    opens = re.compile(
        r"(interface|router|route-map|address-family|vrf definition|line|bfd-template|ip access-list) |archive$|log config$"
    )
    toggles = (
        r"bgp default ipv4-unicast", r"ip (http server|http secure-server|source-route|domain lookup|redirects|proxy-arp)",
        r"ipv6 source-route", r"shutdown_never",
    )  # fmt: skip
    settings = (
        r"(description) ", r"(hostname) ", r"(bgp router-id) ", r"(set metric) ", r"(ip address) (?!.*secondary)",
        r"(ip access-group) \S+ (in|out)", r"(access-class) \S+ (in|out)", r"(exec-timeout) ", r"(transport input) ",
        r"(interval) ", r"(banner \S+) ", r"(username \S+) ", r"(enable \S+) ", r"(logging) (buffered|trap|source-interface) ",
        r"(ip ssh) (\S+) ", r"(vrf forwarding) ", r"(aaa \S+ \S+ \S+) ", r"(service timestamps) (\S+) ",
        r"neighbor (\S+) (remote-as|description|password|ttl-security|timers|ebgp-multihop|fall-over|maximum-prefix) ",
        r"neighbor (\S+) (route-map|prefix-list) \S+ (in|out)$",
    )  # fmt: skip

    def enter(self, line: str) -> None:
        if match := re.fullmatch(r"(route-map \S+) (permit|deny) (\d+)", line):
            for action in {"permit", "deny"} - {match[2]}:
                if (other := f"{match[1]} {action} {match[3]}") in self.top:
                    self.top[line] = self.top.pop(other)
        if line.startswith("router bgp ") and any(t.startswith("router bgp ") and t != line for t in self.top):
            raise RefusedError("BGP is already running")
        if line.startswith("interface ") and line not in self.top and not self._virtual(line):
            self.top[line] = {"shutdown": {}}  # it was there, unused
        if match := re.match(r"ip access-list (standard|extended) (\S+)", line):
            for kind in {"standard", "extended"} - {match[1]}:
                if f"ip access-list {kind} {match[2]}" in self.top:
                    raise RefusedError("a list of this name exists with another type")
        super().enter(line)

    @staticmethod
    def _virtual(line: str) -> bool:
        return line.startswith(("interface Loopback", "interface Tunnel"))

    def put(self, line: str) -> None:  # noqa: C901 - same
        if self.context and self.context[0].startswith("ip access-list "):
            self._put_entry(line)
            return
        if self.context and self.context[0].startswith("route-map ") and line.startswith("match ip address prefix-list "):
            names = line.split()[4:]
            old = next((t for t in self.here() if t.startswith("match ip address prefix-list ")), "")
            if old:
                del self.here()[old]
            line = " ".join(["match ip address prefix-list", *dict.fromkeys([*old.split()[4:], *names])])
        if match := re.fullmatch(r"ip prefix-list (\S+) seq (\d+) (\S+ .+)", line):
            self._put_rule(match[1], match[2], match[3])
            return
        if match := re.fullmatch(r"banner (\S+) (.)(.*)\2", line):
            line = f"banner {match[1]} {match[3]}"
        elif line.startswith("banner "):
            raise RefusedError("a banner without its delimiter at the end")
        if line.startswith("vrf forwarding "):
            for text in [t for t in self.here() if t.startswith("ip address ")]:
                del self.here()[text]
        if (
            (match := SESSION.fullmatch(line))
            and not match[2].startswith("remote-as ")
            and not any(t.startswith(f"neighbor {match[1]} remote-as ") for t in self.top[self.context[0]])
        ):
            raise RefusedError(f"{line}: Specify remote-as first")
        if line.startswith("aaa ") and line != "aaa new-model" and "aaa new-model" not in self.top:
            raise RefusedError(f"{line}: needs aaa new-model")
        super().put(line)

    def _put_entry(self, line: str) -> None:
        match = re.fullmatch(r"(\d+) (.+)", line)
        if match is None:
            raise RefusedError(f"{line}: no number")
        texts = {t.partition(" ")[2] for t in self.here()}
        if any(t.startswith(f"{match[1]} ") for t in self.here()) or (match[2] in texts and not match[2].startswith("remark ")):
            raise RefusedError(f"{line}: Duplicate")
        self.here()[line] = {}

    def _put_rule(self, name: str, number: str, rest: str) -> None:
        rules = self.top.setdefault(f"ip prefix-list {name}", {})
        for rule in rules:
            _, seq, policy = rule.split(" ", 2)
            if seq == number or policy == rest:
                raise RefusedError(f"%Insertion failed - prefix-list entry exists: {rule}")
        rules[f"seq {number} {rest}"] = {}

    def take(self, text: str) -> None:  # noqa: C901, PLR0912 - a command line has this many commands
        if match := re.fullmatch(r"ip prefix-list (\S+)(?: (seq .+))?", text):
            head = f"ip prefix-list {match[1]}"
            if match[2] is None:
                super().take(head)
                return
            if match[2] not in self.top.get(head, {}):
                raise RefusedError(f"no {text}")
            del self.top[head][match[2]]
            if not self.top[head]:
                del self.top[head]
        elif match := re.fullmatch(r"neighbor (\S+)( remote-as \d+)?", text):
            self.forget_neighbour(match[1])
        elif match := re.fullmatch(r"match ip address prefix-list (\S+)", text):
            old = next((t for t in self.here() if t.startswith("match ip address prefix-list ")), "")
            if match[1] not in old.split()[4:]:
                raise RefusedError(f"no {text}")
            del self.here()[old]
            if left := [n for n in old.split()[4:] if n != match[1]]:
                self.here()[" ".join(["match ip address prefix-list", *left])] = {}
        elif text in {"description", "exec-timeout", "password"} or re.fullmatch(
            r"neighbor \S+ (description|password|shutdown)|username \S+|banner \S+|enable \S+", text
        ):
            self.remove(text)
        elif text.startswith("interface ") and not self._virtual(text):
            raise RefusedError("% Removal of physical interfaces is not permitted")
        elif text == "shutdown":
            self.here().pop("shutdown", None)
        elif text.startswith("vrf forwarding "):
            super().take(text)
            for other in [t for t in self.here() if t.startswith("ip address ")]:
                del self.here()[other]
        else:
            super().take(text)

    def running(self) -> str:
        lines = []
        for text, below in self.top.items():
            if text.startswith("ip prefix-list "):
                lines += [f"{text} {rule}" for rule in below]
            elif match := re.fullmatch(r"banner (\S+) (.*)", text):
                lines.append(f"banner {match[1]} ^C{match[2]}^C")
            else:
                lines += written({text: below})
        return "\n".join([*lines, "end"])


def numbered(lines: Sequence[str]) -> list[str]:
    """Normalised lines of IOS-XE, with numbers in access lists as a device has them."""
    out, place, inside = [], 0, False
    for line in lines:
        if not line.startswith(" "):
            inside, place = line.startswith("ip access-list "), 0
        elif inside:
            place += 10
            out.append(f"  {place} " + re.sub(r" \[\d+\]$", "", line.strip()))
            continue
        out.append(line)
    return out
