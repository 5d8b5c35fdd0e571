"""Forms of Home Assistant, as its frontend fills them in."""

from typing import Any


def fill_in(schema: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a form as it is shown, before somebody changes it."""
    filled: dict[str, Any] = {}
    for field in schema:
        if "schema" in field:
            filled[field["name"]] = fill_in(field["schema"])
            continue
        suggested = field.get("description", {}).get("suggested_value")
        value = field.get("default") if suggested is None else suggested
        if value is not None:
            filled[field["name"]] = value
    return filled
