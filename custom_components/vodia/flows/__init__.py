"""Flows: what the config flow and the repairs ask with."""
