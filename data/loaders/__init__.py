"""Loaders: one module a kind of table, each with clear errors that name file and line."""
