"""Tests of what is said to the telephones and what they answer."""
