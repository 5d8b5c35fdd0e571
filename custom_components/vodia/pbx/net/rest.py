"""Transport of the REST calls: addresses, TLS, credentials, errors; no meaning."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import SimpleCookie
import ssl
from typing import Any, Final

import aiohttp
import certifi
import orjson
from yarl import URL

from ..errors import (
    AccessOffError,
    CannotConnectError,
    CertificateError,
    LegacyTlsError,
    MethodNotAllowedError,
    NotConnectedError,
    NotFoundError,
    NoTlsError,
    PbxError,
    SessionExpiredError,
    UnexpectedReplyError,
    UnreadableReplyError,
)
from ..models import Server
from ..trace import Trace
from ..wire.fields import FrameError
from ..wire.lenient import loads
from ..wire.settings import SETTINGS

SESSION_PATH: Final = "/rest/system/session"

_REPLY_LIMIT: Final = 8 * 1024 * 1024
_DOWNLOAD_LIMIT: Final = 64 * 1024 * 1024
_DOWNLOAD_SECONDS: Final = 900
_SERVER_LIMIT: Final = 64
_ERRORS: Final[Mapping[int, type[PbxError]]] = {
    HTTPStatus.BAD_REQUEST: MethodNotAllowedError,
    HTTPStatus.UNAUTHORIZED: SessionExpiredError,
    HTTPStatus.FORBIDDEN: AccessOffError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowedError,
}
# OpenSSL's words for a plain-text answer to a TLS greeting.
_PLAIN_TEXT: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful reply: its body, its cookies, and who says to have sent it."""

    data: bytes = field(repr=False)
    cookies: SimpleCookie = field(repr=False)
    server: str | None

    def json(self) -> Any:
        """Return the body, None for an empty one.

        Raises UnreadableReplyError for what is not JSON.
        """
        try:
            return loads(self.data) if self.data.strip() else None
        except ValueError:
            raise UnreadableReplyError("reply is not JSON") from None

    def read[T](self, kind: str, decode: Callable[[Any], T], trace: Trace) -> T:
        """Return what the body tells; the trace keeps a sample of the kind.

        Raises UnreadableReplyError for another shape.
        """
        told = self.json()
        trace.sample(kind, told)
        try:
            return decode(told)
        except FrameError as err:
            trace.drop(str(err))
            raise UnreadableReplyError(f"{kind}: {err}") from None


class Download:
    """A successful reply that is read in pieces; `size` is its bytes, if they are told."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        """Take over a reply of which only the head was read."""
        self.content_type = response.headers.get("Content-Type", "")
        encoded = "Content-Encoding" in response.headers
        self.size = None if encoded else response.content_length
        self._content = response.content
        self._check(self.size or 0)
        self._read = 0

    @staticmethod
    def _check(size: int) -> None:
        """Refuse what is too large."""
        if size > _DOWNLOAD_LIMIT:
            raise UnexpectedReplyError("reply too large")

    async def read(self) -> bytes:
        """Return the next bytes, none at the end; raises as `Rest.request`."""
        with network_errors():
            data = await self._content.readany()
        self._read += len(data)
        self._check(self._read)
        return data


def session_headers(session: str) -> dict[str, str]:
    """Return the headers that carry a session id."""
    return {"Cookie": f"session={session}"}


def basic_headers(user: str, password: str) -> dict[str, str]:
    """Return the headers of HTTP Basic."""
    return {"Authorization": aiohttp.encode_basic_auth(user, password, "utf-8")}


async def _refuse_redirect(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Take no redirect: it would carry the session to another host."""
    response = await handler(request)
    if response.status in range(300, 400):
        response.close()
        raise UnexpectedReplyError(f"redirect (HTTP {response.status})")
    return response


def session_options() -> dict[str, Any]:
    """Return the options that a client session for a PBX must have.

    No cookie jar: two logins to one host must not share a session.
    """
    return {
        "cookie_jar": aiohttp.DummyCookieJar(),
        "middlewares": (_refuse_redirect,),
    }


