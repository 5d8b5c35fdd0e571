"""The settings of an extension: some 80 names, nearly all of them empty."""

from contextlib import suppress
import hashlib
from typing import Any

from aiohttp import web

from .gate import Gate, read_body
from .logins import Login
from .model import Account
from .state import PbxState
from .wire import Json

_TRUE = (True, "true")

_EMPTY = (
    *("first_name", "position", "picture", "cell_dis", "no_vpa", "cell_time"),
    *("cell_night", "cell_hunt", "cell_acd", "cell_conn", "cell_c2d", "cell_never"),
    *("cell_always", "hours_mon", "hours_tue", "hours_wed", "hours_thu", "hours_fri"),
    *("hours_sat", "hours_sun", "hours_holiday", "tz", "lang_web", "lang_audio"),
    *("melody", "moh", "adrbook_pref", "lync_username", "lync_authname", "presence"),
    *("location", "pickups", "orbits", "wakeup", "cfa", "cfa_times", "cfb"),
    *("cfb_times", "cfn", "cfn_timeout", "cfn_times", "cfd", "anonymous", "cfr"),
    *("email_address", "email_vmail", "vmail_option", "email_missed", "email_mb_full"),
    *("email_all", "email_status", "email_black_call", "wakeup_fail_email"),
    *("mb_timeout", "mb_size", "name_use", "mailbox_access", "mwi", "cell_mwi"),
    *("mailbox_escape", "mailbox_group", "mb_play_env", "mb_offer_cell"),
    *("actsync_username", "actsync_address", "actsync_cert", "actsync_calendar"),
    *("actsync_room", "actsync_timer", "carddav_email", "crm_username", "crm_address"),
    *("crm_type", "view_settings", "profile"),
)
_DEFAULTS: dict[str, str] = dict.fromkeys(_EMPTY, "") | {
    "include_local": "true",
    "dialog_subscribe": "*",
    "block_cid": "false",
    "cw": "true",
    "mb_enable": "",
}


def classic(account: Account) -> dict[str, str]:
    """Return the settings as a classic PBX has them: what is not set is empty."""
    return (
        _DEFAULTS
        | account.settings
        | {"display_name": account.name, "dnd": "true" if account.dnd else ""}
        | _hashes(account)
    )


def modern(account: Account) -> dict[str, Json]:
    """Return the settings as a recent PBX has them."""
    settings: dict[str, Json] = {**classic(account)}
    return settings | {
        "dnd": "true" if account.dnd else "false",
        "mb_enable": "true",
        "alias": [account.number],
    }


def _hashes(account: Account) -> dict[str, str]:
    """Return the hashes of present and past passwords, which a PBX shows its user."""
    web = [*account.old_passwords, account.password]
    return {
        "sip_hist": _digest(f"{account.number}-sip"),
        "web_hist": " ".join(map(_digest, web)),
    }


def _digest(password: str) -> str:
    """Return the hash of a password."""
    return hashlib.sha256(password.encode()).hexdigest()


class Settings:
    """Answer for do not disturb and for the settings of extensions."""

    def __init__(self, state: PbxState) -> None:
        """Answer for a PBX."""
        self._state = state
        self._engine = state.engine

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the routes."""
        dnd = "/rest/user/{account}/dnd"
        flat = "/rest/domain/{domain}/user_settings/{account}"
        own = "/rest/domain/self/account/self/user_settings"
        table = "/rest/domain/{domain}/account/{account}/user_settings"
        return [
            web.get(dnd, gate.user("dnd", self._dnd)),
            web.post(dnd, gate.user("dnd", self._set_dnd)),
            web.get(own, gate.user("self_settings", self._table)),
            web.put(own, gate.user("self_settings", self._set_table)),
            web.get(flat, gate.user("user_settings", self._flat)),
            web.post(flat, gate.user("user_settings", self._set_flat)),
            web.put(flat, gate.user("user_settings", self._set_flat)),
            web.post(table, gate.user("user_settings", self._set_table)),
        ]

    def _account(self, login: Login) -> Account:
        """Return the account of a login."""
        return self._engine.account(login.account, tenant=login.tenant)

    async def _dnd(self, request: web.Request, login: Login) -> Json:
        """Return the do not disturb state."""
        account = self._account(login)
        return {
            self._state.switches.dnd_field: account.dnd,
            "reason": account.dnd_reason,
            "expires": f"{account.dnd_expires or 0:g}",
        }

    async def _set_dnd(self, request: web.Request, login: Login) -> Json:
        """Switch do not disturb."""
        match await read_body(request):
            case {"state": bool(state), **rest}:
                expires = None
                with suppress(TypeError, ValueError):
                    expires = float(rest.get("expires") or "") or None
                reason = str(rest.get("reason") or "")
                self._switch_dnd(login, state, reason, expires)
            case _:
                raise web.HTTPBadRequest
        return {}

    def _switch_dnd(
        self,
        login: Login,
        state: bool,
        reason: str | None = None,
        expires: float | None = None,
    ) -> None:
        """Switch do not disturb unless commands are ignored."""
        if not self._state.switches.ignore_commands:
            self._engine.set_dnd(
                login.account, state, reason, expires, tenant=login.tenant
            )

    async def _flat(self, request: web.Request, login: Login) -> Json:
        """Return the settings by name."""
        self._check_readable()
        return modern(self._account(login))

    async def _set_flat(self, request: web.Request, login: Login) -> Json:
        """Merge some settings."""
        methods = self._state.switches.settings_methods
        if request.method not in methods:
            raise web.HTTPMethodNotAllowed(request.method, methods)
        self._merge(login, await read_body(request))
        if self._state.switches.settings_reply == "empty":
            return {}
        return modern(self._account(login))

    async def _table(self, request: web.Request, login: Login) -> Json:
        """Return the settings the classic way."""
        self._check_readable()
        settings: dict[str, Json] = {
            name: value
            if self._state.switches.settings_in == "values"
            else {"name": name, "value": value}
            for name, value in classic(self._account(login)).items()
        }
        return {"table": "users", "settings": settings}

    async def _set_table(self, request: web.Request, login: Login) -> Json:
        """Merge some settings the classic way."""
        match await read_body(request):
            case {"table": "users", "settings": [*rows]}:
                self._merge(login, {row["name"]: row["value"] for row in rows})
            case _:
                raise web.HTTPBadRequest
        return {}

    def _check_readable(self) -> None:
        """Refuse to tell settings where they may not be read."""
        match self._state.switches.settings_status:
            case 403:
                raise web.HTTPForbidden
            case 404:
                raise web.HTTPNotFound

    def _merge(self, login: Login, settings: dict[str, Any]) -> None:
        """Take new values of settings, unless commands are ignored."""
        switches = self._state.switches
        for name, value in settings.items():
            if name == "dnd":
                self._switch_dnd(login, value in _TRUE)
            elif switches.ignore_commands:
                continue
            elif name == "display_name":
                self._engine.rename(login.account, str(value), tenant=login.tenant)
            elif name in _DEFAULTS:
                self._state.take(
                    self._engine.set_setting,
                    login.account,
                    name,
                    str(value),
                    login.tenant,
                )
