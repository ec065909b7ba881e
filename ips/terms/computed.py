"""Translations by rule instead of by row: ATC is ATC, and ICD-10 has a national tail.

ICD-10 (reference: the Norwegian edition against eHDSIIllnessandDisorder 8.1.0): the national code
without dot gets one after its third character; a code that Europe lacks loses its fifth, then its
fourth character, which makes it wider; external causes (chapter XX) are not in Europe at all.
"""

from __future__ import annotations

import re
from functools import cache

import data
from data.loaders.tables import Problems, read_csv
from ips.terms.model import Coding, Equivalence, Translation

ATC = "http://www.whocc.no/atc"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10_COLUMNS = ("category", "suffixes")

_ATC = re.compile(r"[ABCDGHJLMNPRSV](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")
_ICD10 = re.compile(r"([A-Z]\d\d)\.?(\d{0,2})[*+†]?")


def rule(number: str, source: Coding, wanted: str | None) -> Translation | None:
    """Return what a rule says about a code, or None where no rule applies.

    Args:
        number: number of the national list.
        source: the code, system in canonical form.
        wanted: canonical URI of the wanted system, None for the first choice.
    """
    if number == "7180" and wanted in (None, ATC):
        return _atc(source)
    if number == "7110" and wanted in (None, ICD10):
        return _icd10(source)
    return None


@cache
def icd10_categories() -> dict[str, frozenset[str]]:
    """Return eHDSIIllnessandDisorder 8.1.0 as three-character categories with their suffixes."""
    problems = Problems()
    rows = read_csv(data.path("terminology", "icd10-eu.csv"), ICD10_COLUMNS, problems)
    problems.stop()
    return {row["category"]: frozenset(s.strip("-") for s in row.words("suffixes")) for row in rows}


def in_icd10(code: str) -> bool:
    """Return whether Europe carries an ICD-10 code, written with its dot."""
    category, _, suffix = code.partition(".")
    return suffix in icd10_categories().get(category, frozenset())


def _atc(source: Coding) -> Translation:
    code = source.code.upper().replace(" ", "")
    if not _ATC.fullmatch(code):
        kind = "a veterinary code (ATCvet)" if code.startswith("Q") else "not formed as an ATC code"
        return _no(source, f"«{source.code}» is {kind}.")
    target = Coding(ATC, code, source.display)
    return Translation(source, (target,), Equivalence.EQUAL, False, "", "ATC is used as it stands")


def _icd10(source: Coding) -> Translation:
    match = _ICD10.fullmatch(source.code.upper().replace(" ", ""))
    if not match:
        return _no(source, f"«{source.code}» is not formed as an ICD-10 code.")
    category, tail = match.groups()
    for kept in range(len(tail), -1, -1):
        code = f"{category}.{tail[:kept]}" if kept else category
        if in_icd10(code):
            return _icd10_found(source, code, dropped=len(tail) - kept)
    if category[0] in "VWXY":
        return _no(source, "External causes (ICD-10 chapter XX) are not in the European value set.")
    return _no(source, f"{category} is not in the European value set of diagnoses.")


def _icd10_found(source: Coding, code: str, dropped: int) -> Translation:
    rule_name = "Norwegian ICD-10 to eHDSIIllnessandDisorder by rule (8.1.0)"
    if not dropped:
        target = Coding(ICD10, code)
        return Translation(source, (target,), Equivalence.EQUIVALENT, True, "", rule_name)
    reason = f"Europe has no {source.code}; it travels as the wider category {code}."
    return Translation(source, (Coding(ICD10, code),), Equivalence.WIDER, True, reason, rule_name)


def _no(source: Coding, reason: str) -> Translation:
    return Translation(source, (), Equivalence.UNMATCHED, False, reason, "")
