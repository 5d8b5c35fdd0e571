"""Passwords and sessions."""

from dataclasses import dataclass
import hashlib
import hmac
import secrets
import string

from aiohttp import BasicAuth, web

from .engine import Engine
from .model import DEFAULT_TENANT, AccountType
from .switches import Switches

_SESSION_ALPHABET = string.ascii_lowercase + string.digits
_SESSION_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Login:
    """Who somebody is."""

    tenant: str
    account: str


class Logins:
    """Check passwords and keep the sessions."""

    def __init__(self, engine: Engine, switches: Switches) -> None:
        """Start without sessions."""
        self.attempts = 0
        self._engine = engine
        self._switches = switches
        self._sessions: dict[str, Login] = {}

    @property
    def logged_in(self) -> list[str]:
        """Return whose sessions are open, an extension for each session."""
        return [login.account for login in self._sessions.values()]

    def check_hash(self, user: str, digest: str) -> Login | None:
        """Check a user name and the MD5 of a password."""
        self.attempts += 1
        login = self._find(user)
        if login is None:
            return None
        password = self._engine.account(login.account, tenant=login.tenant).password
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
        self.attempts += 1
        login = self._find(auth.login)
        if login is None:
            return None
        account = self._engine.account(login.account, tenant=login.tenant)
        return login if account.password == auth.password else None

    def open(self, login: Login) -> str:
        """Open a session and return its id."""
        session_id = "".join(
            secrets.choice(_SESSION_ALPHABET) for _ in range(_SESSION_LENGTH)
        )
        self._sessions[session_id] = login
        return session_id

    def session(self, request: web.Request) -> Login | None:
        """Return who the session cookie of a request belongs to."""
        login = self._sessions.get(request.cookies.get("session", ""))
        if login is None:
            return None
        known = login.account in self._engine.tenant(login.tenant).accounts
        return login if known else None

    def close(self, request: web.Request) -> None:
        """Forget the session of a request."""
        self._sessions.pop(request.cookies.get("session", ""), None)

    def expire(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()

    def _find(self, user: str) -> Login | None:
        """Return the extension that a user name means."""
        account, at, tenant = user.partition("@")
        if not at:
            if not self._switches.plain_username:
                return None
            tenant = DEFAULT_TENANT
        home = self._engine.tenants.get(tenant)
        found = home.accounts.get(account) if home else None
        if found is None or found.type is not AccountType.EXTENSION:
            return None
        return Login(tenant, account)
