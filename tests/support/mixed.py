"""Odd values for the tables of tests."""

from typing import Any


def mixed(*values: Any) -> tuple[Any, ...]:
    """Return values of no common type, from which none could be inferred."""
    return values
