"""Tests across the house: outages, rights, doubts, clocks, hostile PBXs."""
