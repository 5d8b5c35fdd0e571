"""The dashboard of the demo: cards that every Home Assistant has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Card = dict[str, Any]

OUTSIDE_NUMBER = "+493055501234"
OUTSIDE_NAME = "Anna Meyer"

# How the states of a call look: icon, colour of cards, colour of text, headline.
_LOOKS = {
    "ringing": ("mdi:phone-ring", "orange", "#ff9800", "Incoming call"),
    "dialing": ("mdi:phone-outgoing", "blue", "#2196f3", "Calling"),
    "connected": ("mdi:phone-in-talk", "green", "#4caf50", "Connected"),
    "held": ("mdi:phone-paused", "purple", "#926bc7", "On hold"),
}

# Two columns of sections stand side by side, or there is room for one only.
_WIDE = "(min-width: 768px)"
_NARROW = "(max-width: 767px)"


@dataclass(frozen=True)
class Phones:
    """What the dashboard is about: entities by account and key."""

    own: str
    entities: Mapping[tuple[str, str], str]

    @property
    def extensions(self) -> list[str]:
        """Return the extensions in the order of their numbers."""
        numbers = {account for account, key in self.entities if key == "registered"}
        return sorted(numbers, key=lambda number: (len(number), number))

    @property
    def exposed(self) -> list[str]:
        """Return what docs/voice.md asks to expose, so that Assist may speak about it."""
        calls = [self(number, "call") for number in self.extensions]
        return [*calls, self(self.own, "last_caller")]

    def __call__(self, account: str, key: str) -> str:
        """Return an entity of an account; the account "" is the PBX."""
        return self.entities[account, key]


def build(phones: Phones, section: Card) -> Card:
    """Return the configuration of the dashboard, with a section of somebody else."""
    return {
        "views": [
            {
                "type": "sections",
                "title": "Phones",
                "path": "phones",
                "max_columns": 2,
                "sections": [
                    _section(_own_phone(phones)),
                    section,
                    _section(_office(phones, 8), span=2, screen=_WIDE),
                    _section(_office(phones, 12), screen=_NARROW),
                    _section(_pbx(phones), span=2),
                    _section(_history(phones), span=2),
                ],
            }
        ]
    }


def _section(cards: list[Card], span: int = 1, screen: str | None = None) -> Card:
    """Return a section of the view, for all screens or those of a media query."""
    visibility = [{"condition": "screen", "media_query": screen}] if screen else []
    return {
        "type": "grid",
        "column_span": span,
        "visibility": visibility,
        "cards": cards,
    }


# The own phone


@dataclass(frozen=True)
class _Button:
    """A button for an action on the own extension, and the conditions to show it."""

    name: str
    icon: str
    color: str
    action: str
    shown: list[Card]
    data: Card = field(default_factory=dict)

    def card(self, phones: Phones) -> Card:
        """Return it as a card."""
        return {
            "type": "tile",
            "entity": phones(phones.own, "call"),
            "name": self.name,
            "icon": f"mdi:{self.icon}",
            "color": self.color,
            "hide_state": True,
            "grid_options": {"columns": 6},
            "visibility": self.shown,
            **_tap(phones, self.action, self.data),
        }


def _own_phone(phones: Phones) -> list[Card]:
    """Return the cards of the own extension: its call, and what can be done."""
    own, call = phones.own, phones(phones.own, "call")
    dnd, rings = phones(own, "dnd"), _is(phones(own, "ringing"), "on")
    up, talks = _is(call, "connected", "held", "dialing"), _is(call, "connected")
    return [
        {
            "type": "heading",
            "heading": f"My phone · {own}",
            "icon": "mdi:deskphone",
            "badges": [{"type": "entity", "entity": phones(own, "registered")}],
        },
        {"type": "markdown", "content": _call_text(call, dnd)},
        *(
            button.card(phones)
            for button in (
                _Button("Answer", "phone", "green", "answer", [rings]),
                _Button("Decline", "phone-cancel", "red", "reject", [rings]),
                _Button("Hang up", "phone-hangup", "red", "hang_up", [up]),
                _Button("Hold", "pause", "purple", "hold", [talks]),
                _Button("Resume", "play", "green", "resume", [_is(call, "held")]),
                _Button(
                    *("Record", "record-circle-outline", "grey", "start_recording"),
                    shown=[talks, _is(call, "false", of="recording")],
                ),
                _Button(
                    *("Stop recording", "stop-circle", "red", "stop_recording"),
                    shown=[
                        _is(call, "connected", "held"),
                        _is(call, "true", of="recording"),
                    ],
                ),
                _Button(
                    *(f"Call {OUTSIDE_NAME}", "phone-dial", "blue", "dial"),
                    shown=[_is(call, "idle")],
                    data={"number": OUTSIDE_NUMBER},
                ),
                _Button(
                    *("Do not disturb", "bell-outline", "grey", "set_dnd"),
                    shown=[_is(dnd, "off")],
                    data={"enabled": True},
                ),
                _Button(
                    *("Do not disturb", "minus-circle", "red", "set_dnd"),
                    shown=[_is(dnd, "on")],
                    data={"enabled": False},
                ),
            )
        ),
    ]


def _call_text(call: str, dnd: str) -> str:
    """Return a template that shows a call: what, with whom, since when."""
    looks = {state: (icon, text) for state, (icon, _, *text) in _LOOKS.items()}
    return f"""\
{{%- set looks = {looks} -%}}
{{%- set state = states('{call}') -%}}
{{%- if state in looks %}}
{{%- set icon, (color, title) = looks[state] -%}}
{{%- set name = state_attr('{call}', 'remote_name') -%}}
{{%- set number = state_attr('{call}', 'remote_number') -%}}
{{%- set start = state_attr('{call}', 'answered') or state_attr('{call}', 'started') -%}}
{{%- set others = state_attr('{call}', 'other_calls') -%}}
{{%- set recording = state_attr('{call}', 'recording') -%}}
<font color="{{{{ color }}}}"><ha-icon icon="{{{{ icon }}}}"></ha-icon> **{{{{ title }}}}**</font>
{{%- if start %}} since {{{{ as_timestamp(start) | timestamp_custom('%H:%M:%S') }}}}{{% endif %}}
{{%- if recording %}} · <font color="#f44336">recording</font>{{% endif %}}
{{%- if others %}} · {{{{ others }}}} more{{% endif %}}

