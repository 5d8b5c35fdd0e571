"""The open questions about a PBX, and the answers that each may have."""

from typing import Any

_YES_NO = (True, False)


_BOTH_DIALECTS: dict[str, tuple[Any, ...]] = {
    "session_in": ("body", "cookie", "both"),
    "login_methods": ({"PUT"}, {"POST"}, {"PUT", "POST"}),
    "plain_username": _YES_NO,
    "refusal": ("empty", "false"),
    "session_tells_tenant": _YES_NO,
    "handshake_refusal": (401, 403, "close"),
    "session_end_closes": _YES_NO,
    "answers_ping": _YES_NO,
    "answers_unknown": _YES_NO,
    "strings": _YES_NO,
    "calls_as_object": _YES_NO,
    "noise": _YES_NO,
    "cleared": ("absent", "null"),
    "foreign_user_states": _YES_NO,
    "presence_first": _YES_NO,
    "code_while_ringing": _YES_NO,
    "group_ids": ("one", "per_leg"),
    "call_ids": _YES_NO,
    "dial_presents_as": ("outgoing", "incoming"),
    "outgoing_word": ("alerting", "ringback"),
    "incoming_word": ("alerting", "ringing"),
    "held_word": ("onhold", "holding"),
    "answers_get_calls": _YES_NO,
    "user_state": _YES_NO,
    "answered_to": ("dialed", "phone"),
    "history_delay": (0, 0.1),
    "history_missed": _YES_NO,
    "flags_as": ("list", "names"),
    "flags_writable": _YES_NO,
    "messages_as": ("count", "totals", "data"),
    "address_book_as": ("list", "object", "split"),
}


DOUBTS: dict[str, dict[str, tuple[Any, ...]]] = {
    "classic": _BOTH_DIALECTS
    | {
        "user_calls": ("none", "from", "id", "full"),
        "websocket_paths": ({"/"}, {"/websocket"}),
        "settings_methods": ({"POST"}, {"PUT"}),
        "self_messages_as": ("list", "map"),
        "rest": ("nothing", "settings", "all"),
    },
    "modern": _BOTH_DIALECTS
    | {
        "answers_get_users": _YES_NO,
        "user_change": _YES_NO,
        "domain_calls": _YES_NO,
        "initial_call_state": _YES_NO,
        "unsubscribes": _YES_NO,
        "wrong_tenant_status": (401, 403, 404),
        "party_fields": ("both", "strings", "split"),
        "shrink_extensions": _YES_NO,
        "star_extensions": _YES_NO,
        "accounts_type_filter": _YES_NO,
        "rest_ids": ("same", "own"),
        "lamps": _YES_NO,
        "orbit_field": ("name", "account", "number"),
        "orbit_calls": ("list", "count", "none"),
        "orbit_action": ("orbit-calls", "call-state"),
        "rest": ("all", "no calls", "calls forbidden"),
    },
}
