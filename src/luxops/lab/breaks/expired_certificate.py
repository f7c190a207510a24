"""The certificate of a host's service has expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from luxops.lab.breaks.interface import Bench, BreakBase, Cause
from luxops.lab.shell import LabError

FILE = "/etc/luxops/tls/service.pem"
KEY = "/etc/luxops/tls/service.key"


class ExpiredCertificate(BreakBase):
    def apply(self, bench: Bench) -> None:
        key = serialization.load_pem_private_key(bench.read(KEY).encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise LabError(f"{KEY} is not the key that the lab made")
        old = x509.load_pem_x509_certificate(bench.read(FILE).encode())
        ended = datetime.now(UTC) - timedelta(days=3)
        builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), x509.random_serial_number())
        for extension in old.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        expired = builder.not_valid_before(ended - timedelta(days=365)).not_valid_after(ended).sign(key, hashes.SHA256())
        bench.write(FILE, expired.public_bytes(serialization.Encoding.PEM).decode())

    def heal(self, bench: Bench) -> None:
        """The certificate was restored with its file."""

    def in_force(self, bench: Bench) -> bool:
        return not bench.succeeds("openssl", "x509", "-checkend", "0", "-noout", "-in", FILE)


BREAK = ExpiredCertificate(
    name="expired-certificate",
    title="a service's certificate has expired",
    domain="hosts",
    target="anim-dc1",
    causes=(Cause(kind="policy", target="anim-dc1", id="certificates-valid"),),
    touches=(FILE,),
)
