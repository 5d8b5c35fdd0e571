"""Messages over REST: threads of two parties."""

import json

from aiohttp import web

from .gate import Gate, read_body
from .logins import Login
from .model import ChatEntry
from .state import PbxState
from .wire import Json


class Chat:
    """Answer for the messages of extensions."""

    def __init__(self, state: PbxState) -> None:
        """Answer for a PBX."""
        self._state = state
        self._engine = state.engine

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the routes."""
        user = "/rest/user/{account}"
        return [
            web.get(f"{user}/chat", gate.user("chat", self._thread)),
            web.post(f"{user}/chat", gate.user("chat", self._write)),
            web.get(f"{user}/chat-history", gate.user("chat", self._threads)),
        ]

    def _entries(self, login: Login) -> list[ChatEntry]:
        """Return all messages that an extension has written or got."""
        return [
            entry
            for entry in self._engine.tenant(login.tenant).chat
            if entry.sender == login.account
            or (entry.recipient == login.account and entry.kind == "text")
        ]

    async def _thread(self, request: web.Request, login: Login) -> Json:
        """List the messages from and to a number."""
        number = request.query.get("number", "")
        entries = [
            entry
            for entry in self._entries(login)
            if number in (entry.sender, entry.recipient)
        ]
        return {
            "first": entries[0].id if entries else 0,
            "last": entries[-1].id if entries else 0,
            "total": len(entries),
            "content": [_shown(entry) for entry in entries],
        }

    async def _threads(self, request: web.Request, login: Login) -> Json:
        """List the numbers that there are messages from or to, the newest first."""
        last: dict[str, ChatEntry] = {}
        for entry in self._entries(login):
            own = entry.sender == login.account
            number = entry.recipient if own else entry.sender
            last.pop(number, None)
            last[number] = entry
        return [
            _shown(entry) | {"number": number}
            for number, entry in reversed(last.items())
        ]

    async def _write(self, request: web.Request, login: Login) -> Json:
        """Write to a number, or a note about it; answer with the id of the message."""
        number = request.query.get("number", "")
        match await read_body(request):
            case {"type": "text" | "note" as kind, "text": str(text)} if number:
                if self._state.switches.ignore_commands:
                    return 0
                written = self._engine.write(
                    login.account, number, text, kind, tenant=login.tenant
                )
                match self._state.switches.message_id_as:
                    case "text":
                        return str(written)
                    case "object":
                        return {"id": written}
                return written
            case _:
                raise web.HTTPBadRequest


def _shown(entry: ChatEntry) -> dict[str, Json]:
    """Return a message; the fields beside `meta` are not known."""
    return {
        "id": entry.id,
        "time": round(entry.time, 3),
        "from": entry.sender,
        "to": entry.recipient,
        "text": entry.text,
        "meta": json.dumps({"type": entry.kind}),
    }
