"""The tables of the exchange: error codes, kinds of document, actions, reasons, countries.

They are files that people edit (``data/exchange/*.csv`` and ``data/countries.csv``), each row with
its source; here they are read once, checked, and given as values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from data.loaders.tables import Row
from ncp.countries import Country, countries, country, country_of_community, rows
from ncp.model import DocumentKind, Operation, Weight
from ncp.search import SearchMask, search_mask, search_masks

__all__ = [
    "Country", "ErrorCode", "Kind", "Reason", "SearchMask", "Transaction", "countries", "country",
    "country_of_community", "document_kinds", "errors", "reasons", "search_mask", "search_masks",
    "titles", "transactions",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error code: what stands on the wire, its name in code, what it means.

    Attributes:
        code: ``ERROR_PI_NO_MATCH``, ``4703``, ``XDSMissingDocument``, ``NS250``.
        name: the constant that OpenNCP has for it.
        aliases: further constants with the same code.
        area: the use case that it belongs to.
        reason: why ITI-55 is not answered, where this code says nothing else.
    """

    code: str
    name: str
    area: str
    weight: Weight
    meaning: str
    source: str
    reason: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What is agreed about one kind of document.

    Attributes:
        formats: format codes by CDA level, 3 for structured, 1 for a PDF (or picture) in CDA.
        permissions: HL7 permission codes that the asking professional needs (``PRD-006``).
        list_operation, retrieve_operation: names in assertions and audit; None where there is none.
        not_found, no_consent, generic, missing_field, malformed, unavailable, missing_mapping:
            error codes to answer with.
        not_found_status: response status when nothing is found (OpenNCP: it differs by kind).
    """

    kind: DocumentKind
    title: str
    class_title: str
    type_title: str
    formats: dict[int, tuple[str, ...]]
    format_title: str
    permissions: tuple[str, ...]
    list_operation: Operation | None
    retrieve_operation: Operation | None
    not_found: str
    not_found_status: str
    no_consent: str
    generic: str
    missing_field: str
    malformed: str
    unavailable: str
    missing_mapping: str
    source: str

    def level(self, format_code: str) -> int:
        """Return the CDA level that a format code says; 1 for a code that is not known."""
        wanted = format_code.lower()
        return 3 if any(f.lower() == wanted for f in self.formats[3]) else 1


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of the exchange: its SOAP service, actions and message elements.

    ``request`` and ``response`` are element names as lxml writes them (``{namespace}name``).
    """

    name: str
    service: str
    operation: str
    request_action: str
    response_action: str
    request: str
    response: str
    mtom: str
    smp_id: str
    transport: str
    source: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an ITI-55 request was not answered (detectedIssueEvent).

    ``encoding`` is the element that carries it: ``mitigatedBy`` or ``triggerFor``.
    """

    code: str
    system: str
    encoding: str
    meaning: str
    source: str


@cache
def _errors() -> dict[str, dict[str, ErrorCode]]:
    spaces: dict[str, dict[str, ErrorCode]] = {}
    columns = "space code name area weight xcpd_reason meaning source"
    for row in rows("exchange/errors.csv", columns):
        space = spaces.setdefault(row["space"], {})
        before = space.get(row["code"])
        space[row["code"]] = (
            replace(before, aliases=(*before.aliases, row["name"]))
            if before
            else ErrorCode(row["code"], row["name"], row["area"], Weight(row["weight"]),
                           row["meaning"], row["source"], row["xcpd_reason"])
        )  # fmt: skip
    return spaces


def errors(space: str = "exchange") -> dict[str, ErrorCode]:
    """Return the error codes by what stands on the wire.

    Args:
        space: ``exchange`` (MyHealth@EU, IHE and HL7), ``tm`` (document transformation) or
            ``tsam`` (terminology); numbers of the last two mean different things.
    """
    return _errors()[space]


@cache
def document_kinds() -> dict[DocumentKind, Kind]:
    """Return what is agreed about each kind of document."""
    columns = (
        "class_code title class_title type_title format_3 format_1 format_title permissions "
        "list_operation retrieve_operation not_found not_found_status no_consent generic "
        "missing_field malformed unavailable missing_mapping source"
    )
    return {kind.kind: kind for kind in map(_kind, rows("exchange/documents.csv", columns))}


def _kind(row: Row) -> Kind:
    plain = ("not_found", "not_found_status", "no_consent", "generic", "missing_field",
             "malformed", "unavailable", "missing_mapping", "source")  # fmt: skip
    return Kind(
        DocumentKind(row["class_code"]), row["title"], row["class_title"], row["type_title"],
        {3: row.words("format_3"), 1: row.words("format_1")}, row["format_title"],
        row.words("permissions"), _operation(row["list_operation"]),
        _operation(row["retrieve_operation"]), *(row[name] for name in plain),
    )  # fmt: skip


def _operation(text: str) -> Operation | None:
    return Operation(text) if text else None


@cache
def transactions() -> dict[str, Transaction]:
    """Return the transactions by name (``ITI-55``)."""
    columns = (
        "transaction service operation request_action response_action request_namespace "
        "request_element response_namespace response_element mtom smp_id transport source"
    )
    return {
        row["transaction"]: Transaction(
            row["transaction"], row["service"], row["operation"], row["request_action"],
            row["response_action"], f"{{{row['request_namespace']}}}{row['request_element']}",
            f"{{{row['response_namespace']}}}{row['response_element']}", row["mtom"],
            row["smp_id"], row["transport"], row["source"],
        )
        for row in rows("exchange/actions.csv", columns)
    }  # fmt: skip


@cache
def reasons() -> dict[str, Reason]:
    """Return the ITI-55 reasons by code; a second spelling of a code leads to the same reason."""
    found = {}
    for row in rows(
        "exchange/xcpd-reasons.csv", "reason code_system encoding aliases meaning source"
    ):
        reason = Reason(row["reason"], row["code_system"], row["encoding"], row["meaning"],
                        row["source"])  # fmt: skip
        for code in (row["reason"], *row.words("aliases")):
            found[code] = reason
    return found


def titles(kinds: Sequence[DocumentKind]) -> str:
    """Return the titles of kinds of document, for people."""
    return ", ".join(document_kinds()[kind].title for kind in kinds)
