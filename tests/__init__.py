"""Tests of the Vodia PBX integration."""
