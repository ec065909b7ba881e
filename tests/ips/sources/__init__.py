"""Tests of the readers of Norwegian sources."""
