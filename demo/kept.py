"""What a demo leaves behind for the next one that goes on with it."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
import json
from pathlib import Path
from typing import Self

from awesomeversion import AwesomeVersion

from .home import DemoError

# Another number when a folder of before cannot be gone on with.
_FORMAT = 1
_ANEW = "Start without --keep to begin anew."


@dataclass(frozen=True, slots=True)
class Kept:
    """What has to be as it was, beside the folder of Home Assistant.

    The webhook is the one that the mobile phone is registered with.
    """

    profile: str
    pbx_port: int
    webhook: str
    home_assistant: str = version("homeassistant")
    format: int = _FORMAT

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what was left in a folder; None if nothing was.

        Raises DemoError if this demo cannot go on with it.
        """
        try:
            text = (folder / "demo.json").read_text()
        except FileNotFoundError:
            return None
        try:
            kept = cls(**json.loads(text))
        except (TypeError, ValueError) as err:
            raise DemoError(f"{folder} is of another demo. {_ANEW}") from err
        if kept.format != _FORMAT:
            raise DemoError(f"{folder} is of another version of the demo. {_ANEW}")
        now = version("homeassistant")
        if AwesomeVersion(kept.home_assistant) > AwesomeVersion(now):
            raise DemoError(
                f"{folder} was last used by Home Assistant {kept.home_assistant}: "
                f"an older one, {now}, may not understand it. Start with "
                f"--home-assistant {kept.home_assistant}, or without --keep to begin anew."
            )
        return kept

    def write(self, folder: Path) -> None:
        """Leave it in a folder."""
        (folder / "demo.json").write_text(json.dumps(asdict(self)))
