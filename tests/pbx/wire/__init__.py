"""Tests of the library's `wire`."""
