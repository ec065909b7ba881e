"""What a pharmacy hands over, in words: the pages of level 1 have nothing else to say it with.

The entry has the amount, the repeats, the validity and the reservation against substitution as
codes; a pharmacist who has only the narrative or the PDF must see them too (Implementing Directive
2012/52/EU, Annex: quantity).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ips.cda.names import words
from ips.cda.write.context import Context, Resource
from ips.cda.write.datatypes import decimal, quantity
from ips.cda.write.element import Element, add, put
from ips.cda.write.medication import medicine_of
from ips.loss import Fate
from ips.prescription.supply import PACKAGE_WORDS
from ips.summary.phrases import Cell, Phrase

_PIECES = ("stk", "stk.")
_PRESCRIBED = "/ihe-ext-medicationrequest-prescribedQuantity"


def told(one: Resource, context: Context) -> Cell:
    """Return the amount, package, repeats, validity and substitution of an item in words.

    Args:
        one: FHIR MedicationRequest or MedicationDispense.
        context: the document.
    """
    say = words(context.lang)
    return tuple(Phrase(f"{say[label]}: {said}" if said else say[label])
                 for label, said in _told(one, context))  # fmt: skip


def _told(one: Resource, context: Context) -> Iterator[tuple[str, str]]:
    """Yield the label of each piece and what it says; a piece may be its label alone."""
    wish = one.get("dispenseRequest") or {}
    amount = _amount(one.get("quantity") or wish.get("quantity") or _prescribed(one), context)
    if amount:
        yield "quantity", amount
    package = _amount((medicine_of(one, context).get("amount") or {}).get("numerator"), context)
    if package:
        yield "package", package
    if isinstance(wish.get("numberOfRepeatsAllowed"), int):
        yield "repeats", str(wish["numberOfRepeatsAllowed"])
    end = (wish.get("validityPeriod") or {}).get("end")
    if end:
        yield "valid-until", context.speak.date(end)
    allowed = substitution(one)
    if allowed:
        yield f"substitution-{allowed}", ""
    if (one.get("substitution") or {}).get("wasSubstituted"):
        yield "substituted", ""


def substitution(one: Resource) -> str:
    """Return whether the pharmacy may choose another product (eHDSISubstitutionCode), or ``""``."""
    given = one.get("substitution")
    if not isinstance(given, dict):
        return ""
    codes = [c.get("code") for c in (given.get("allowedCodeableConcept") or {}).get("coding", ())]
    chosen = next((str(c) for c in codes if c in ("N", "G", "TE")), "")
    allowed = given.get("allowedBoolean")
    if not chosen and isinstance(allowed, bool):
        chosen = "G" if allowed else "N"
    return chosen


def is_pieces(amount: Any) -> bool:
    """Return whether an amount counts pieces by its word; the code 1 counts packages as well."""
    return (isinstance(amount, dict) and str(amount.get("code") or "1") == "1"
            and str(amount.get("unit") or "") in _PIECES)  # fmt: skip


def counts_packages(amount: Any) -> bool:
    """Return whether an amount is a number of packages: the unit one, or a word for packages."""
    coded, unit = str(amount.get("code") or ""), amount.get("unit")
    if coded == "1":
        return not is_pieces(amount)
    return not coded and (unit == "1" or unit in PACKAGE_WORDS)


def write_amount(supply: Element, amount: Any, path: str, context: Context) -> None:
    """Append the quantity, which counts packages (~E.2): 100 tablets are not 100 packages.

    What counts something else stands beside with its unit, so that nobody reads packages. A mass or
    a volume has a unit of its own that cannot be mistaken; a container (EDQM 30...) is a package.
    """
    number = decimal(amount.get("value"))
    if number and counts_packages(amount):
        made = add(supply, "quantity")
        put(made, "value", number)
        put(made, "unit", "1")
        return
    if number and is_pieces(amount):
        amount = {"value": amount["value"], "unit": amount["unit"]}
    made = quantity(supply, "quantity", amount, context)
    unit = str(made.attributes.get("unit") or "")
    container = len(str(amount.get("code"))) == 8 and str(amount["code"]).startswith("30")
    if (unit == "1" and not container) or unit.startswith("{"):
        # A unit of presentation (the translation names it), or a word, which UCUM takes as one.
        del made.attributes["value"], made.attributes["unit"]
        made.set("nullFlavor", "OTH")
        if unit != "1":
            beside = add(made, "translation", value=number, nullFlavor="OTH")
            add(beside, "originalText", str(amount.get("unit")))
    if number and made.attributes.get("nullFlavor"):
        context.note(path, amount, Fate.APPROXIMATE,
                     "MyHealth@EU counts packages; the source counts something else. The number "
                     "stands beside and in the narrative.")  # fmt: skip


def _prescribed(one: Resource) -> Any:
    return next((e.get("valueQuantity") for e in one.get("extension", ())
                 if str(e.get("url", "")).endswith(_PRESCRIBED)), None)  # fmt: skip


def _amount(given: Any, context: Context) -> str:
    """Return an amount in words; the unit one is said by its word: packages, pieces, or nothing."""
    if not isinstance(given, dict):
        return ""
    if given.get("code") != "1":
        return context.speak.quantity(given)
    unit = str(given.get("unit") or "1")
    if unit in PACKAGE_WORDS:
        unit = words(context.lang)["packages"]
    elif is_pieces(given):
        unit = words(context.lang)["pieces"]
    counted = {"value": given.get("value"), **({} if unit == "1" else {"unit": unit})}
    return context.speak.quantity(counted)
