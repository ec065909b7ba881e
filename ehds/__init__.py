"""The front door: one command line over the rooms below."""

__version__ = "0.1.0"
