"""Tests of the library's `control`."""
