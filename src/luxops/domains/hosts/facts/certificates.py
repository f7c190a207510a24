"""X.509 certificates of the host's services, and who may read their private keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import STAT, blocks, file_modes, split_once
from luxops.model import FactName, FactValue, Unreadable


class Certificate(FactValue):
    path: str
    subject: str
    """Common name; the whole subject where it has none."""
    issuer: str
    not_before: str
    """`YYYY-MM-DDTHH:MM:SSZ`."""
    not_after: str
    days_left: int
    """Whole days until `not_after`; negative once it has passed."""
    key_type: str
    """`rsa`, `ec`, `ed25519`, `ed448`, `dsa`, `unknown`."""
    key_bits: int
    signature_hash: str
    """`sha256`, `sha1`, …; empty for algorithms that name none (Ed25519)."""
    self_signed: bool
    """Subject and issuer are the same."""
    ca: bool
    """It may sign others."""
    names: tuple[str, ...]
    """Its DNS names and addresses."""


class Certificates(FactValue):
    """Sources: at most 100 PEM files. Private keys never leave the host.

    Folders: /etc/luxops/tls, /etc/ssl, /etc/ssl/certs (regular files, not Debian's trust store), /etc/nginx, /etc/apache2,
    /etc/postgresql and /etc/letsencrypt/live.
    """

    certificates: tuple[Certificate, ...]
    """By path, then order in the file."""
    broken: Mapping[str, str]
    """Path → why what looks like a certificate there is none."""
    keys: Mapping[str, FileMode] | Unreadable
    """Path of a private key in these folders and /etc/ssl/private → mode."""
    truncated: bool
    """There are more than 100 files: the rest was not looked at."""


_MOST = 100
_FOLDERS = "/etc/luxops/tls /etc/nginx /etc/apache2 /etc/postgresql /etc/ssl /etc/letsencrypt/live"
_PARTS = ("files", "certificates", "keys")
ROOT = Section(
    "certificates.root",
    f"""\
for d in {_FOLDERS}; do [ ! -d "$d" ] || set -- "$@" "$d"; done
set -- $([ $# = 0 ] || find "$@" -maxdepth 3 \\( -type f -o -path '/etc/letsencrypt/*' -type l \\) -size -128k \\
  ! -name ca-certificates.crt \\( -name '*.pem' -o -name '*.crt' -o -name '*.cer' -o -name '*.key' \\) -print)
[ $# -le {_MOST} ] || set -- $(printf '%s\n' "$@" | sort | head -n {_MOST + 1})
for f; do echo "$f"; done
echo '@@ files 0'
[ $# = 0 ] || awk 'FNR == 1 {{ print "file " FILENAME; inside = 0 }}
  /^-----BEGIN (TRUSTED )?CERTIFICATE-----/ {{ inside = 1 }}
  /^-----BEGIN [A-Z ]*PRIVATE KEY-----/ {{ print "key" }}
  inside
  /^-----END (TRUSTED )?CERTIFICATE-----/ {{ inside = 0 }}' "$@"
echo "@@ certificates $?"
[ $# = 0 ] || {STAT} "$@"
echo "@@ keys $?"
""",
    group="local",
    privileged=True,
)
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def parse(answer: Answer) -> Certificates:
    """Raises ParseError for lines that belong to no file; a file that holds no certificate is in `broken`."""
    part = blocks(answer.text(ROOT.name), _PARTS)
    if part["certificates"].status != 0:
        raise ParseError("the certificates were not read to the end")
    names = sorted(part["files"].lines)
    certificates: list[Certificate] = []
    broken: dict[str, str] = {}
    with_key = set()
    texts = _texts(part["certificates"].lines)
    for path in names[:_MOST]:
        pems, holds_key = texts.get(path, ([], False))
        if holds_key:
            with_key.add(path)
        elif not pems:
            broken[path] = "holds neither a certificate nor a private key in PEM"
        for pem in pems:
            try:
                certificates.append(_certificate(path, pem, answer.taken_at))
            except ValueError as error:
                broken[path] = f"not an X.509 certificate: {error}"[:200]
    modes = None if part["keys"].status else file_modes(part["keys"].lines)
    return Certificates(
        certificates=tuple(certificates), broken=broken, truncated=len(names) > _MOST,
        keys=Unreadable(reason="a file vanished while it was looked at") if modes is None
        else {path: mode for path, mode in modes.items() if path in with_key},
    )  # fmt: skip


def _texts(lines: tuple[str, ...]) -> dict[str, tuple[list[str], bool]]:
    """Path → its certificates in PEM, and whether it holds a private key."""
    texts: dict[str, tuple[list[str], bool]] = {}
    path, pem = "", list[str]()
    for line in lines:
        if line.startswith("file "):
            _, path = split_once(line, " ", "certificates")
            texts[path] = ([], False)
        elif not path:
            raise ParseError("lines of a certificate before the name of its file")
        elif line == "key":
            texts[path] = (texts[path][0], True)
        elif line.startswith("-----BEGIN"):
            pem = [_BEGIN]
        elif line.startswith("-----END"):
            texts[path][0].append("\n".join([*pem, _END, ""]))
        else:
            pem.append(line)
    return texts


def _certificate(path: str, pem: str, now: datetime) -> Certificate:
    fixed = _read(pem)
    left = (datetime.fromisoformat(fixed["not_after"]) - now).days
    return Certificate(path=path, days_left=left, **fixed)


@lru_cache(maxsize=4096)
def _read(pem: str) -> Mapping[str, Any]:
    """What does not change with time. Raises ValueError where it is no certificate."""
    from cryptography import x509  # noqa: PLC0415 - heavy, and only needed where a host has certificates

    certificate = x509.load_pem_x509_certificate(pem.encode())
    key_type, bits = _key(certificate.public_key())
    algorithm = certificate.signature_hash_algorithm
    try:
        ca = bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        ca = False
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        shown = tuple(str(name.value) for name in names)
    except x509.ExtensionNotFound:
        shown = ()
    return {
        "subject": _common_name(certificate.subject), "issuer": _common_name(certificate.issuer),
        "not_before": _time(certificate.not_valid_before_utc), "not_after": _time(certificate.not_valid_after_utc),
        "key_type": key_type, "key_bits": bits, "signature_hash": algorithm.name if algorithm else "",
        "self_signed": certificate.subject == certificate.issuer, "ca": ca, "names": shown,
    }  # fmt: skip


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _common_name(name: Any) -> str:  # noqa: ANN401 - cryptography's name, imported only where it is needed
    from cryptography.x509 import NameOID  # noqa: PLC0415 - see _read

    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _key(key: Any) -> tuple[str, int]:  # noqa: ANN401 - see _common_name
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa  # noqa: PLC0415 - see _read

    kinds = ((rsa.RSAPublicKey, "rsa"), (ec.EllipticCurvePublicKey, "ec"), (dsa.DSAPublicKey, "dsa"))
    for kind, name in kinds:
        if isinstance(key, kind):
            return name, key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", 256
    return ("ed448", 456) if isinstance(key, ed448.Ed448PublicKey) else ("unknown", 0)


FACT = HostFact(FactName("certificates"), (ROOT,), parse)
