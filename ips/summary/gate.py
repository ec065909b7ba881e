"""The structural gate of a single build: fhir.resources, FHIR R4 through its R4B models."""

from __future__ import annotations

from typing import Any

from data.errors import EhdsError, Problem


class StructureError(EhdsError):
    """A document that we built is not FHIR: a fault of ours, never of the user."""


def check(bundle: dict[str, Any]) -> None:
    """Raise an error when a Bundle breaks the structure of FHIR R4.

    Judged: mandatory and unknown elements, types, formats of primitives, one of a choice. The
    models are those of R4B; the resource types of a summary are the same in both.

    Raises:
        StructureError: with every place that breaks it.
    """
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    try:
        get_fhir_model_class("Bundle").model_validate(_with_times(bundle))
    except ValidationError as error:
        raise StructureError(
            [
                Problem(
                    f"the document is not valid FHIR: {found['msg']}",
                    _place(found["loc"]),
                    rule="FHIR R4 structure",
                    remedy="report this with the record that led to it",
                )
                for found in error.errors(include_url=False, include_input=False)
            ]
        ) from None


def _with_times(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return the bundle with words for the vaccination times that are absent with a reason.

    FHIR lets an extension alone stand for a mandatory choice (``_occurrenceDateTime``); the models
    do not know that for Immunization.occurrence[x].
    """
    entries = []
    for original in bundle["entry"]:
        entry, resource = original, original["resource"]
        if "_occurrenceDateTime" in resource and "occurrenceDateTime" not in resource:
            said = {key: value for key, value in resource.items() if key != "_occurrenceDateTime"}
            entry = {**entry, "resource": {**said, "occurrenceString": "unknown"}}
        entries.append(entry)
    return {**bundle, "entry": entries}


def _place(location: tuple[int | str, ...]) -> str:
    path = "Bundle"
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path
