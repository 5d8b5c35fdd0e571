"""Tests of the automations in the documentation."""
