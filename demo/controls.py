"""The part of the dashboard that lets something happen, and shows what comes of it."""

from typing import Any

type Card = dict[str, Any]

MOBILE = "sensor.my_mobile"
BUTTONS = ("sensor.my_mobile_button_1", "sensor.my_mobile_button_2")
PRIVACY = "input_boolean.hide_callers"
LAMP, RADIO = "light.desk_lamp", "media_player.radio"
# Each button, and its colour while it is at work.
SCRIPTS = {
    "script.anna_calls": "green",
    "script.second_call": "blue",
    "script.door_rings": "amber",
    "script.cut_link": "orange",
    "script.pbx_away": "red",
}

_TOGGLE = {"action": "toggle"}
_NOTIFICATION = f"""\
<ha-icon icon="mdi:cellphone-message"></ha-icon> **My mobile**
{{%- set message = state_attr('{MOBILE}', 'message') %}}
{{%- if message %}} · {{{{ states('{MOBILE}') | e }}}}{{% endif %}}

{{{{ (message or 'No notification') | e }}}}
"""


def section(doorbell: str, line_dnd: str) -> Card:
    """Return a section for the doorbell of a door station, and the switch of a line."""
    return {
        "type": "grid",
        "cards": [
            {"type": "heading", "heading": "Try it", "icon": "mdi:gesture-tap"},
            *(_press(script, color) for script, color in SCRIPTS.items()),
            _tile(PRIVACY, name="Privacy", color="purple", tap_action=_TOGGLE),
            _tile(LAMP),
            _tile(RADIO, icon="mdi:radio"),
            _tile(doorbell, name="Doorbell", color="amber"),
            _tile(line_dnd, name="Second line · DND", color="red"),
            {"type": "markdown", "content": _NOTIFICATION},
            *(
                {
                    **_act("script.tap_notification", button=number),
                    "type": "tile",
                    "entity": button,
                    "hide_state": True,
                    "color": "blue",
                    "grid_options": {"columns": 6},
                    "visibility": [
                        {"condition": "state", "entity": button, "state": ["shown"]}
                    ],
                }
                for number, button in enumerate(BUTTONS)
            ),
        ],
    }


def _press(script: str, color: str) -> Card:
    """Return a button for a script."""
    return {**_tile(script), **_act(script), "color": color, "hide_state": True}


def _tile(entity: str, **look: Any) -> Card:
    """Return a tile of half the width."""
    return {
        "type": "tile",
        "entity": entity,
        "grid_options": {"columns": 6},
        **look,
    }


def _act(script: str, **data: Any) -> Card:
    """Return what a tap does."""
    tap = {"action": "perform-action", "perform_action": script, "data": data}
    return {"tap_action": tap, "icon_tap_action": tap}
