"""Faults on demand: a contact point of country A that does one thing wrong, for tests of others."""
