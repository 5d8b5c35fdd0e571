"""Tests of the config flow, which alone reach every line of it."""
