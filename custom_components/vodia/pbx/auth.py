"""Every way to log in to a PBX, and which way worked.

A wrong password is told to the PBX as few times as possible: servers block who guesses.
"""

from dataclasses import dataclass, field
import hashlib
from ipaddress import ip_address
import re
from typing import Final

from .errors import (
    AccessOffError,
    LoginRefusedError,
    MethodNotAllowedError,
    NotFoundError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
    UnknownTenantError,
)
from .models import Credentials, LoginMethod, LoginWay
from .rest import SESSION_PATH, Reply, Rest

_DEFAULT_TENANT: Final = "localhost"
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that worked; `tenants` are those it may be in, likeliest first."""

    way: LoginWay
    tenants: tuple[str, ...]
    server: str | None = None
    session: str | None = field(default=None, repr=False)


def account_path(extension: str, tenant: str, kind: str) -> str:
    """Return the REST path of something that belongs to an extension."""
    return f"/rest/user/{extension}@{tenant}/{kind}"


async def login(rest: Rest, credentials: Credentials, way: LoginWay | None) -> Login:
    """Log in, by the way that worked before, or by finding one.

    Found is tried: PUT with the bare extension, POST instead where PUT is not known,
    `ext@tenant` where the tenant is known, Basic after ambiguous refusals (an empty
    string or `false`). One definite refusal ends it. Raises LoginRefusedError,
    AccessOffError, SecondFactorError, UnknownTenantError, or an error of the network.
    """
    rest.use_nothing()
    tenants = _tenants(rest, credentials)
    if way is None:
        session, way, server = await _find(rest, credentials, tenants[0])
    elif way.method is LoginMethod.BASIC:
        session, server = None, await _basic(rest, credentials, way.user, tenants[0])
    else:
        session, server = await _password(rest, credentials, way)
        if session is None:
            raise LoginRefusedError("the password is refused")
    if session is None:
        rest.use_basic(way.user, credentials.password)
        return Login(way, tenants, server)
    rest.use_session(session)
    if told := await _told_tenant(rest):
        if credentials.tenant and told.lower() != credentials.tenant.lower():
            raise UnknownTenantError("the session is in another tenant")
        tenants = (told,)
    return Login(way, tenants, server, session)


async def _find(
    rest: Rest, credentials: Credentials, tenant: str
) -> tuple[str | None, LoginWay, str | None]:
    """Return the session, the way that worked, and the server's name."""
    full_name = f"{credentials.extension}@{tenant}"
    users = [credentials.extension]
    if credentials.tenant:
        users.append(full_name)
    method = LoginMethod.PUT
    for user in users:
        way = LoginWay(method, user)
        try:
            session, server = await _password(rest, credentials, way)
        except MethodNotAllowedError, NotFoundError:
            if method is LoginMethod.POST:
                raise
            way = LoginWay(method := LoginMethod.POST, user)
            session, server = await _password(rest, credentials, way)
        if session:
            return session, way, server
    server = await _basic(rest, credentials, full_name, tenant)
    return None, LoginWay(LoginMethod.BASIC, full_name), server


async def _password(
    rest: Rest, credentials: Credentials, way: LoginWay
) -> tuple[str | None, str | None]:
    """Return the session id, or None after an ambiguous refusal."""
    password = credentials.password.encode(errors="surrogatepass")
    # The PBX wants MD5; an empty password stays empty (Vodia's login script).
    digest = (
        hashlib.md5(password, usedforsecurity=False).hexdigest() if password else ""
    )
    try:
        reply = await rest.request(
            way.method.upper(),
            SESSION_PATH,
            {"name": "auth", "value": f"{way.user} {digest}"},
        )
    except SessionExpiredError:
        raise LoginRefusedError("the password is refused") from None
    return _session_id(reply), reply.server


def _session_id(reply: Reply) -> str | None:
    """Return the session id in a reply: in the cookie, else in the body."""
    if (cookie := reply.cookies.get("session")) and _SESSION_ID.fullmatch(cookie.value):
        return cookie.value
    body = reply.json
    if isinstance(body, dict):
        body = next((body[k] for k in ("session", "value", "token") if k in body), body)
    if isinstance(body, str) and _SESSION_ID.fullmatch(body):
        return body
    if isinstance(body, dict):
        raise SecondFactorError("the login answers with an object")
    if body in ("", False, None):
        return None
    raise UnexpectedReplyError("the login answers with no session")


async def _basic(
    rest: Rest, credentials: Credentials, user: str, tenant: str
) -> str | None:
    """Prove the password with HTTP Basic; return the server's name."""
    rest.use_basic(user, credentials.password)
    path = account_path(credentials.extension, tenant, "accounts")
    try:
        reply = await rest.request("GET", path, params={"type": "extensions"})
    except SessionExpiredError, NotFoundError:
        raise LoginRefusedError("the password is refused") from None
    return reply.server


async def _told_tenant(rest: Rest) -> str | None:
    """Return the tenant that the session tells (classic dialect)."""
    try:
        reply = await rest.request("GET", SESSION_PATH)
    except UnexpectedReplyError, AccessOffError, SessionExpiredError:
        return None
    told = reply.json.get("cdomain") if isinstance(reply.json, dict) else None
    return told if isinstance(told, str) and told else None


def _tenants(rest: Rest, credentials: Credentials) -> tuple[str, ...]:
    """Return the tenants to try: the one given, else the host name and the default."""
    if credentials.tenant:
        return (credentials.tenant,)
    host = rest.url.host or ""
    try:
        ip_address(host)
    except ValueError:
        return tuple(dict.fromkeys((host, _DEFAULT_TENANT)))
    return (_DEFAULT_TENANT,)
