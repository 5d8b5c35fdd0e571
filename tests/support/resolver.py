"""Names of hosts, as a test has them resolved."""

import socket
from typing import override

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession


class ThisMachine(AbstractResolver):
    """Take each name for one of this machine."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: int = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the address of this machine."""
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    @override
    async def close(self) -> None:
        """Need nothing closed."""


def resolve_by(hass: HomeAssistant, resolver: AbstractResolver) -> None:
    """Let Home Assistant resolve names by another resolver."""
    connector = async_get_clientsession(hass).connector
    assert isinstance(connector, TCPConnector)
    connector._resolver = resolver
