"""Tests of what Home Assistant shows and offers."""
