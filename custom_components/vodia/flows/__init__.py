"""Flows: forms and fields of the config flow and the repairs."""
