"""How much may be dispensed, how often, until when, and whether another product may be given."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ips.eresept.values import Number, flag, number, positive
from ips.loss import NOT_CARRIED
from ips.prescription import urls
from ips.prescription.notes import exact, lose
from ips.prescription.quantities import amount
from ips.sources.datatypes import pack
from ips.sources.element import Element

PACKAGES = {"unit": "pakning", "system": urls.UCUM, "code": "1"}
PACKAGE_WORDS = (None, "", "pakning", "pakninger", "package", "packages", "pack", "packs")
"""Words for packages; without any word the code 1 means packages (MPD 1.0.0 examples)."""


def supply(resept: Element, document: Element, written: str) -> dict[str, Any]:
    """Return ``dispenseRequest`` and ``substitution`` of a MedicationRequest.

    ``quantity`` is what one dispensing gives (Antall packages, or Mengde); ``prescribedQuantity``
    is the whole: that many times one more than Reiterasjon (MPD 1.0.0).

    Args:
        resept: Resept.
        document: ReseptDokLegemiddel.
        written: FHIR date of the prescription.
    """
    quantity = _quantity(document)
    repeats = _repeats(document.child("Reiterasjon"))
    first, last = resept.date("TidligsteUtlevering"), resept.date("Utloper")
    for name in ("TidligsteUtlevering", "Utloper"):
        exact(resept.child(name))
    start = first or written
    if start and last and start > last:
        resept.reading.fault("the prescription expires before it can be dispensed", resept.path,
                             rule="FHIR R4 per-1")  # fmt: skip
        start = ""
    whole = _whole(quantity, repeats)
    request = pack(
        extension=[{"url": urls.PRESCRIBED_QUANTITY, "valueQuantity": whole}] if whole else [],
        validityPeriod=pack(start=start, end=last), numberOfRepeatsAllowed=repeats,
        quantity=quantity,
    )  # fmt: skip
    return pack(dispenseRequest=request, substitution=_substitution(document))


def _quantity(document: Element) -> dict[str, Any]:
    packages, total = document.child("Antall"), document.child("Mengde")
    count, value = positive(packages), positive(total)
    if count is not None:
        exact(packages)
        lose(total, NOT_CARRIED, "The prescription gives a number of packages as well, which "
             "travels.")  # fmt: skip
        return {"value": count, **PACKAGES}
    if value is not None:
        return amount(value, total.attribute("U"), total, ("7452", "7480"))
    return {}


def _repeats(part: Element) -> int | None:
    found = number(part)
    if found is None:
        return None
    if not isinstance(found, int) or found < 0 or found > 999:
        part.reading.fault(f"«{found}» is no number of repeats", part.path, rule="M1: Reiterasjon")
        return None
    exact(part)
    return found


def _whole(quantity: dict[str, Any], repeats: int | None) -> dict[str, Any]:
    if not quantity or repeats is None:
        return {}
    value = Decimal(str(quantity["value"])) * (repeats + 1)
    whole: Number = int(value) if value == value.to_integral_value() else value
    return quantity | {"value": whole}


def _substitution(document: Element) -> dict[str, Any]:
    """BytteresRekvirent 1 forbids the exchange; when it is absent nothing is said."""
    part = document.child("BytteresRekvirent")
    reserved = flag(part)
    if reserved is None:
        return {}
    exact(part)
    return {"allowedBoolean": not reserved}
