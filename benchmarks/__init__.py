"""Benchmarks of the Vodia PBX integration."""

# Maps the name voluptuous to its successor, before anything imports the original.
import homeassistant  # noqa: F401
