"""What a server needs to speak TLS: a key with a self-signed certificate."""

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
import ssl
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a server listens with, and what a client has to trust."""

    context: ssl.SSLContext
    pem: bytes


def self_signed(hostname: str = "localhost") -> ServerTls:
    """Return a context for a server and the certificate to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = _certificate(key, hostname).public_bytes(serialization.Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return ServerTls(context, pem)


def _certificate(key: ec.EllipticCurvePrivateKey, hostname: str) -> x509.Certificate:
    """Make a certificate for a host name or an IP address."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)])
    loopback = x509.IPAddress(ip_address("127.0.0.1"))
    try:
        host: x509.GeneralName = x509.IPAddress(ip_address(hostname))
    except ValueError:
        host = x509.DNSName(hostname)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # OpenSSL asks the machine for the time, which may not be the one of a test.
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([host, loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
