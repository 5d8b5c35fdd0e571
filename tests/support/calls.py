"""Callers from outside."""

from typing import Final

CALLER: Final = "+4930111111"
SECOND_CALLER: Final = "+4930222222"
