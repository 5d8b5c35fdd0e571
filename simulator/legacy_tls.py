"""A TLS 1.2 server of the time before secure renegotiation (RFC 5746).

OpenSSL would always send the extension that makes a client feel safe, so the few
messages of the handshake are written by hand: one cipher suite, one curve.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
import hashlib
import hmac
import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .identity import Identity, make_identity

_TLS_1_2 = b"\x03\x03"
_ECDHE_ECDSA_AES128_GCM_SHA256 = b"\xc0\x2b"
_SECP256R1 = b"\x00\x17"
_ECDSA_SHA256 = b"\x04\x03"
_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE = 1, 2, 11
_SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE = 12, 14
_CLIENT_KEY_EXCHANGE, _FINISHED = 16, 20
_CLOSE_NOTIFY = b"\x01\x00"
_LARGEST_RECORD = 16384


class _HandshakeError(Exception):
    """Raise when the client does not go on with the handshake."""


class LegacyTlsServer:
    """Terminate old TLS in front of a plain server, or just greet."""

    def __init__(
        self, target: tuple[str, int] | None = None, hostname: str = "localhost"
    ) -> None:
        """Forward to a plain host and port; without one, nothing is answered."""
        self.port = 0
        self._target = target
        self._identity = make_identity(hostname)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def pem(self) -> bytes:
        """Return the certificate, for clients to trust."""
        return self._identity.pem

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        self._server = None

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one client."""
        self._writers.add(writer)
        try:
            with suppress(OSError, EOFError, InvalidTag, _HandshakeError):
                connection = _Connection(reader, writer, self._identity)
                await connection.shake_hands()
                if self._target is not None:
                    await self._forward(connection)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _forward(self, connection: _Connection) -> None:
        """Carry data both ways until one side ends."""
        if self._target is None:
            return
        reader, writer = await asyncio.open_connection(*self._target)
        self._writers.add(writer)

        async def carry_in() -> None:
            """Carry data of the client to the plain server."""
            while data := await connection.receive():
                writer.write(data)
                await writer.drain()

        async def carry_out() -> None:
            """Carry data of the plain server to the client."""
            while data := await reader.read(_LARGEST_RECORD):
                await connection.send(_DATA, data)
            await connection.send(_ALERT, _CLOSE_NOTIFY)

        tasks = [asyncio.create_task(carry_in()), asyncio.create_task(carry_out())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._writers.discard(writer)
            writer.close()


@dataclass(slots=True)
class _Protection:
    """Encrypt or decrypt the records of one direction."""

    key: AESGCM
    salt: bytes
    sequence: int = 0

    def seal(self, kind: int, plain: bytes) -> bytes:
        """Encrypt a record."""
        explicit = struct.pack("!Q", self.sequence)
        extra = self._extra(kind, len(plain))
        return explicit + self.key.encrypt(self.salt + explicit, plain, extra)

    def open(self, kind: int, sealed: bytes) -> bytes:
        """Decrypt a record."""
        explicit, text = sealed[:8], sealed[8:]
        extra = self._extra(kind, len(text) - 16)
        return self.key.decrypt(self.salt + explicit, text, extra)

    def _extra(self, kind: int, length: int) -> bytes:
        """Return what is authenticated with the next record."""
        extra = struct.pack("!QB2sH", self.sequence, kind, _TLS_1_2, length)
        self.sequence += 1
        return extra


@dataclass(slots=True)
class _Connection:
    """One TLS connection, the server's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    identity: Identity
    _transcript: bytearray = field(default_factory=bytearray)
    _pending: bytes = b""
    _receiving: _Protection | None = None
    _sending: _Protection | None = None

    async def shake_hands(self) -> None:
        """Agree on keys with the client."""
        hello = await self._receive_message(_CLIENT_HELLO)
        randoms = hello[2:34], secrets.token_bytes(32)
        share = ec.generate_private_key(ec.SECP256R1())
        self._greet(randoms, share)
        await self.writer.drain()
        point = (await self._receive_message(_CLIENT_KEY_EXCHANGE))[1:]
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = share.exchange(ec.ECDH(), peer)
        master = _expand(shared, b"master secret", b"".join(randoms), 48)
        keys = _expand(master, b"key expansion", randoms[1] + randoms[0], 40)
        if (await self._receive_record())[0] != _CHANGE_CIPHER_SPEC:
            raise _HandshakeError
        self._receiving = _Protection(AESGCM(keys[:16]), keys[32:36])
        expected = self._verification(master, b"client finished")
        if await self._receive_message(_FINISHED) != expected:
            raise _HandshakeError
        await self.send(_CHANGE_CIPHER_SPEC, b"\x01")
        self._sending = _Protection(AESGCM(keys[16:32]), keys[36:40])
        self._send_message(_FINISHED, self._verification(master, b"server finished"))
        await self.writer.drain()

    async def receive(self) -> bytes:
        """Return data of the client; nothing when it has ended."""
        while True:
            kind, data = await self._receive_record()
            if kind == _ALERT:
                return b""
            if kind == _DATA and data:
                return data

    async def send(self, kind: int, data: bytes) -> None:
        """Send one record."""
        self._send_record(kind, data)
        await self.writer.drain()

    def _greet(
        self, randoms: tuple[bytes, bytes], share: ec.EllipticCurvePrivateKey
    ) -> None:
        """Send everything from ServerHello to ServerHelloDone."""
        self._send_message(
            _SERVER_HELLO,
            # No session id, no compression, and no extension at all.
            _TLS_1_2 + randoms[1] + b"\0" + _ECDHE_ECDSA_AES128_GCM_SHA256 + b"\0",
        )
        certificate = _sized(self.identity.der, 3)
        self._send_message(_CERTIFICATE, _sized(certificate, 3))
        point = share.public_key().public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint,
        )
        offer = b"\x03" + _SECP256R1 + _sized(point, 1)
        signature = self.identity.key.sign(
            b"".join(randoms) + offer, ec.ECDSA(hashes.SHA256())
        )
        self._send_message(
            _SERVER_KEY_EXCHANGE, offer + _ECDSA_SHA256 + _sized(signature, 2)
        )
        self._send_message(_SERVER_HELLO_DONE, b"")

    def _verification(self, master: bytes, label: bytes) -> bytes:
        """Return what proves that the handshake so far was not tampered with."""
        digest = hashlib.sha256(self._transcript).digest()
        return _expand(master, label, digest, 12)

    async def _receive_message(self, kind: int) -> bytes:
        """Return the body of the handshake message that has to come now."""
        while len(self._pending) < 4 or len(self._pending) < 4 + int.from_bytes(
            self._pending[1:4]
        ):
            record, data = await self._receive_record()
            if record != _HANDSHAKE:
                raise _HandshakeError
            self._pending += data
        end = 4 + int.from_bytes(self._pending[1:4])
        message, self._pending = self._pending[:end], self._pending[end:]
        if message[0] != kind:
            raise _HandshakeError
        self._transcript += message
        return message[4:]

    def _send_message(self, kind: int, body: bytes) -> None:
        """Send a handshake message."""
        message = bytes([kind]) + _sized(body, 3)
        self._transcript += message
        self._send_record(_HANDSHAKE, message)

    async def _receive_record(self) -> tuple[int, bytes]:
        """Return kind and content of the next record."""
        header = await self.reader.readexactly(5)
        data = await self.reader.readexactly(int.from_bytes(header[3:]))
        if self._receiving is not None:
            data = self._receiving.open(header[0], data)
        return header[0], data

    def _send_record(self, kind: int, data: bytes) -> None:
        """Queue a record."""
        if self._sending is not None:
            data = self._sending.seal(kind, data)
        self.writer.write(bytes([kind]) + _TLS_1_2 + _sized(data, 2))


def _sized(data: bytes, width: int) -> bytes:
    """Put the length in front."""
    return len(data).to_bytes(width) + data


def _expand(secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """Derive bytes from a secret, as TLS 1.2 does."""
    seed = label + seed
    link, output = seed, b""
    while len(output) < length:
        link = hmac.digest(secret, link, "sha256")
        output += hmac.digest(secret, link + seed, "sha256")
    return output[:length]
