"""The call commands of the WebSocket."""

from typing import Any

from .engine import Engine
from .logins import Login

COMMANDS = frozenset(
    {
        *("make-call", "accept-call", "hold-call", "clear-call", "rec-call", "chat"),
        *("blind-transfer", "blind-transfer2", "att-transfer"),
    }
)


def run_command(
    engine: Engine, login: Login, action: str, frame: dict[str, Any]
) -> None:
    """Do a call command of an extension; what is not one does nothing."""
    own, tenant = login.account, login.tenant
    call_id = str(frame.get("id", ""))
    match action:
        case "make-call":
            engine.dial(own, _number(frame.get("to")), tenant=tenant)
        case "accept-call":
            engine.answer(call_id, own, tenant=tenant)
        case "hold-call":
            held = own in engine.call(call_id, tenant=tenant).held_by
            verb = engine.resume if held else engine.hold
            verb(call_id, own, tenant=tenant)
        case "clear-call":
            engine.hang_up(call_id, own, tenant=tenant)
        case "rec-call":
            if engine.call(call_id, tenant=tenant).talks(own):
                state = frame.get("startstop") == "on"
                engine.record(call_id, state, tenant=tenant)
        case "blind-transfer" | "blind-transfer2":
            call = engine.call(call_id, tenant=tenant)
            named = _number(frame.get("from"))
            remote = call.caller.number if own in call.rung else call.other(own).number
            if named == (remote if action == "blind-transfer" else own):
                engine.transfer(call_id, own, _number(frame.get("to")), tenant=tenant)
        case "att-transfer":
            _join(engine, login, frame)
        case "chat":
            recipient, text = str(frame.get("dest")), str(frame.get("message"))
            engine.send_message(own, recipient, text, tenant=tenant)


def _join(engine: Engine, login: Login, frame: dict[str, Any]) -> None:
    """Join two calls if the frame names their parties rightly."""
    own, tenant = login.account, login.tenant
    call_id, other_id = str(frame.get("id", "")), str(frame.get("id2", ""))
    first = engine.call(call_id, tenant=tenant)
    second = engine.call(other_id, tenant=tenant)
    named = (_number(frame.get("from")), _number(frame.get("to")))
    if named == (first.other(own).number, second.other(own).number):
        engine.attended_transfer(call_id, other_id, own, tenant=tenant)


def _number(party: object) -> str:
    """Return the number of `number` or `number@domain`."""
    return str(party or "").partition("@")[0]
