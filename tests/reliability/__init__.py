"""Tests of the tables in docs/RELIABILITY.md, each row by a test."""
