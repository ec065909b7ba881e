"""Tests of the generator of synthetic patients."""
