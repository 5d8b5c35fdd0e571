"""What is dialed instead of a number, to have the PBX do something."""

from types import MappingProxyType

PARK = "code_park"
RETRIEVE = "code_retrieve"
PICK_UP = "code_pickup"
# The codes of a new tenant, by the names of its settings.
DEFAULTS = MappingProxyType(
    {
        PARK: "*85",
        RETRIEVE: "*86",
        PICK_UP: "*87",
        "code_transfer": "*77",
        "code_rec": "*98",
        "code_dnde": "*78",
        "code_dndd": "*79",
        "code_dndt": "*606",
        "code_agent_login": "*64",
        "code_agent_logout": "*65",
        "code_agent_toggle": "*605",
        "code_intercom": "*90",
        "code_barge": "*81",
        "code_listen": "*83",
        "code_teach": "*82",
        "code_redial": "*66",
        "code_govm": "*97",
    }
)
