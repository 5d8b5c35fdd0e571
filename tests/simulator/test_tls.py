"""Test TLS, the old kind included."""

import ssl

import aiohttp
import pytest

from simulator import Simulator, Switches
from simulator.tls import LegacyTlsServer, self_signed

from .client import basic, until


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
        await until(lambda: pbx.connections == 1)
        await pbx.cut()
        assert (await ws.receive()).type is not aiohttp.WSMsgType.TEXT
    await pbx.stop()


async def test_legacy_server_is_refused_by_default() -> None:
    """A modern client does not talk to a server without RFC 5746."""
    server = LegacyTlsServer()
    await server.start()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError) as error:
            await http.get(f"https://127.0.0.1:{server.port}", ssl=trusting(server.pem))
    assert "UNSAFE_LEGACY_RENEGOTIATION_DISABLED" in str(error.value)
    await server.stop()
    await server.stop()


async def test_legacy_server_serves_who_allows_it() -> None:
    """With the option the PBX behind is reached, WebSockets and all."""
    async with Simulator(Switches.classic(basic_handshake=True)) as pbx:
        server = LegacyTlsServer((pbx.host, pbx.port))
        await server.start()
        context = trusting(server.pem)
        context.options |= ssl.OP_LEGACY_SERVER_CONNECT
        url = f"https://127.0.0.1:{server.port}"
        async with aiohttp.ClientSession() as http:
            async with http.get(url, ssl=context) as response:
                assert response.headers["Server"] == "PBX/5.3"
            async with http.ws_connect(
                url,
                ssl=context,
                headers={"Authorization": basic("45", "45-secret")},
            ) as ws:
                await ws.send_json({"action": "get-users"})
                assert len((await ws.receive_json())["accounts"]) == 26
        await server.stop()


async def test_legacy_server_without_target() -> None:
    """A server without a PBX behind it shakes hands and closes."""
    server = LegacyTlsServer()
    await server.start()
    context = trusting(server.pem)
    context.options |= ssl.OP_LEGACY_SERVER_CONNECT
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(f"https://127.0.0.1:{server.port}", ssl=context)
    await server.stop()
