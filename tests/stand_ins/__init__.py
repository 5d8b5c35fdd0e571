"""Tests of what the tests stand on: clock, support, soak and demo."""
