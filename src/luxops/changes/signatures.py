"""SSH signatures: made and checked by ssh-keygen (OpenSSH's PROTOCOL.sshsig), never by code of our own.

The signature's own fields are read here too, but only to say why one does not count; whether it holds is ssh-keygen's word.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from luxops.changes.wording import NAMESPACE
from luxops.errors import LuxopsError, UsageError
from luxops.federation.schema import Person

MAX_SIGNATURE = 16 * 1024
"""Bytes. An Ed25519 signature takes 300, one of a security key 500."""
_VERIFY_SECONDS = 20
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class SignatureError(LuxopsError):
    """It is no SSH signature, or ssh-keygen cannot be asked."""


class Signature(NamedTuple):
    """What a signature says of itself. It proves nothing until `holds` has said so."""

    armoured: str
    key: bytes
    """Public key in OpenSSH's wire form."""
    namespace: str

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as ssh-keygen and ssh-add show it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.key).digest()).decode().rstrip("=")


def read_signature(content: bytes) -> Signature:
    """Raises SignatureError for what is no armoured SSH signature."""
    if len(content) > MAX_SIGNATURE:
        raise _broken(f"it has {len(content)} bytes, a signature at most {MAX_SIGNATURE}")
    try:
        armoured = content.decode("ascii").strip()
    except UnicodeDecodeError:
        raise _broken("it holds bytes that are no ASCII") from None
    lines = armoured.splitlines()
    if not lines or lines[0] != _BEGIN or lines[-1] != _END:
        raise _broken(f"it does not stand between `{_BEGIN}` and `{_END}`")
    try:
        blob = base64.b64decode("".join(line.strip() for line in lines[1:-1]), validate=True)
        magic, version, rest = blob[:6], int.from_bytes(blob[6:10], "big"), blob[10:]
        if magic != b"SSHSIG" or version != 1:
            raise _broken("it is no SSH signature of version 1")
        key, rest = _string(rest)
        namespace, _ = _string(rest)
        return Signature("\n".join(lines) + "\n", key, namespace.decode())
    except (binascii.Error, ValueError):
        raise _broken("it ends too early or was altered") from None


def _string(blob: bytes) -> tuple[bytes, bytes]:
    """One string of RFC 4251 and what follows it. Raises ValueError where it ends inside."""
    length = int.from_bytes(blob[:4], "big")
    if len(blob) < 4 + length:
        raise ValueError("ends inside a string")
    return blob[4 : 4 + length], blob[4 + length :]


def _broken(why: str) -> SignatureError:
    return SignatureError(
        "This is no SSH signature",
        why=why,
        remedy="Sign the text of `--print` with `ssh-keygen -Y sign`, and hand over its .sig file.",
    )


def owners(key: bytes, people: Sequence[Person]) -> list[Person]:
    """Everyone for whom this key is declared."""
    return [p for p in people if any(_blob(declared) == key for declared in p.ssh_keys)]


def _blob(declared: str) -> bytes:
    return base64.b64decode(declared.split(" ")[1])


def holds(signature: Signature, text: bytes, person: Person) -> bool:
    """Whether `person` has signed exactly `text` for our purpose. Raises SignatureError where ssh-keygen cannot be asked."""
    with tempfile.TemporaryDirectory(prefix="luxops-approval-") as folder:
        allowed, file = Path(folder, "allowed_signers"), Path(folder, "signature")
        lines = [f'{person.id} namespaces="{NAMESPACE}" {" ".join(key.split(" ")[:2])}\n' for key in person.ssh_keys]
        allowed.write_text("".join(lines), encoding="ascii")
        file.write_text(signature.armoured, encoding="ascii")
        arguments = ["-Y", "verify", "-f", str(allowed), "-I", person.id, "-n", NAMESPACE, "-s", str(file)]
        done = _keygen(arguments, text, timeout=_VERIFY_SECONDS, quiet=True)
    return done.returncode == 0


def sign(text: bytes, key: Path) -> bytes:
    """An armoured signature. `key`: a private key, or a public one whose other half an agent holds.

    ssh-keygen itself asks for a passphrase or for a touch, on the terminal: luxops never sees either. Raises SignatureError.
    """
    path = key.expanduser()
    if not path.is_file():
        raise UsageError(
            f"There is no key at `{key}`", remedy="Name a private key, or a public one whose other half your SSH agent holds."
        )
    # On a terminal ssh-keygen's own words ("Confirm user presence …") must be seen while it waits.
    done = _keygen(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(path)], text, timeout=None, quiet=not sys.stderr.isatty())
    if done.returncode != 0 or not done.stdout:
        said = (done.stderr or b"").decode(errors="replace").strip()
        raise SignatureError(
            f"ssh-keygen did not sign with `{key}`",
            why=said or f"it ended with status {done.returncode}",
            remedy="Check the key's passphrase and its file mode, or that the agent holds it (ssh-add -l).",
        )
    return done.stdout


def _keygen(arguments: list[str], text: bytes, *, timeout: float | None, quiet: bool) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - arguments as a list, names and paths of ours
            ["ssh-keygen", *arguments],  # noqa: S607 - OpenSSH's, found on PATH
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if quiet else None,
            env=os.environ | {"LC_ALL": "C"},
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise SignatureError(
            "There is no ssh-keygen", why="approvals are SSH signatures", remedy="Install OpenSSH's client."
        ) from None
    except subprocess.TimeoutExpired:
        raise SignatureError("ssh-keygen does not answer", why=f"it was given {timeout:.0f} s", remedy="Try again.") from None
