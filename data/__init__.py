"""The ground of the house: the files that people edit, and the small loaders that open them.

Nothing here knows FHIR, SOAP or scores.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent
"""The folder that holds catalogue/, systems/, assessments/ and the other tables."""


def path(*parts: str) -> Path:
    """Return the path of a file or folder that is shipped with the product."""
    return ROOT.joinpath(*parts)
