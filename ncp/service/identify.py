"""ITI-55 in country A: who is this patient?

The order of decisions is that of the OpenNCP 9 responder: receiver, assertion, identifiers, fields,
matches, consent.
"""

from __future__ import annotations

from contextlib import suppress

from lxml import etree

from data.errors import InputError
from ncp.messages import xcpd
from ncp.model import DocumentKind, Operation, Person, Refusal, Traits, Weight
from ncp.search import SearchMask, search_mask
from ncp.service.point import Call, Point
from ncp.soap import SoapFault

KINDS = (DocumentKind.PATIENT_SUMMARY, DocumentKind.EPRESCRIPTION, DocumentKind.LABORATORY,
         DocumentKind.DISCHARGE, DocumentKind.IMAGING_REPORT, DocumentKind.IMAGES)  # fmt: skip
"""What a patient may consent to; one that may be shown is enough to be identified."""


def identify(call: Call, body: etree._Element) -> etree._Element:
    """Answer an identification.

    Raises:
        SoapFault: not the message, or assertions that are answered with a fault.
    """
    point = call.point
    call.operation = Operation.IDENTIFY
    request = xcpd.read_request(body)
    call.query = etree.tostring(request.element)
    call.query_id = "^".join(filter(None, request.query_id))
    call.patients += request.traits.ids
    persons: list[Person] = []
    refusal: Refusal | None = None
    try:
        persons = _find(call, request)
    except Refusal as error:
        refusal = error
    else:
        call.patients[:] = [one for person in persons for one in person.ids]
    if refusal is None and not persons:
        refusal = Refusal("ERROR_PI_NO_MATCH", "No patient found.", reason="AnswerNotAvailable")
    call.refusals += [refusal] if refusal else []
    return xcpd.response(request, persons, home=point.home, created=call.started,
                         refusal=refusal, quirks=point.quirks)  # fmt: skip


def _find(call: Call, request: xcpd.Request) -> list[Person]:
    point = call.point
    misdirected = request.receiver.removeprefix("urn:oid:") != point.home
    if misdirected and point.strict:
        with suppress(Refusal, SoapFault):  # only so that the audit knows who it was
            call.verify([Operation.IDENTIFY])
        raise Refusal("ERROR_PI_GENERIC", "Receiver has wrong Home Community ID.",
                      reason="AnswerNotAvailable")  # fmt: skip
    call.verify([Operation.IDENTIFY])
    call.hooked()
    if request.refusal is not None:
        raise request.refusal
    persons = searched(point, request.traits)
    shown = [p for p in persons if shown_to(call, p)]
    if persons and not shown:
        raise Refusal("WARNING_PI_NO_CONSENT", "The patient has not given consent.",
                      Weight.WARNING, reason="InsufficientRights")  # fmt: skip
    return shown


def searched(point: Point, traits: Traits) -> list[Person]:
    """Search by the country's mask; records of other countries are found by their own numbers.

    Raises:
        Refusal: what the search mask of the country finds wrong with the traits.
    """
    mask = mask_of(point)
    wrong = mask.check(traits) if mask else []
    if mask is None and not traits.ids:
        wrong = [Refusal("ERROR_PI_GENERIC", "Queries are only available with patient identifiers",
                         reason="DemographicsQueryNotAllowed", location="livingSubjectId")
                 ]  # fmt: skip
    if not wrong:
        return list(point.connector.find(traits))
    domains = {field.domain for field in mask.identifiers} if mask else set()
    foreign = traits.ids and not any(one.root in domains for one in traits.ids)
    persons = list(point.connector.find(traits)) if foreign else []
    if not persons:
        raise wrong[0]
    return persons


def mask_of(point: Point) -> SearchMask | None:
    """Return the search mask of country A; None where none is known."""
    try:
        return search_mask(point.country.code)
    except InputError:
        return None


def shown_to(call: Call, person: Person) -> bool:
    """Return whether the country that asks may be told of a person at all."""
    return any(
        call.point.connector.consent(person.ids[0], kind, call.country_b).permitted
        for kind in KINDS
    )  # fmt: skip
