"""Who is not who the certificate says is told nothing, and the trouble says what it is."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.cloud_http import Cloud, serving, settings_for

from luxops.model import FailureReason
from luxops.transports.openstack import CloudError, CloudSession

pytestmark = pytest.mark.slow  # it really listens, hundreds of times
PORTS = "/network/v2.0/ports"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Signed by itself, for this name or address."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@pytest.mark.parametrize(("name", "trusted", "more"), [
    ("127.0.0.1", False, ""), ("elsewhere.example", True, ""), ("127.0.0.1", False, "    identity_api_version: 3\n"),
    ("elsewhere.example", True, "    identity_api_version: 3\n"),
])  # fmt: skip
def test_a_certificate_that_does_not_match_is_refused(tmp_path: Path, name: str, trusted: bool, more: str) -> None:  # noqa: FBT001 - one of two reasons
    files = certificate(tmp_path, name)
    more += f"    cacert: {files[0]}\n" if trusted else ""
    with serving(Cloud(lists={PORTS: []}), files) as cloud:
        session = CloudSession(settings_for(cloud, tmp_path, more=more))
        with pytest.raises(CloudError) as raised:
            session.identity()
        assert cloud.requests == [], "nothing may be said to who is not known"
    error = raised.value
    assert error.failure.reason is FailureReason.HOST_KEY_CHANGED
    assert "certificate" in error.why.lower()
    assert error.remedy == "Check the certificate, or `cacert` in clouds.yaml."
    assert not error.failure.retryable


def test_a_certificate_that_matches_is_trusted(tmp_path: Path) -> None:
    files = certificate(tmp_path, "127.0.0.1")
    with serving(Cloud(lists={PORTS: []}), files) as cloud:
        session = CloudSession(settings_for(cloud, tmp_path, more=f"    cacert: {files[0]}\n"))
        assert session.listed("network", "/ports", "ports") == []
