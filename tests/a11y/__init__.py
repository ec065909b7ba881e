"""The page under axe-core and html-validate."""