def create_tls_context(server: Server) -> ssl.SSLContext:
    """Return a TLS context of our own for the server; reads files."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if not server.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if server.legacy_tls:
        context.options |= ssl.OP_LEGACY_SERVER_CONNECT
    return context


@contextmanager
def network_errors() -> Iterator[None]:
    """Raise the errors of the network as ours.

    The originals do not go along: they hold the request with its credentials.
    """
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as err:
        problem = err.certificate_error
        reason = getattr(problem, "verify_message", "") or type(problem).__name__
        raise CertificateError(str(problem), reason=reason.rstrip(".")) from None
    except (aiohttp.ClientSSLError, ssl.SSLError) as err:
        text = str(err)
        if "UNSAFE_LEGACY_RENEGOTIATION_DISABLED" in text:
            raise LegacyTlsError(text) from None
        if any(reason in text for reason in _PLAIN_TEXT):
            raise NoTlsError(text) from None
        raise CannotConnectError(text) from None
    except TimeoutError:
        raise CannotConnectError("no answer in time") from None
    except aiohttp.WSServerHandshakeError as err:
        if err.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CannotConnectError(f"handshake failed (HTTP {err.status})") from None
        error = _ERRORS.get(err.status, UnexpectedReplyError)
        raise error(f"handshake refused (HTTP {err.status})") from None
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as err:
        raise UnexpectedReplyError(type(err).__name__) from None
    except (aiohttp.ClientError, OSError) as err:
        # What else than the system has words may be the PBX's own, with its cookies.
        text = f": {err}" if isinstance(err, OSError) else ""
        raise CannotConnectError(f"{type(err).__name__}{text}") from None


def _printable(text: str) -> str:
    """Return what a header says as a text that can be stored."""
    return "".join(filter(str.isprintable, text[:_SERVER_LIMIT]))


def _check_status(status: int) -> None:
    """Raise the error of a status, if it is one."""
    if status >= HTTPStatus.BAD_REQUEST:
        raise _ERRORS.get(status, UnexpectedReplyError)(f"HTTP {status}")


class Rest:
    """The HTTP side of one login."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        trace: Trace,
        timeout: float,
    ) -> None:
        """Take a session made with `session_options`, and the seconds of a request."""
        self._http = http
        self.url = URL.build(
            scheme="https" if server.tls else "http", host=server.host, port=server.port
        )
        self.headers: Mapping[str, str] = {}
        self._server = server
        self.trace = trace
        self._timeout = timeout
        self._tls: ssl.SSLContext | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """Return the client session; raises NotConnectedError for one that is closed."""
        if self._http.closed:
            raise NotConnectedError("the client session is closed")
        return self._http

    async def is_open(self, seconds: float) -> bool:
        """Return whether the port takes a connection within some seconds.

        Nothing is sent, and it is closed at once.
        """
        loop, server = asyncio.get_running_loop(), self._server
        try:
            async with asyncio.timeout(seconds):
                transport, _ = await loop.create_connection(
                    asyncio.Protocol, server.host, server.port
                )
        except OSError:
            return False
        transport.close()
        return True

    async def tls(self) -> ssl.SSLContext | bool:
        """Return what aiohttp takes as `ssl`."""
        if self._server.tls and self._tls is None:
            self._tls = await asyncio.get_running_loop().run_in_executor(
                None, create_tls_context, self._server
            )
        return self._tls or True

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply to a request, with other credentials if headers are given.

        Raises the PbxError that fits the status (400 and 405, 401, 403, 404 have their
        own) or the state of the network.
        """
        with network_errors():
            tls = await self.tls()
            async with (
                asyncio.timeout(self._timeout),
                self.http.request(
                    method,
                    self.url.with_path(path, encoded=False),
                    params=params,
                    data=None if body is None else orjson.dumps(body),
                    headers={
                        **(self.headers if headers is None else headers),
                        **({"Content-Type": "application/json"} if body else {}),
                    },
                    ssl=tls,
                ) as response,
            ):
                status, cookies = response.status, response.cookies
                server = response.headers.get("Server")
                body_read = bytearray()
                while not response.content.at_eof() and len(body_read) <= _REPLY_LIMIT:
                    body_read += await response.content.read(
                        _REPLY_LIMIT + 1 - len(body_read)
                    )
        data = bytes(body_read)
        if path != SESSION_PATH:
            # Hashes of passwords are among the settings: what is not kept leaks nowhere.
            kept = b"" if f"/{SETTINGS}" in path else data
            self.trace.record(f"{method} {path} {status}", kept)
        _check_status(status)
        if len(data) > _REPLY_LIMIT:
            self.trace.drop("reply larger than 8 MiB")
            raise UnexpectedReplyError("reply too large")
        return Reply(data, cookies, server and _printable(server))

    @asynccontextmanager
    async def download(
        self, path: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> AsyncIterator[Download]:
        """Open a reply that may be large; raises as `request`. What it says is not kept."""
        async with AsyncExitStack() as stack:
            with network_errors():
                tls = await self.tls()
                async with asyncio.timeout(self._timeout):
                    response = await stack.enter_async_context(
                        self.http.get(
                            self.url.with_path(path),
                            params=params,
                            # What is read must have the size that is told.
                            headers={**headers, "Accept-Encoding": "identity"},
                            timeout=aiohttp.ClientTimeout(
                                _DOWNLOAD_SECONDS, sock_read=self._timeout
                            ),
                            ssl=tls,
                        )
                    )
            self.trace.record(f"GET {path} {response.status}", b"")
            _check_status(response.status)
            yield Download(response)
