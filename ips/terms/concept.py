"""A FHIR CodeableConcept out of a national code, with its fate in the loss report."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

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
    words = _worded(list_or_system, code, display, target)
    loss.add(
        element, words.shown, words.fate, words.reason, obligations=obligations,
        list_id=words.list_id,
    )  # fmt: skip
    if not words.codings:
        return {"text": words.text}
    return {"coding": [dict(coding) for coding in words.codings], "text": words.text}


class _Words(NamedTuple):
    """What a code becomes, and what the loss report says of it; the same wherever it stands."""

    codings: tuple[dict[str, str], ...]
    text: str
    shown: str
    fate: Fate
    reason: str
    list_id: str


@lru_cache(maxsize=4096)
def _worded(list_or_system: str, code: str, display: str, target: str | None) -> _Words:
    """Translate a code; what could be a person's number is hidden from the loss report.

    Only the codes of systems that are known stay as they are: SNOMED CT has codes of 11 digits.
    """
    translation = translate(list_or_system, code, display, target)
    source = translation.source
    name = list_name(source.system)
    shown = source.code if is_european(source.system) else mask(source.code)
    known = display or label(list_or_system, code) or ""
    return _Words(
        codings=tuple(_codings(translation, known)),
        text=known or code,
        shown=f"{name}|{shown} {mask(display)}".strip(),
        fate=fate(translation),
        reason=translation.reason if translation.targets else mask(translation.reason),
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
