"""The request of ITI-55: country B sends the traits that country A's search mask asks for.

Source: IHE ITI TF-2 3.55.4.1; HL7 v3 PRPA_IN201305UV02; OpenNCP 9 XCPDRequest builder and the
public requests of gematik and Denmark.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from lxml import etree

from data.results import Result
from ncp.codes import HL7_GENDER, HL7_INTERACTION
from ncp.messages.building import add
from ncp.messages.reading import Findings, text
from ncp.messages.xcpd.wire import (
    CODE,
    ID,
    Identifier,
    check_wrapper,
    community,
    control_act,
    device,
    envelope,
    h,
    identifier,
    ii,
    must_be,
)
from ncp.model import Address, PatientId, Refusal, Traits
from ncp.soap.faults import SoapFault

NAME = "PRPA_IN201305UV02"
_SOURCE = "HL7 v3 PRPA_MT201306UV02; IHE ITI TF-2 3.55.4.1.2"
_SEMANTICS = {
    "livingSubjectAdministrativeGender": "LivingSubject.administrativeGender",
    "livingSubjectBirthTime": "LivingSubject.birthTime",
    "livingSubjectId": "LivingSubject.id",
    "livingSubjectName": "LivingSubject.name",
    "patientAddress": "Patient.addr",
}
_VALUE = h("value")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was read.

    Attributes:
        message_id, query_id: root and extension.
        sender, receiver: home communities, bare OIDs.
        created: as sent (``yyyyMMddHHmmss...``).
        element: ``queryByParameter``, which the answer repeats.
        refusal: what makes the request one that is answered without looking: deferred response
            (``NS250``). The caller answers with it; everything else is judged elsewhere.
    """

    message_id: Identifier
    traits: Traits
    sender: str
    receiver: str
    created: str
    query_id: Identifier
    element: etree._Element = field(compare=False, repr=False)
    refusal: Refusal | None = field(default=None, compare=False)
    findings: tuple[Result, ...] = field(default=(), compare=False)


def request(
    traits: Traits,
    *,
    sender: str,
    receiver: str,
    created: dt.datetime,
    message_id: Identifier | None = None,
    query_id: Identifier | None = None,
) -> etree._Element:
    """Build the message.

    Args:
        traits: only what the search mask of country A asks for.
        sender, receiver: home communities of B and A, bare OIDs.
        created: aware time.
        message_id, query_id: root and extension; new ones under the sender's OID by default.

    Raises:
        InputError: a character that XML cannot carry.
    """
    root = envelope(NAME, message_id or (sender, str(uuid.uuid4())), created, "AL")
    device(root, "receiver", "RCV", receiver)
    device(root, "sender", "SND", sender)
    act = control_act(root, "PRPA_TE201305UV02")
    author = add(act, h("authorOrPerformer"), {"typeCode": "AUT"})
    add(author, h("assignedPerson"), {"classCode": "ASSIGNED"})
    query = add(act, h("queryByParameter"))
    ii(query, h("queryId"), query_id or (sender, str(uuid.uuid4())))
    add(query, h("statusCode"), {"code": "new"})
    add(query, h("responseModalityCode"), {"code": "R"})
    add(query, h("responsePriorityCode"), {"code": "I"})
    add(query, h("matchCriterionList"))
    _parameters(add(query, h("parameterList")), traits)
    return root


def _parameters(parent: etree._Element, traits: Traits) -> None:
    """The order is that of the schema; only what there is to say is said."""
    if traits.gender:
        outer = add(parent, h("livingSubjectAdministrativeGender"))
        add(outer, _VALUE, {"code": traits.gender, "codeSystem": HL7_GENDER})
        _semantics(outer)
    if traits.birth_date:
        outer = add(parent, h("livingSubjectBirthTime"))
        add(outer, _VALUE, {"value": traits.birth_date})
        _semantics(outer)
    for one in traits.ids:
        outer = add(parent, h("livingSubjectId"))
        ii(outer, _VALUE, (one.root, one.extension))
        _semantics(outer)
    if traits.family or traits.given:
        outer = add(parent, h("livingSubjectName"))
        name = add(outer, _VALUE)
        for part, said in (("family", traits.family), ("given", traits.given)):
            if said:
                add(name, h(part), text=said)
        _semantics(outer)
    if traits.address != Address():
        outer = add(parent, h("patientAddress"))
        address(add(outer, _VALUE), traits.address, "streetName")
        _semantics(outer)


def address(parent: etree._Element, value: Address, street: str) -> None:
    """Append the parts of an address to an ``addr`` or ``value`` element.

    Args:
        street: element of the street: ``streetName`` in a request, ``streetAddressLine`` in an
            answer.
    """
    parts = ((street, value.street), ("city", value.city), ("country", value.country),
             ("postalCode", value.postal_code))  # fmt: skip
    for name, said in parts:
        if said:
            add(parent, h(name), text=said)


def _semantics(parent: etree._Element) -> None:
    name = etree.QName(parent).localname
    add(parent, h("semanticsText"), text=_SEMANTICS[name])


