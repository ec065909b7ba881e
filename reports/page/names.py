"""The names of the files of a report, so that every page can link to every other."""

from __future__ import annotations

NATIONAL = "ehds-gap.html"
SUMMARY = "sammendrag.html"


def system_file(system: str) -> str:
    """Return the file of a system's page by the id of the system."""
    return f"system-{system}.html"


def region_file(region: str) -> str:
    """Return the file of a region's page by the code of the region."""
    return f"region-{region}.html"


def profile_file(profile: str, of: str) -> str:
    """Return the file of a profile's page by the profile and its system or region."""
    return f"readiness-{profile}-{of}.html"
