"""Certificates for the servers of tests."""

from pathlib import Path

import pytest

from simulator.tls import ServerTls, self_signed


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> ServerTls:
    """Return what a server with a certificate that this machine trusts listens with."""
    tls = self_signed(name)
    file = folder / "authorities.pem"
    file.write_bytes(tls.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return tls
