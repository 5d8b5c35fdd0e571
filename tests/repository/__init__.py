"""Tests of the files of this repository: docs, workflows, examples."""
