"""Tests of the front door: commands, exit codes, streams."""
