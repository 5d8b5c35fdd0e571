"""Tests of the library's `calls`."""
