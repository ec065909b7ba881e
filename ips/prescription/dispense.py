"""A pharmacy dispenses on a European prescription and writes the eDispensation (MPD 1.0.0).

What the prescription forbids is refused: E23.6a asks for dispensing, not for dispensing anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from data.errors import InputError, Problem
from ips.eresept.values import Number
from ips.loss import LossReport
from ips.prescription import urls
from ips.prescription.bundle import Collection, Resource, target
from ips.prescription.received import as_resource
from ips.prescription.supply import PACKAGE_WORDS, PACKAGES
from ips.sources.datatypes import pack

COPIED = ("extension", "form", "ingredient")


@dataclass(frozen=True, slots=True)
class Product:
    """What was handed over.

    Attributes:
        name: as on the package.
        code: number of the product in its country; empty when not given.
        system: URI of the code system of that number.
        batch: lot number.
    """

    name: str
    code: str = ""
    system: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """How, when and by whom it was handed over.

    Attributes:
        quantity: number of packages, or amount in ``unit``.
        when: moment of handing over, with its zone.
        pharmacy: name of the pharmacy.
        country: ISO 3166-1 code of its country.
        pharmacy_id: its number and the system of it; empty when not given.
        pharmacist: name of the person; empty when not given.
        unit: UCUM or EDQM code of an amount that is not packages; empty for packages.
        substituted: another product than the prescribed one was given.
    """

    quantity: Number
    when: dt.datetime
    pharmacy: str
    country: str
    pharmacy_id: tuple[str, str] = ("", "")
    pharmacist: str = ""
    unit: str = ""
    substituted: bool = False


@dataclass(frozen=True, slots=True)
class Dispensed:
    """An eDispensation: a Bundle of type collection, and what of the prescription is not in it."""

    bundle: Resource
    loss: LossReport = field(default_factory=LossReport)


def dispense(
    prescription: Resource, product: Product, supply: Supply, *, request_id: str = ""
) -> Dispensed:
    """Return the eDispensation on one prescription.

    Args:
        prescription: a Bundle with MedicationRequests of MPD, ours or another country's.
        product: what was handed over.
        supply: how much, when and by whom.
        request_id: identifier or id of the prescription, where the Bundle has several.

    Raises:
        InputError: the prescription cannot be found or must not be dispensed so; all reasons.
    """
    request = _chosen(prescription, request_id)
    problems = list(_refusals(request, supply))
    if problems:
        raise InputError(problems)
    into = Collection()
    patient = target(prescription, request.get("subject"))
    subject = {"reference": into.add(_bare(patient))} if patient else request.get("subject")
    prescribed = target(prescription, request.get("medicationReference"))
    drug = into.add(_medication(product, prescribed, supply))
    moment = supply.when.isoformat(timespec="seconds")
    into.add(
        pack(
            resourceType="MedicationDispense", meta={"profile": [urls.DISPENSE]},
            extension=[{"url": urls.RECORDED, "valueDateTime": moment}], status="completed",
            medicationReference={"reference": drug}, subject=subject,
            performer=[{"actor": {"reference": _performer(supply, into)}}],
            authorizingPrescription=[_authority(request)], quantity=_quantity(supply, request),
            whenHandedOver=moment, substitution={"wasSubstituted": supply.substituted},
        )
    )  # fmt: skip
    return Dispensed(into.bundle(moment))


def _chosen(prescription: Resource, request_id: str) -> Resource:
    found = as_resource(prescription, "MedicationRequest")
    if request_id:
        found = [r for r in found if request_id in _names(r)]
    if len(found) == 1:
        return found[0]
    what = "the prescription is not in the file" if not found else (
        f"the file has {len(found)} prescriptions")  # fmt: skip
    known = ", ".join(sorted(name for r in as_resource(prescription, "MedicationRequest")
                             for name in _names(r) if name.startswith("urn:"))[:5])  # fmt: skip
    raise InputError(
        Problem(what, "MedicationRequest", rule="one dispensation, one prescription",
                remedy=f"choose one with --prescription{': ' + known if known else ''}")
    )  # fmt: skip


def _names(request: Resource) -> set[str]:
    values = {str(i.get("value")) for i in request.get("identifier", ()) if isinstance(i, dict)}
    bare = {value.removeprefix("urn:uuid:") for value in values}
    return values | bare | {str(request.get("id"))}


def _refusals(request: Resource, supply: Supply) -> Iterator[Problem]:
    if request.get("status") != "active":
        yield Problem(f"the prescription is «{request.get('status')}»", "MedicationRequest.status",
                      rule="only an active prescription is dispensed")  # fmt: skip
    orders = request.get("dispenseRequest") or {}
    period = orders.get("validityPeriod") or {}
    day = supply.when.date().isoformat()
    start, end = str(period.get("start", ""))[:10], str(period.get("end", ""))[:10]
    place = "MedicationRequest.dispenseRequest"
    if (start and day < start) or (end and day > end):
        yield Problem(f"{day} is outside the validity of the prescription ({start} to {end})",
                      f"{place}.validityPeriod", rule="a prescription is dispensed while it holds",
                      remedy="the prescriber renews it")  # fmt: skip
    yield from _too_much(orders, supply)
    allowed = (request.get("substitution") or {}).get("allowedBoolean")
    if supply.substituted and allowed is False:
        yield Problem(
            "the prescriber allows no other product",
            "MedicationRequest.substitution",
            rule="substitution.allowedBoolean is false",
            remedy="give the prescribed product, or have the prescriber change it",
        )


def _too_much(orders: dict[str, Any], supply: Supply) -> Iterator[Problem]:
    if supply.quantity <= 0:
        yield Problem(f"«{supply.quantity}» is no amount to dispense", "quantity",
                      rule="above zero")  # fmt: skip
        return
    whole = next((e.get("valueQuantity") for e in orders.get("extension", ())
                  if e.get("url") == urls.PRESCRIBED_QUANTITY), None)  # fmt: skip
    limit = whole or orders.get("quantity")
    if not isinstance(limit, dict) or limit.get("code", "1") != (supply.unit or "1"):
        return
    # The code 1 counts packages as well as pieces; the word tells them apart.
    if not supply.unit and limit.get("unit") not in PACKAGE_WORDS:
        return
    try:
        most = Decimal(str(limit.get("value")))
    except ArithmeticError:
        return
    if Decimal(str(supply.quantity)) > most:
        yield Problem(f"{supply.quantity} is more than the {most} that were prescribed", "quantity",
                      rule="not more than the prescribed amount")  # fmt: skip


def _bare(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key not in ("id", "text", "contained")}


def _medication(product: Product, prescribed: Resource, supply: Supply) -> Resource:
    """The product itself; what it shares with the prescribed one only where it is that one."""
    shared = {} if supply.substituted else {k: prescribed[k] for k in COPIED if k in prescribed}
    named = [{"url": urls.PRODUCT_NAME, "valueString": product.name}]
    others = [e for e in shared.pop("extension", []) if e.get("url") == urls.CLASSIFICATION]
    return pack(
        resourceType="Medication", meta={"profile": [urls.MEDICATION]},
        extension=[*named, *others],
        identifier=[pack(system=product.system, value=product.code)] if product.code else [],
        code={"text": product.name},
        batch={"lotNumber": product.batch} if product.batch else None, **shared,
    )  # fmt: skip


def _performer(supply: Supply, into: Collection) -> str:
    number, system = supply.pharmacy_id
    place = into.add(
        pack(
            resourceType="Organization", meta={"profile": [urls.ORGANIZATION]},
            identifier=[pack(system=system, value=number)] if number else [],
            name=supply.pharmacy, address=[{"country": supply.country}],
        )
    )  # fmt: skip
    if not supply.pharmacist:
        return place
    who = into.add({"resourceType": "Practitioner", "meta": {"profile": [urls.PRACTITIONER]},
                    "name": [{"text": supply.pharmacist}]})  # fmt: skip
    return into.add({"resourceType": "PractitionerRole", "meta": {"profile": [urls.ROLE]},
                     "practitioner": {"reference": who},
                     "organization": {"reference": place}})  # fmt: skip


def _quantity(supply: Supply, request: Resource) -> dict[str, Any]:
    """The amount with a word for its unit: the code 1 alone would not tell packages from pieces."""
    if not supply.unit:
        return {"value": supply.quantity, **PACKAGES}
    edqm = supply.unit.isdigit() and len(supply.unit) == 8
    system = "http://standardterms.edqm.eu" if edqm else urls.UCUM
    asked = (request.get("dispenseRequest") or {}).get("quantity") or {}
    same = asked.get("code") == supply.unit and asked.get("unit") != PACKAGES["unit"]
    word = (asked.get("unit") if same else None) or {"1": "stk"}.get(supply.unit, supply.unit)
    return {"value": supply.quantity, "unit": word, "system": system, "code": supply.unit}


def _authority(request: Resource) -> dict[str, Any]:
    """The prescription by its identifier: the issuing State has it and need not get it back."""
    numbers = [i for i in request.get("identifier", ()) if isinstance(i, dict) and i.get("value")]
    if not numbers:
        raise InputError(
            Problem("the prescription has no identifier", "MedicationRequest.identifier",
                    rule="a dispensation names its prescription (E23.6c)")
        )  # fmt: skip
    return {"type": "MedicationRequest", "identifier": numbers[0]}
