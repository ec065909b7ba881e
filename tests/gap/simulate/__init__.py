"""Tests of simulations and their chances."""
