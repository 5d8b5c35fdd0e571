"""Passwords, sessions and the tokens that become one."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
import hashlib
import hmac
import secrets
import string

from aiohttp import BasicAuth, web

from .engine import Engine
from .model import ADMIN, DEFAULT_TENANT, AccountType, EngineError
from .switches import Switches

_SESSION_ALPHABET = string.ascii_lowercase + string.digits
_SESSION_LENGTH = 20
# Seconds in which a token has to be made a session.
TOKEN_LIFE = 10.0


class Kind(StrEnum):
    """How much somebody may see, in the words of the wire."""

    USER = "user"
    TENANT = "domain"
    SYSTEM = "admin"


@dataclass(frozen=True, slots=True)
class Login:
    """Who somebody is; an administrator of the system has no tenant."""

    tenant: str
    account: str
    kind: Kind = Kind.USER


class Logins:
    """Check passwords and keep the sessions."""

    def __init__(self, engine: Engine, switches: Switches) -> None:
        """Start without sessions."""
        self.attempts = 0
        self._engine = engine
        self._switches = switches
        self._sessions: dict[str, Login] = {}
        self._tokens: dict[str, tuple[Login, float]] = {}

    @property
    def logged_in(self) -> list[str]:
        """Return whose sessions are open, an extension for each session."""
        return [login.account for login in self._sessions.values()]

    def check_hash(self, user: str, digest: str) -> Login | None:
        """Check a user name and the MD5 of a password."""
        self.attempts += 1
        login = self.find(user)
        if login is None:
            return None
        password = self.password(login)
        expected = hashlib.md5(password.encode()).hexdigest() if password else ""
        return login if hmac.compare_digest(expected, digest) else None

    def check_basic(self, request: web.Request) -> Login | None:
        """Check the HTTP Basic credentials of a request."""
        try:
            auth = BasicAuth.decode(
                request.headers.get("Authorization", ""), encoding="utf-8"
            )
        except ValueError:
            return None
        return self.check_password(auth.login, auth.password)

    def check_password(self, user: str, password: str) -> Login | None:
        """Check a user name and a password."""
        self.attempts += 1
        login = self.find(user)
        return login if login and self.password(login) == password else None

    def password(self, login: Login) -> str:
        """Return the web password of somebody."""
        match login.kind:
            case Kind.SYSTEM:
                return self._engine.admin_password
            case Kind.TENANT:
                return self._engine.tenant(login.tenant).admin_password
            case Kind.USER:
                account = self._engine.account(login.account, tenant=login.tenant)
                return account.password

    def open(self, login: Login) -> str:
        """Open a session and return its id."""
        session_id = _secret()
        self._sessions[session_id] = login
        return session_id

    def offer(self, login: Login) -> str:
        """Return a token for a session: it works once, and only for a while."""
        token = _secret()
        expires = asyncio.get_running_loop().time() + TOKEN_LIFE
        self._tokens[token] = login, expires
        return token

    def redeem(self, token: str) -> Login | None:
        """Return for whom a token is, if it still works; it does not afterwards."""
        login, expires = self._tokens.pop(token, (None, 0.0))
        return login if asyncio.get_running_loop().time() < expires else None

    def session(self, request: web.Request) -> Login | None:
        """Return who the session of a request belongs to."""
        session_id = request.cookies.get("session", "")
        if self._switches.session_in_url and not session_id:
            session_id = request.query.get("session", "")
        login = self._sessions.get(session_id)
        return login if login and self.exists(login) else None

    def exists(self, login: Login) -> bool:
        """Return whether somebody still exists."""
        if login.kind is Kind.SYSTEM:
            return True
        home = self._engine.tenants.get(login.tenant)
        return home is not None and (
            login.kind is Kind.TENANT or login.account in home.accounts
        )

    def close(self, request: web.Request) -> None:
        """Forget the session of a request."""
        self._sessions.pop(request.cookies.get("session", ""), None)

    def expire(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()
        self._tokens.clear()

    def find(self, user: str) -> Login | None:
        """Return whom a user name means, None if nobody."""
        account, at, tenant = user.partition("@")
        if user == ADMIN:
            return Login("", ADMIN, Kind.SYSTEM)
        if not at:
            if not self._switches.plain_username:
                return None
            tenant = DEFAULT_TENANT
        try:
            return self.named(account, tenant)
        except EngineError:
            return None

    def named(self, account: str, tenant: str) -> Login:
        """Return an extension, or (`admin`) the administrator of a tenant."""
        home = self._engine.tenant_called(tenant)
        if account == ADMIN:
            return Login(home.name, ADMIN, Kind.TENANT)
        for found in home.accounts.values():
            by_name = account in (found.number, *found.aliases)
            if by_name and found.type is AccountType.EXTENSION:
                return Login(home.name, found.number)
        raise EngineError(f"There is no extension {account} in {tenant}")


def _secret() -> str:
    """Return what nobody can guess."""
    return "".join(secrets.choice(_SESSION_ALPHABET) for _ in range(_SESSION_LENGTH))
