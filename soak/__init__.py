"""Hours of telephoning and of faults at random, held against what really happened."""

# Maps the name voluptuous to its successor, before anything imports the original.
import homeassistant  # noqa: F401

# Before the rest of Home Assistant, which takes functions of the clock for itself.
import tests.support.clock  # noqa: F401