# {{{{ (name or number or 'Unknown') | e }}}}
{{{{ number | e if name and number else '&nbsp;' }}}}
{{%- elif state == 'idle' and is_state('{dnd}', 'on') %}}
<font color="#f44336"><ha-icon icon="mdi:minus-circle"></ha-icon> **Do not disturb**</font>

# No call
The phone does not ring now.
{{%- elif state == 'idle' %}}
<ha-icon icon="mdi:phone"></ha-icon> **Idle**

# No call
Tap a colleague to call them.
{{%- else %}}
<ha-icon icon="mdi:phone-alert"></ha-icon> **Not known**

# No connection
The PBX cannot be reached now.
{{%- endif %}}
"""


def _tap(phones: Phones, action: str, data: Card, question: str = "") -> Card:
    """Return what a tap does: an action on the own extension, maybe after a question."""
    tap = {
        "action": "perform-action",
        "perform_action": f"vodia.{action}",
        "target": {"entity_id": phones(phones.own, "call")},
        "data": data,
    }
    if question:
        tap["confirmation"] = {"text": question}
    return {"tap_action": tap, "icon_tap_action": tap}


# The office


def _office(phones: Phones, columns: int) -> list[Card]:
    """Return a tile for each extension, in the colour of its state."""
    return [
        {"type": "heading", "heading": "Office", "icon": "mdi:account-group"},
        *(
            {**card, "grid_options": {"columns": columns}}
            for number in phones.extensions
            if number != phones.own
            for card in _extension(phones, number)
        ),
    ]


def _extension(phones: Phones, number: str) -> list[Card]:
    """Return the tiles of an extension, of which one shows at a time."""
    call, dnd = phones(number, "call"), phones(number, "dnd")
    registered, in_call = phones(number, "registered"), phones(number, "in_call")
    name = [{"type": "device"}]
    tile = {
        "type": "tile",
        "entity": call,
        "name": name,
    }
    quiet = _is(call, "idle")
    free = [quiet, _is_not(dnd, "on"), _is_not(registered, "off")]
    own = phones(phones.own, "call")
    # With a second call it would have to be said which one is meant.
    to_send = [
        _is(own, "ringing", "connected", "held"),
        _is(own, "0", of="other_calls"),
    ]
    return [
        *(
            {
                **tile,
                "icon": icon,
                "color": color,
                "state_content": ["remote_name", "remote_number"],
                "visibility": [_is(call, state)],
            }
            for state, (icon, color, *_) in _LOOKS.items()
        ),
        {
            **tile,
            **_tap(phones, "dial", {"number": number}, f"Call extension {number}?"),
            "icon": "mdi:phone",
            "color": "grey",
            "visibility": [*free, {"condition": "not", "conditions": to_send}],
        },
        {
            **tile,
            **_tap(
                phones,
                "transfer",
                {"number": number},
                f"Transfer your call to extension {number}?",
            ),
            "icon": "mdi:phone-forward",
            "color": "grey",
            "visibility": [*free, *to_send],
        },
        {
            **tile,
            "entity": dnd,
            "name": [*name, {"type": "text", "text": "· DND"}],
            "hide_state": True,
            "icon": "mdi:minus-circle",
            "color": "red",
            "visibility": [quiet, _is(dnd, "on"), _is_not(registered, "off")],
        },
        {
            **tile,
            "entity": registered,
            "icon": "mdi:phone-off-outline",
            "visibility": [quiet, _is(registered, "off")],
        },
        {
            **tile,
            "entity": in_call,
            "icon": "mdi:phone-in-talk",
            "color": "green",
            "visibility": [_is(call, "unknown")],
        },
        {**tile, "visibility": [_is(call, "unavailable")]},
    ]


# The PBX


def _pbx(phones: Phones) -> list[Card]:
    """Return the counters of the PBX."""
    return [
        {
            "type": "heading",
            "heading": "PBX",
            "icon": "mdi:phone-voip",
            "badges": [{"type": "entity", "entity": phones("", "connected")}],
        },
        *(
            {
                "type": "tile",
                "entity": phones("", key),
                "name": {"type": "entity"},
                "color": color,
                "features": [{"type": "trend-graph", "hours_to_show": 0.25}],
                "grid_options": {"columns": 6},
            }
            for key, color in (("active_calls", "green"), ("ringing_calls", "orange"))
        ),
        {
            "type": "tile",
            "entity": phones("", "registered_extensions"),
            "name": {"type": "entity"},
            "color": "blue",
            "grid_options": {"columns": 12},
        },
    ]


def _history(phones: Phones) -> list[Card]:
    """Return the course of the calls."""
    return [
        {"type": "heading", "heading": "Calls", "icon": "mdi:history"},
        {
            "type": "history-graph",
            "hours_to_show": 0.25,
            "entities": [
                {"entity": phones(number, "call"), "name": {"type": "device"}}
                for number in phones.extensions
            ],
            "grid_options": {"columns": "full"},
        },
    ]


def _is(entity: str, *states: str, of: str | None = None) -> Card:
    """Return the condition that an entity, or an attribute of it, has one of some states."""
    condition: Card = {"condition": "state", "entity": entity, "state": list(states)}
    if of is not None:
        condition["attribute"] = of
    return condition


def _is_not(entity: str, *states: str) -> Card:
    """Return the condition that an entity has none of some states."""
    return {"condition": "state", "entity": entity, "state_not": list(states)}
