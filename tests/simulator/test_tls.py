"""Test TLS, and the greeting of the old kind."""

import ssl

import aiohttp
import pytest

from simulator import Simulator, Switches
from simulator.legacy_tls import LegacyTlsServer
from simulator.tls import self_signed
from tests.support.client import basic, wait_for


def trusting(pem: bytes) -> ssl.SSLContext:
    """Return a client's context that trusts one certificate."""
    return ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize("hostname", ["localhost", "127.0.0.1"])
async def test_self_signed(hostname: str) -> None:
    """A client has to trust the certificate, and then gets in."""
    tls = self_signed(hostname)
    pbx = Simulator(Switches.modern())
    await pbx.start(ssl_context=tls.context)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(pbx.url)
        async with http.get(pbx.url, ssl=trusting(tls.pem)) as response:
            assert response.status == 200
    await pbx.stop()


async def test_cut_over_tls() -> None:
    """Connections over TLS can be cut, too."""
    tls = self_signed()
    pbx = Simulator(Switches.classic(basic_handshake=True))
    await pbx.start(ssl_context=tls.context)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            pbx.url,
            ssl=trusting(tls.pem),
            headers={"Authorization": basic("45", "45-secret")},
        ) as ws,
    ):
        await wait_for(lambda: pbx.connections == 1)
        await pbx.cut()
        assert (await ws.receive()).type is not aiohttp.WSMsgType.TEXT
    await pbx.stop()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (0, "UNSAFE_LEGACY_RENEGOTIATION_DISABLED"),
        (ssl.OP_LEGACY_SERVER_CONNECT, "TLSV1_ALERT_INTERNAL_ERROR"),
    ],
    ids=["by default", "allowed"],
)
async def test_legacy_server(options: int, error: str) -> None:
    """A client refuses a server without RFC 5746, or goes on if it is told to."""
    server = LegacyTlsServer()
    await server.start()
    context = ssl.create_default_context()
    context.options |= options
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError, match=error):
            await http.get(f"https://127.0.0.1:{server.port}", ssl=context)
    await server.stop()
    await server.stop()
