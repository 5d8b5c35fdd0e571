"""Tests of the library's `state`."""
