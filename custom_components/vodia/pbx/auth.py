"""Every way to log in to a PBX, and which way worked.

A wrong password is told to the PBX as few times as possible: servers block who guesses.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import hashlib
from ipaddress import ip_address
import re
from typing import Final

from .errors import (
    AccessOffError,
    LoginForbiddenError,
    LoginRefusedError,
    MethodNotAllowedError,
    NotFoundError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
    UnknownTenantError,
)
from .fields import as_text
from .models import EXTENSION, Credentials, LoginMethod, LoginWay
from .rest import SESSION_PATH, Reply, Rest, basic_headers, session_headers

_DEFAULT_TENANT: Final = "localhost"
_IDENTITY_PATH: Final = "/rest/domain/self/account/self/list/list_identity"
# What may be the last that we ask leaves no connection open for another request.
CLOSE: Final[Mapping[str, str]] = {"Connection": "close"}
# It becomes part of paths, of the title and of what is stored.
_TENANT: Final = re.compile(r"[\w-]([\w.-]{0,251}[\w-])?", re.ASCII)
# It becomes part of paths, too: the number of an account.
_ACCOUNT: Final = re.compile(r"(?!\.+$)[\w*+.-]{1,64}", re.ASCII)
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that worked; `tenants` are those it may be in, likeliest first.

    `tenant_names` are proven to name the tenant. `account` is whose login it is, where
    the PBX tells: who logs in by an alias has another number.
    """

    way: LoginWay
    tenants: tuple[str, ...]
    headers: Mapping[str, str] = field(repr=False)
    server: str | None = None
    tenant_names: frozenset[str] = frozenset()
    account: str | None = None


def account_path(extension: str, tenant: str, kind: str) -> str:
    """Return the REST path of something that belongs to an extension."""
    return f"/rest/user/{extension}@{tenant}/{kind}"


async def login(rest: Rest, credentials: Credentials, way: LoginWay | None) -> Login:
    """Log in, by the way that worked before, or by finding one.

    One is looked for where none is known, or this PBX knows it no more. Tried is: PUT
    with the bare extension, POST instead where PUT is not known, `ext@tenant` where the
    tenant is known, Basic after ambiguous refusals (an empty string, `false`, or neither
    method known). One definite refusal ends it. The headers to use from now on are in
    the result. Raises LoginRefusedError, AccessOffError, SecondFactorError,
    UnknownTenantError, or an error of the network.

    A tenant has several names, of which the session tells the first. The bare extension
    may have led to another tenant than the one given: that this is a name of it, too, is
    proven by a login as `ext@tenant`.
    """
    tenants = _tenants(rest, credentials)
    if way is None:
        session, way, server = await _find(rest, credentials, tenants[0])
    elif way.method is LoginMethod.BASIC:
        session, server = None, await _basic(rest, credentials, way.user, tenants[0])
    else:
        try:
            session, server = await _password(rest, credentials, way)
        except MethodNotAllowedError, NotFoundError:
            # The PBX may be another version by now.
            session, way, server = await _find(rest, credentials, tenants[0])
        else:
            if session is None:
                raise LoginRefusedError("the password is refused")
    if session is None:
        headers = basic_headers(way.user, credentials.password)
        return Login(way, tenants, headers, server)
    headers = session_headers(session)
    try:
        tenant, account = await _told(rest, headers)
        given = credentials.tenant
        if tenant and given and not _leads_to(rest, way, given, tenant):
            await log_out(rest, headers)
            headers = {}
            way = LoginWay(way.method, f"{credentials.extension}@{given}")
            with suppress(LoginRefusedError, LoginForbiddenError, UnexpectedReplyError):
                if session := (await _password(rest, credentials, way))[0]:
                    headers = session_headers(session)
                    tenant, account = await _told(rest, headers)
            if not headers:
                raise UnknownTenantError("the session is in another tenant")
    except PbxError, asyncio.CancelledError:
        # Nobody else knows this session.
        await log_out(rest, headers)
        raise
    if tenant is None:
        return Login(way, tenants, headers, server, account=account)
    if given is None or account not in (None, credentials.extension):
        # It may have been an e-mail address, which names no tenant.
        return Login(way, (tenant,), headers, server, frozenset({tenant}), account)
    both = tuple(dict.fromkeys((tenant, given)))
    return Login(way, both, headers, server, frozenset(both), account)


def _leads_to(rest: Rest, way: LoginWay, given: str, told: str) -> bool:
    """Return whether a tenant that was given is surely the one that the session tells.

    The PBX takes the name in the address for the tenant of a bare extension, and
    `localhost` catches what is no other's name.
    """
    sure = {told.lower(), (rest.url.host or "").lower(), _DEFAULT_TENANT}
    return given.lower() in sure or way.user.lower().endswith(f"@{given.lower()}")


