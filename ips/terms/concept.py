"""A FHIR CodeableConcept out of a national code, with its fate in the loss report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ips.identifiers import mask
from ips.loss import Fate, LossReport
from ips.terms.labels import label
from ips.terms.model import Coding, Translation
from ips.terms.systems import is_european, list_name
from ips.terms.translation import translate


def codeable_concept(
    list_or_system: str,
    code: str,
    display: str,
    *,
    element: str,
    loss: LossReport,
    obligations: Iterable[str] = (),
    target: str | None = None,
) -> dict[str, Any]:
    """Return a CodeableConcept: European coding first, the national beside it, the text kept.

    Args:
        list_or_system: number, OID or URI of the list.
        code: the national code; may be empty.
        display: the source's own words.
        element: path in the source, for the loss report.
        loss: gets one note: exact, approximate, as text, or not carried when all is empty.
        obligations: ids of the catalogue that the element bears on.
        target: short name of the wanted European system; None takes the list's first choice.

    Returns:
        ``{"coding": [...], "text": ...}``; an empty dict when the source gives neither code
        nor text.
    """
    code, display = code.strip(), display.strip()
    if not code and not display:
        loss.add(
            element, "", Fate.NOT_CARRIED, "The source element is empty.", obligations=obligations
        )
        return {}
    translation = translate(list_or_system, code, display, target)
    _note(translation, display, element, loss, obligations)
    text = display or label(list_or_system, code) or code
    concept: dict[str, Any] = {"text": text}
    codings = _codings(translation, display or label(list_or_system, code) or "")
    if codings:
        concept = {"coding": codings, "text": text}
    return concept


def _note(
    translation: Translation,
    display: str,
    element: str,
    loss: LossReport,
    obligations: Iterable[str],
) -> None:
    """Add the fate to the loss report; what could be a person's number is hidden.

    Only the codes of systems that are known stay as they are: SNOMED CT has codes of 11 digits.
    """
    source = translation.source
    name = list_name(source.system)
    code = source.code if is_european(source.system) else mask(source.code)
    reason = translation.reason if translation.targets else mask(translation.reason)
    loss.add(
        element,
        f"{name}|{code} {mask(display)}".strip(),
        fate(translation),
        reason,
        obligations=obligations,
        list_id=name if source.code else "",
    )


def fate(translation: Translation) -> Fate:
    """Return what becomes of a code that is translated so."""
    if translation.exact:
        return Fate.EXACT
    return Fate.APPROXIMATE if translation.carried else Fate.AS_TEXT


def _codings(translation: Translation, display: str) -> list[dict[str, str]]:
    national = translation.source
    codings = [coding.to_fhir() for coding in translation.carried]
    known = {(coding["system"], coding["code"]) for coding in codings}
    if national.code and national.system and (national.system, national.code) not in known:
        codings.append(Coding(national.system, national.code, display).to_fhir())
    return codings
