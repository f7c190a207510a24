"""People with real SSH keys, who sign with ssh-keygen."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from luxops.changes import NAMESPACE
from luxops.federation.schema import Person, Role

PEOPLE: Mapping[str, tuple[Role, ...]] = {
    "network-admin-1": (Role.NETWORK_ADMIN,),
    "network-admin-2": (Role.NETWORK_ADMIN,),
    "security-officer-1": (Role.SECURITY_OFFICER,),
    "engineer-1": (Role.ENGINEER,),
    "auditor-1": (Role.AUDITOR,),
}


class Crowd:
    """Each with a key of their own in `folder`; `stranger` has one too, and nobody declares it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (*PEOPLE, "stranger"):
            _keygen("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.key(name)))

    def key(self, name: str) -> Path:
        return self.folder / name

    def public(self, name: str) -> str:
        return self.key(name).with_suffix(".pub").read_text().strip()

    def fingerprint(self, name: str) -> str:
        return _keygen("-l", "-f", str(self.key(name))).decode().split()[1]

    @property
    def declared(self) -> tuple[Person, ...]:
        return tuple(Person(id=name, roles=roles, ssh_keys=(self.public(name),)) for name, roles in PEOPLE.items())

    def yaml(self) -> str:
        """As `federation.yaml` declares them."""
        return "people:\n" + "".join(
            f"  - {{id: {name}, roles: [{', '.join(roles)}], ssh_keys: [{self.public(name)}]}}\n"
            for name, roles in PEOPLE.items()
        )

    def sign(self, name: str, text: bytes, namespace: str = NAMESPACE) -> bytes:
        return _keygen("-Y", "sign", "-q", "-n", namespace, "-f", str(self.key(name)), text=text)


def _keygen(*arguments: str, text: bytes = b"") -> bytes:
    done = subprocess.run(["ssh-keygen", *arguments], input=text, capture_output=True, check=False)  # noqa: S607 - a system program
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