def read_request(element: etree._Element) -> Request:
    """Read the message; any namespace prefix, with or without ``versionCode``.

    A patient may have several identifiers, in elements of their own or as several values of one.

    Raises:
        SoapFault: not this message, or without a query that could be answered.
    """
    must_be(element, NAME)
    found = Findings()
    check_wrapper(element, NAME, "AL", found)
    act = element.find(h("controlActProcess"))
    query = act.find(h("queryByParameter")) if act is not None else None
    if act is None or query is None:
        raise SoapFault("Sender", f"the {NAME} has no controlActProcess/queryByParameter")
    message_id = identifier(element.find(ID))
    if not message_id[0]:
        raise SoapFault("Sender", f"the {NAME} has no id that an answer could refer to")
    _check_query(act, query, found)
    parameters = query.find(h("parameterList"))
    traits = _traits(parameters, found) if parameters is not None else Traits()
    created = element.find(h("creationTime"))
    return Request(
        message_id, traits, community(element, "sender")[0], community(element, "receiver")[0],
        created.get("value", "") if created is not None else "",
        identifier(query.find(h("queryId"))), query, _deferred(query), found.all(),
    )  # fmt: skip


def _deferred(query: etree._Element) -> Refusal | None:
    """Deferred responses are not part of the profile (HL7 NS250)."""
    priority = query.find(h("responsePriorityCode"))
    if priority is not None and priority.get("code") == "D":
        return Refusal("NS250", "Deferred response is not supported",
                       reason="AnswerNotAvailable", location="responsePriorityCode")  # fmt: skip
    return None


def _check_query(act: etree._Element, query: etree._Element, found: Findings) -> None:
    where = f"/{NAME}/controlActProcess"
    code = act.find(CODE)
    found.want(
        code is not None and code.get("code") == "PRPA_TE201305UV02",
        "xcpd-req-trigger",
        "controlActProcess/code is not PRPA_TE201305UV02",
        f"{where}/code",
        _SOURCE,
    )
    system = code.get("codeSystemName") or code.get("codeSystem") if code is not None else ""
    found.want(system == HL7_INTERACTION, "xcpd-req-trigger-system", "controlActProcess/code is "
               f"not of {HL7_INTERACTION}", f"{where}/code", _SOURCE)  # fmt: skip
    found.want(identifier(query.find(h("queryId")))[0], "xcpd-req-query-id", "no queryId",
               f"{where}/queryByParameter/queryId", _SOURCE)  # fmt: skip
    for name, value in (("statusCode", "new"), ("responseModalityCode", "R"),
                        ("responsePriorityCode", "I")):  # fmt: skip
        inner = query.find(h(name))
        said = inner.get("code", "") if inner is not None else ""
        found.want(said == value, f"xcpd-req-{name}", f"{name} is «{said}», not «{value}»",
                   f"{where}/queryByParameter/{name}", _SOURCE)  # fmt: skip


def _traits(parameters: etree._Element, found: Findings) -> Traits:
    """Read the parameter list; what the profile does not know is told, not used."""
    said: dict[str, str] = {}
    ids: list[PatientId] = []
    home = Address()
    for parameter in parameters:
        name = etree.QName(parameter).localname
        where = f"/{NAME}//parameterList/{name}"
        if name not in _SEMANTICS:
            found.add("xcpd-req-parameter", f"the parameter {name} is not in the profile", where,
                      _SOURCE)  # fmt: skip
            continue
        found.want(text(parameter.find(h("semanticsText"))) == _SEMANTICS[name],
                   "xcpd-req-semantics", f"semanticsText is not «{_SEMANTICS[name]}»", where,
                   _SOURCE)  # fmt: skip
        values = parameter.findall(_VALUE)
        if name == "livingSubjectId":
            ids += [PatientId(*identifier(value)) for value in values]
            found.want(len(values) == 1, "xcpd-req-one-id", "one livingSubjectId has "
                       f"{len(values)} values", where, "OpenNCP 9 XCPDRequest")  # fmt: skip
        elif values and name == "patientAddress":
            home = read_address(values[0])
        elif values:
            said |= _demographic(name, values[0])
    return Traits(
        tuple(i for i in ids if i.root or i.extension), said.get("family", ""),
        said.get("given", ""), said.get("gender", ""), said.get("birth", ""), home,
    )  # fmt: skip


def _demographic(name: str, value: etree._Element) -> dict[str, str]:
    if name == "livingSubjectName":
        family, given = read_name(value)
        return {"family": family, "given": " ".join(given)}
    if name == "livingSubjectBirthTime":
        return {"birth": value.get("value", "").strip()}
    return {"gender": value.get("code", "").strip()}


def read_name(element: etree._Element) -> tuple[str, tuple[str, ...]]:
    """Return the family name (several joined by a space) and the given names."""
    family = " ".join(filter(None, (text(part) for part in element.findall(h("family")))))
    given = tuple(filter(None, (text(part) for part in element.findall(h("given")))))
    return family, given


def read_address(element: etree._Element) -> Address:
    """Return an address; a street stands in ``streetName`` or ``streetAddressLine`` elements."""
    streets = [*element.findall(h("streetAddressLine")), *element.findall(h("streetName"))]
    lines = [text(line) for line in streets]
    number = text(element.find(h("houseNumber")))
    street = ", ".join(filter(None, lines))
    return Address(
        f"{street} {number}".strip(), text(element.find(h("city"))),
        text(element.find(h("postalCode"))), text(element.find(h("country"))),
    )  # fmt: skip
