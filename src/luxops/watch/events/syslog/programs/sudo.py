"""sudo on a Debian router: who ran what as root.

`alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/vtysh`. It names the person whose lines FRR then writes down
without a name. A shell of root can do anything and is taken for a change.
"""

from __future__ import annotations

import re

from luxops.watch.events.syslog.message import SyslogMessage
from luxops.watch.events.syslog.programs.interface import WHO, Told

_RAN = re.compile(r"\s{0,8}([^\s:]{1,128}) : (?:.{0,2000}? ; )?COMMAND=(\S{1,512})(.*)", re.DOTALL)
_REFUSED = re.compile(
    r" : (?:command not allowed|\d+ incorrect password attempts?|user NOT in sudoers|a password is required) ;"
)
_CHANGING = frozenset({
    "bash", "cp", "dash", "ed", "emacs", "frr", "frr-reload", "frr-reload.py", "frrinit.sh", "install", "mv", "nano",
    "netplan", "reboot", "rm", "rsync", "sed", "service", "sh", "su", "sudoedit", "sysctl", "systemctl", "tee",
    "vi", "vim", "vim.basic", "vim.tiny", "zsh",
})  # fmt: skip
_READING_NFT = frozenset({"list", "monitor", "describe", "get"})
_READING_SYSTEMCTL = frozenset({"status", "show", "is-active", "is-enabled", "cat", "list-units", "list-timers"})


class Sudo:
    name = "sudo"

    def told(self, message: SyslogMessage) -> Told | None:
        if message.program != "sudo" or not (ran := _RAN.match(message.text)) or _REFUSED.search(message.text):
            return None
        program, words = ran[2].rpartition("/")[2], ran[3].split()
        if not _may_change(program, words):
            return None
        return Told(f"{program[:WHO]} was run as root", ran[1][:WHO])


def _may_change(program: str, words: list[str]) -> bool:
    """Arguments are logged without quotes, so that what is not certainly harmless counts as a change."""
    first = next((word for word in words if not word.startswith("-")), "")
    if program == "nft":
        return first not in _READING_NFT or any(word in {";", "-f", "--file", "-i"} or word.endswith(";") for word in words)
    if program == "vtysh":
        return not (words[:2] == ["-c", "show"] and words.count("-c") == 1 and "#012" not in "".join(words))
    if program == "systemctl":
        return first not in _READING_SYSTEMCTL
    return program in _CHANGING
