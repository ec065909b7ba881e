"""ITI-38: country B asks for the documents of a patient, country A lists them.

Source: IHE ITI TF-2 3.18 and 3.38 (FindDocuments); OpenNCP 9 RequestBuilder and XCAServiceImpl; the
public messages of gematik and Denmark.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from data.results import Result
from ncp import tables
from ncp.codes import APPROVED, FIND_DOCUMENTS, LOINC, QUERY, RIM, RS, Status
from ncp.messages.building import add
from ncp.messages.ebxml.entry import add_entry, add_pairs, read_entry, read_pairs
from ncp.messages.ebxml.registry import add_errors, read_errors, read_status, status_of
from ncp.messages.ebxml.values import EXTRINSIC, OBJECTS, first, slot, slots
from ncp.messages.reading import Findings, read_time
from ncp.model import DocumentEntry, DocumentKind, PatientId, Refusal
from ncp.soap.faults import SoapFault

REQUEST = f"{{{QUERY}}}AdhocQueryRequest"
RESPONSE = f"{{{QUERY}}}AdhocQueryResponse"
_OPTION = f"{{{QUERY}}}ResponseOption"
_ADHOC = f"{{{RIM}}}AdhocQuery"

PATIENT = "$XDSDocumentEntryPatientId"
STATUS = "$XDSDocumentEntryStatus"
CLASS = "$XDSDocumentEntryClassCode"
MAX_SIZE = "$XDSDocumentEntryFilterMaximumSize"
AFTER = "$XDSDocumentEntryFilterCreatedAfter"
BEFORE = "$XDSDocumentEntryFilterCreatedBefore"

_SOURCE = "IHE ITI TF-2 3.18.4.1.2; Gazelle XDS validator (epSOS OCL)"


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """What country B asks for.

    Attributes:
        patient: the patient.
        kinds: one or more kinds of document.
        max_size: largest document in bytes, or None.
        created_after, created_before: aware times, or None.
    """

    patient: PatientId
    kinds: tuple[DocumentKind, ...]
    max_size: int | None = None
    created_after: dt.datetime | None = None
    created_before: dt.datetime | None = None
    findings: tuple[Result, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class QueryResponse:
    """What country A has."""

    status: Status
    entries: tuple[DocumentEntry, ...]
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Result, ...] = field(default=(), compare=False)


def query(request: QueryRequest, *, quirks: str = "") -> etree._Element:
    """Build the request.

    Args:
        request: what to ask; MyHealth@EU asks for one kind, OrCD for several.
        quirks: ``openncp`` puts several class codes into one quoted string, as OpenNCP did.

    Raises:
        InputError: a character that XML cannot carry.
    """
    root = etree.Element(REQUEST, nsmap={"query": QUERY, "rim": RIM})
    add(root, _OPTION, {"returnComposedObjects": "true", "returnType": "LeafClass"})
    adhoc = add(root, _ADHOC, {"id": FIND_DOCUMENTS})
    slot(adhoc, PATIENT, f"'{_doubled(request.patient.cx)}'")
    slot(adhoc, STATUS, f"('{APPROVED}')")
    codes = [f"{kind}^^{LOINC}" for kind in request.kinds]
    joined = ",".join(codes) if quirks == "openncp" else "','".join(codes)
    slot(adhoc, CLASS, f"('{joined}')")
    if request.max_size is not None:
        slot(adhoc, MAX_SIZE, str(request.max_size))
    for name, moment in ((AFTER, request.created_after), (BEFORE, request.created_before)):
        if moment is not None:
            slot(adhoc, name, moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"))
    return root


def _doubled(text: str) -> str:
    """A quote inside a quoted value is doubled (IHE ITI TF-2 3.18.4.1.2.3.5)."""
    return text.replace("'", "''")


def read_query(element: etree._Element) -> QueryRequest:
    """Read the request: several class codes in one quoted string or in several, or unquoted.

    Raises:
        SoapFault: not this message.
        Refusal: another stored query, no or unreadable patient, no or unknown class code, an
            unreadable filter; the codes are those of the service that was asked.
    """
    if element.tag != REQUEST:
        raise SoapFault("Sender", f"the body is no AdhocQueryRequest: {element.tag}")
    adhoc = element.find(_ADHOC)
    if adhoc is None:
        raise SoapFault("Sender", "the AdhocQueryRequest has no AdhocQuery")
    found = Findings()
    values = slots(adhoc)
    if adhoc.get("id") != FIND_DOCUMENTS:
        raise Refusal("XDSUnknownStoredQuery", "only FindDocuments is answered",
                      location=adhoc.get("id", ""), status="Failure")  # fmt: skip
    kinds = _kinds(values)
    patient = _patient(values, kinds[0])
    _check(element, values, found)
    generic = tables.document_kinds()[kinds[0]].malformed
    return QueryRequest(
        patient, kinds, _number(values, generic), _moment(values, AFTER, generic),
        _moment(values, BEFORE, generic), found.all(),
    )  # fmt: skip


def _quoted(values: dict[str, list[str]], name: str) -> list[str]:
    """The single values of a slot, out of parentheses, quotes and commas."""
    single: list[str] = []
    for value in values.get(name, []):
        single += [part.strip(" ()'") for part in value.split(",")]
    return [part for part in single if part]


def _kinds(values: dict[str, list[str]]) -> tuple[DocumentKind, ...]:
    codes = [part.partition("^^")[0].strip("'") for part in _quoted(values, CLASS)]
    try:
        kinds = tuple(dict.fromkeys(DocumentKind(code) for code in codes))
    except ValueError:
        kinds = ()
    if not kinds:
        raise Refusal("ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN", "Class code not supported",
                      location=", ".join(codes) or CLASS, status="Failure")  # fmt: skip
    return kinds


def _patient(values: dict[str, list[str]], kind: DocumentKind) -> PatientId:
    agreed = tables.document_kinds()[kind]
    said = first(values.get(PATIENT)).strip("()")
    if not said:
        raise Refusal(agreed.missing_field, "the query names no patient", location=PATIENT,
                      status="Failure")  # fmt: skip
    quoted = re.fullmatch(r"'(.*)'", said, re.DOTALL)
    try:
        return PatientId.parse(quoted[1].replace("''", "'") if quoted else said)
    except ValueError as error:
        raise Refusal(agreed.malformed, f"the patient identifier is {error}", location=PATIENT,
                      status="Failure") from None  # fmt: skip


def _number(values: dict[str, list[str]], code: str) -> int | None:
    said = first(_quoted(values, MAX_SIZE))
    if said and not (said.isascii() and said.isdigit()):
        raise Refusal(code, "the largest size is no number", location=MAX_SIZE, status="Failure")
    return int(said) if said else None


def _moment(values: dict[str, list[str]], name: str, code: str) -> dt.datetime | None:
    said = first(_quoted(values, name))
    try:
        return read_time(said) if said else None
    except ValueError:
        raise Refusal(code, "the time of the filter is no time", location=name,
                      status="Failure") from None  # fmt: skip


def _check(element: etree._Element, values: dict[str, list[str]], found: Findings) -> None:
    where = "/AdhocQueryRequest"
    option = element.find(_OPTION)
    for name, value in (("returnComposedObjects", "true"), ("returnType", "LeafClass")):
        said = option.get(name, "") if option is not None else ""
        found.want(said == value, f"iti38-{name}", f"@{name} is «{said}», not «{value}»",
                   f"{where}/ResponseOption", _SOURCE)  # fmt: skip
    for name in (PATIENT, STATUS, CLASS):
        found.want(len(values.get(name, [])) == 1, "iti38-slot", f"{name} has "
                   f"{len(values.get(name, []))} values, not one", where, _SOURCE)  # fmt: skip
    found.want(re.fullmatch(r"'.*'", first(values.get(PATIENT)), re.DOTALL), "iti38-patient-quotes",
               "the patient identifier is not in quotes", where, _SOURCE)  # fmt: skip
    found.want(_quoted(values, STATUS) == [APPROVED], "iti38-status",
               "the status asked for is not Approved", where, _SOURCE)  # fmt: skip
    said = first(values.get(CLASS))
    found.want(re.fullmatch(r"\('[^',]+\^\^[^',]+'(,'[^',]+\^\^[^',]+')*\)", said),
               "iti38-class-quotes", "class codes are not ('code^^system','…')", where,
               "IHE ITI TF-2 3.18.4.1.2.3.5")  # fmt: skip


def query_response(
    entries: Sequence[DocumentEntry] = (),
    refusals: Sequence[Refusal] = (),
    status: str = "",
    *,
    quirks: str = "",
) -> etree._Element:
    """Build the answer.

    Args:
        entries: the documents, both levels; pairs become associations.
        refusals: errors and warnings.
        status: forced status, as URN or last word; by default what the refusals say: one that
            forces a status, else Failure or PartialSuccess with an error, else Success.
        quirks: ``openncp`` leaves out the highest severity.

    Raises:
        InputError: a character that XML cannot carry.
        ValueError: a status that is none.
    """
    root = etree.Element(RESPONSE, nsmap={"query": QUERY, "rim": RIM, "rs": RS})
    root.set("status", status_of(refusals, given=bool(entries), status=status))
    add_errors(root, refusals, quirks)
    objects = add(root, OBJECTS)
    for entry in entries:
        add_entry(objects, entry)
    add_pairs(objects, entries)
    return root


def read_query_response(element: etree._Element) -> QueryResponse:
    """Read the answer; an entry that cannot be read is a grave finding, not an error.

    Raises:
        SoapFault: not this message.
    """
    if element.tag != RESPONSE:
        raise SoapFault("Receiver", f"the answer is no AdhocQueryResponse: {element.tag}")
    found = Findings()
    status = read_status(element, found)
    refusals = read_errors(element, found)
    objects = element.find(OBJECTS)
    entries: list[DocumentEntry] = []
    if objects is not None:
        pairs = read_pairs(objects)
        for one in objects.iterchildren(EXTRINSIC):
            entry = read_entry(one, pairs, found)
            if entry is not None:
                entries.append(entry)
    return QueryResponse(status, tuple(entries), refusals, found.all())
