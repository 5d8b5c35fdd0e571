"""Tests of the library's `net`."""