async def log_out(rest: Rest, headers: Mapping[str, str]) -> None:
    """End a session, which would live for days; waits only briefly for the PBX.

    Basic has none to end, but a connection that is open: it goes with anything asked.
    """
    if headers:
        method, own = ("DELETE", headers) if "Cookie" in headers else ("GET", {})
        with suppress(PbxError, TimeoutError):
            async with asyncio.timeout(2):
                await rest.request(method, SESSION_PATH, headers={**own, **CLOSE})


async def _find(
    rest: Rest, credentials: Credentials, tenant: str
) -> tuple[str | None, LoginWay, str | None]:
    """Return the session, the way that worked, and the server's name."""
    full_name = f"{credentials.extension}@{tenant}"
    users = [credentials.extension, *([full_name] if credentials.tenant else [])]
    methods = [LoginMethod.PUT, LoginMethod.POST]
    for user in users:
        while methods:
            way = LoginWay(methods[0], user)
            try:
                session, server = await _password(rest, credentials, way)
            except MethodNotAllowedError, NotFoundError:
                del methods[0]
                continue
            if session:
                return session, way, server
            break
    try:
        server = await _basic(rest, credentials, full_name, tenant)
    except NotFoundError:
        # An older PBX has no such path: then the refusal before was meant.
        if not methods:
            raise
        raise LoginRefusedError("the password is refused") from None
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
            headers=CLOSE,
        )
    except SessionExpiredError:
        raise LoginRefusedError("the password is refused") from None
    except AccessOffError as err:
        raise LoginForbiddenError(str(err)) from None
    return _session_id(reply), reply.server


def _session_id(reply: Reply) -> str | None:
    """Return the session id in a reply: in the cookie, else in the body.

    A body that refuses outweighs a cookie, which every visitor may get.
    """
    body = reply.json()
    if isinstance(body, dict):
        body = next((body[k] for k in ("session", "value", "token") if k in body), body)
    if body == "" or body is False:
        return None
    cookie = reply.cookies.get("session")
    for text in (cookie.value if cookie else None, body):
        if isinstance(text, str) and _SESSION_ID.fullmatch(text):
            return text
    if isinstance(body, dict):
        raise SecondFactorError("the login answers with an object")
    if body is None:
        return None
    raise UnexpectedReplyError("the login answers with no session")


async def _basic(
    rest: Rest, credentials: Credentials, user: str, tenant: str
) -> str | None:
    """Prove the password with HTTP Basic; return the server's name."""
    try:
        reply = await rest.request(
            "GET",
            account_path(credentials.extension, tenant, "accounts"),
            params={"type": EXTENSION},
            headers={**basic_headers(user, credentials.password), **CLOSE},
        )
    except SessionExpiredError:
        raise LoginRefusedError("the password is refused") from None
    except AccessOffError as err:
        raise LoginForbiddenError(str(err)) from None
    return reply.server


async def _told(
    rest: Rest, headers: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Return tenant and account that the session tells (classic dialect)."""
    try:
        told = (await rest.request("GET", SESSION_PATH, headers=headers)).json()
    except UnexpectedReplyError, AccessOffError, SessionExpiredError:
        return None, None
    if not isinstance(told, dict):
        return None, None
    tenant, account = told.get("cdomain"), as_text(told.get("cuser"))
    if told.get("type") not in (None, "", "user"):
        # An administrator is no extension.
        account = None
    return (
        tenant if isinstance(tenant, str) and _TENANT.fullmatch(tenant) else None,
        account if account and _ACCOUNT.fullmatch(account) else None,
    )


async def find_account(
    rest: Rest, credentials: Credentials, tenants: tuple[str, ...]
) -> str | None:
    """Return whose login it is, if that was by an alias; None if the PBX does not tell.

    A classic PBX tells it in its lists, others by the aliases of all accounts. Raises an
    error of the network.
    """
    alias = credentials.extension
    paths = [account_path(alias, tenant, "accounts") for tenant in tenants]
    for path in (_IDENTITY_PATH, *paths):
        try:
            told = (await rest.request("GET", path)).json()
        except UnexpectedReplyError, AccessOffError, SessionExpiredError:
            continue
        listed = told if isinstance(told, list) else [told]
        for entry in filter(lambda entry: isinstance(entry, dict), listed):
            aliases = entry.get("alias")
            known = isinstance(aliases, list) and alias in map(as_text, aliases)
            number = as_text(entry.get("name" if known else "user"))
            if number and _ACCOUNT.fullmatch(number):
                return number
    return None


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
