"""Fixtures for what is said: sentences, an agent that understands them, and a room."""

from pathlib import Path
import shutil

import pytest

from homeassistant.components import conversation
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.support.repository import ROOT, copy_sentences
from tests.support.timing import set_timing
from tests.support.voice import Room, satellite


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Use a folder of our own, with the sentences and blueprints as users copy them."""
    target = Path(hass_tmp_config_dir)
    shutil.copytree(ROOT / "blueprints", target / "blueprints", dirs_exist_ok=True)
    copy_sentences(target)
    return hass_tmp_config_dir


@pytest.fixture
def patience(hass: HomeAssistant) -> None:
    """Keep the link while the agent takes its time; one that is cut is noticed at once."""
    set_timing(hass, connect=10.0, request=5.0, ping=10.0, keepalive=10.0, confirm=3.0)


@pytest.fixture
async def agent(hass: HomeAssistant) -> None:
    """Set up Home Assistant's own agent."""
    for domain in ("homeassistant", "conversation", "intent"):
        assert await async_setup_component(hass, domain, {})
    # It takes longer than a test may be without a link to the PBX.
    for language in ("en", "de"):
        await conversation.async_prepare_agent(hass, None, language)


@pytest.fixture
def room(hass: HomeAssistant) -> Room:
    """Return somebody who speaks, nobody knows where."""
    return Room(hass, device_id=satellite(hass, None))
