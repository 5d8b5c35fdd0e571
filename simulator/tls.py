"""What a server needs to speak TLS."""

from dataclasses import dataclass
import ssl
from tempfile import NamedTemporaryFile

from cryptography.hazmat.primitives import serialization

from .identity import make_identity
from .legacy_tls import LegacyTlsServer

__all__ = ["LegacyTlsServer", "ServerTls", "self_signed"]


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a server listens with, and what a client has to trust."""

    context: ssl.SSLContext
    pem: bytes


def self_signed(hostname: str = "localhost") -> ServerTls:
    """Return a context for a server and the certificate to trust it by."""
    identity = make_identity(hostname)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(
            identity.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.write(identity.pem)
        file.flush()
        context.load_cert_chain(file.name)
    return ServerTls(context, identity.pem)
