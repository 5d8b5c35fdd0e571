"""What administrators read and set."""

from aiohttp import web

from .engine import Engine
from .gate import Gate, read_body
from .logins import Login
from .model import Account, AccountType, EngineError
from .wire import Json, Object

# Words that sources use for types of accounts in `userlist`.
_TYPES = {
    "aas": AccountType.ATTENDANT,
    "auto_attendants": AccountType.ATTENDANT,
    "confrooms": AccountType.CONFERENCE,
    "parkorbits": AccountType.ORBIT,
}


class Admin:
    """Answer administrators of the system and of a tenant."""

    def __init__(self, engine: Engine) -> None:
        """Answer for a PBX."""
        self._engine = engine

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the routes."""
        tenant = "/rest/domain/{domain}"
        settings = f"{tenant}/settings{{slash:/?}}"
        action = f"{tenant}/domain_action{{slash:/?}}"
        return [
            web.get("/rest/system/domains", gate.admin("domains", self._tenants)),
            web.get("/rest/system/license", gate.admin("license", self._license)),
            web.get(f"{tenant}/userlist", gate.admin("userlist", self._user_list)),
            web.get(
                f"{tenant}/userlist/{{type}}", gate.admin("userlist", self._user_list)
            ),
            web.get(f"{tenant}/users", gate.admin("users", self._users)),
            web.get(f"{tenant}/extensions", gate.admin("users", self._extensions)),
            web.get(
                f"{tenant}/{{type:acds|hunts|attendants|conferences|orbits}}",
                gate.admin("groups", self._groups),
            ),
            web.get(settings, gate.admin("settings", self._settings)),
            web.route("PUT", settings, gate.admin("settings", self._set)),
            web.post(settings, gate.admin("settings", self._set)),
            web.route("PUT", action, gate.admin("action", self._act)),
            web.post(action, gate.admin("action", self._act)),
        ]

    async def _tenants(self, request: web.Request, login: Login) -> Json:
        """List the tenants."""
        return [
            {"name": name, "display": name, "alias": [name], "country": "", "area": ""}
            for name in self._engine.tenants
        ]

    async def _license(self, request: web.Request, login: Login) -> Json:
        """Return what the PBX is licensed for."""
        calls = sum(len(self._engine.calls(tenant=t)) for t in self._engine.tenants)
        return {
            "agreement": "20130614",
            "company": "",
            "expires": "Active subscription",
            "hosted": True,
            "key": "XXXXXXXXXXXX",
            "licensed": True,
            "name": "Simulated PBX",
            "remaining": "59",
            "status": "",
            "type": "color",
            "usage": f"Domains: {len(self._engine.tenants)}/10, Calls: {calls}/200",
        }

    def _accounts(self, tenant: str, kind: str | None) -> list[Account]:
        """Return the accounts of a tenant, or those of a type."""
        accounts = self._engine.tenant(tenant).accounts.values()
        kind = _TYPES.get(kind or "", kind)
        return [account for account in accounts if kind in (None, account.type)]

    async def _user_list(self, request: web.Request, login: Login) -> Json:
        """List the accounts as the portal of administrators does."""
        accounts: list[Json] = []
        for account in self._accounts(login.tenant, request.match_info.get("type")):
            entry: Object = {
                "id": account.id,
                "account": account.number,
                "alias": [account.number],
                "ani": "",
                "type": account.type,
                "disabled": "",
                "license": "",
                "visible": "",
                "name": account.name,
                "pnp": 0,
                "mac": "",
                "regs": int(account.registered),
                "cell": "",
                "email": "",
                "dnd": account.dnd,
                "cfa": account.settings.get("cfa", ""),
                "last": "",
                "vm": f"{sum(m.new for m in account.messages)}"
                f"/{sum(not m.new for m in account.messages)} (0/0)",
            }
            if account.type is AccountType.FLAG:
                entry["state"] = "true" if account.active else "false"
            accounts.append(entry)
        return {"action": "domain-list", "accounts": accounts, "change": "false"}

    async def _users(self, request: web.Request, login: Login) -> Json:
        """List the accounts with their types."""
        return [
            {
                "name": account.number,
                "displayname": account.name,
                "usertype": account.type,
            }
            for account in self._accounts(login.tenant, None)
        ]

    async def _extensions(self, request: web.Request, login: Login) -> Json:
        """List the extensions."""
        return [
            {
                "id": account.id,
                "name": account.number,
                "first_name": "",
                "display_name": account.name,
                "dnd": account.dnd,
                "email_address": "",
                "alias": [account.number],
            }
            for account in self._accounts(login.tenant, AccountType.EXTENSION)
        ]

    async def _groups(self, request: web.Request, login: Login) -> Json:
        """List the accounts of a type that is no extension, with their calls."""
        entries: list[Json] = []
        for account in self._accounts(login.tenant, request.match_info["type"]):
            calls = self._engine.calls_of(account.number, tenant=login.tenant)
            entry: Object = {"name": account.number, "display": account.name}
            if account.type is AccountType.QUEUE:
                entry["agents"] = list[Json](account.members)
            entries.append(entry | {"calls": len(calls)})
        return entries

    async def _settings(self, request: web.Request, login: Login) -> Json:
        """Return the settings of a tenant: its star codes."""
        return {"name": login.tenant, "orbits": "*"} | dict[str, Json](
            self._engine.tenant(login.tenant).codes
        )

    async def _set(self, request: web.Request, login: Login) -> Json:
        """Set star codes."""
        codes = self._engine.tenant(login.tenant).codes
        for name, value in (await read_body(request)).items():
            if name in codes:
                codes[name] = str(value)
        return {}

    async def _act(self, request: web.Request, login: Login) -> Json:
        """Do something with an account; the answer is always the same."""
        match await read_body(request):
            case {"type": "accounts", "action": str(action), "selected": str(number)}:
                try:
                    account = self._engine.account(number, tenant=login.tenant)
                    if action == "reset_dnd":
                        self._engine.set_dnd(number, False, tenant=login.tenant)
                    elif action == "reset_cfwd":
                        for name in [n for n in account.settings if n[:2] == "cf"]:
                            del account.settings[name]
                except EngineError:
                    pass
        return {}
