"""Further checks that a step can name: what an answer holds, beyond that it came.

Each takes the exchanges of a step and what country B knows, and gives results.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from data.errors import InputError
from data.results import Outcome, Report, Result, Severity
from ips.cda.check import check_cda, check_pair
from ncp.codes import ATC, DISPENSABLE_SYSTEM, SUBSTITUTION_SYSTEM
from ncp.model import DocumentEntry, DocumentKind
from ncp.scenarios import cross
from ncp.scenarios.doing import World
from ncp.scenarios.model import Exchange
from ncp.tables import document_kinds, transactions

Check = Callable[[Exchange, World], list[Result]]
_E, _W = Severity.ERROR, Severity.WARNING
_XDS = "IHE ITI TF-3 4.2.3.2; OpenNCP 9 XCAServiceImpl"


def _rule(
    rule: str, holds: bool, message: str, source: str, severity: Severity = _E,
    obligations: Sequence[str] = (),
) -> Result:  # fmt: skip
    return Result(rule, Outcome.PASS if holds else Outcome.FAIL, severity, message,
                  obligations=tuple(obligations), source=source)  # fmt: skip


def addressing(exchange: Exchange, world: World) -> list[Result]:
    """WS-Addressing of the answer: action, and the request that it relates to."""
    del world
    expected = transactions()[exchange.asked.transaction].response_action
    kind = exchange.response_type.lower()
    return [
        _rule("soap-relates-to", exchange.relates_to == exchange.asked.message_id,
              "wsa:RelatesTo is the MessageID of the request", "WS-Addressing 1.0 Core 3.4"),
        _rule("soap-action", expected.encode() in exchange.response,
              f"the action of the answer is {expected}", "WS-Addressing 1.0 SOAP Binding"),
        _rule("soap-media-type", kind.startswith(("application/soap+xml", "multipart/related")),
              "the answer is application/soap+xml or multipart/related", "SOAP 1.2 Part 2, 7.1.4"),
        _rule("http-status", exchange.status == 200, "the HTTP status is 200",
              "SOAP 1.2 Part 2, 7.5"),
    ]  # fmt: skip


def form(exchange: Exchange, world: World) -> list[Result]:
    """What the readers of the messages found to depart from the profile."""
    del world
    found = [f for f in exchange.findings if f.id != "iti55-id-ok"]
    return found or [_rule("message-form", True, "the message has the form of the profile",
                           "IHE ITI TF-2, MyHealth@EU profiles")]  # fmt: skip


def custodian(exchange: Exchange, world: World) -> list[Result]:
    """The home community that keeps the record is named with every patient."""
    homes = exchange.answer.homes if exchange.answer is not None else ()
    return [_rule("iti55-custodian", bool(homes) and set(homes) == {world.b.home_a},
                  "the custodian of every patient is the home community of country A",
                  "IHE ITI TF-2 3.55.4.2.2.4")]  # fmt: skip


def demographics(exchange: Exchange, world: World) -> list[Result]:
    """Name, sex and birth date come with every patient, for the professional to compare."""
    del world
    persons = exchange.answer.persons if exchange.answer is not None else ()
    return [
        _rule("iti55-demographics", bool(persons) and all(
            p.family and p.given and p.gender and p.birth_date for p in persons),
            "every patient has name, sex and birth date", "IHE ITI TF-2 3.55.4.2.2.3")
    ]  # fmt: skip


def metadata(exchange: Exchange, world: World) -> list[Result]:
    """The entries of a list are whole and agree with each other."""
    entries: Sequence[DocumentEntry] = (
        exchange.answer.entries if exchange.answer is not None else ()
    )
    home = world.b.home_a
    formats = {f.lower() for k in document_kinds().values() for one in k.formats.values()
               for f in one}  # fmt: skip
    ids = [e.unique_id for e in entries]
    return [
        _rule("iti38-unique-ids", len(ids) == len(set(ids)), "no document is listed twice", _XDS),
        _rule("iti38-home", all(e.home == home for e in entries),
              "every entry has the home community of country A", _XDS),
        _rule("iti38-repository", all(e.repository for e in entries),
              "every entry names its repository", _XDS),
        _rule("iti38-format", all(e.format_code.lower() in formats for e in entries),
              "every entry has a format code of the exchange", _XDS),
        _rule("iti38-title", all(e.title and e.mime_type for e in entries),
              "every entry has a title and a media type", _XDS, _W),
        _rule("iti38-country", all(e.country == world.profile.country.code for e in entries),
              "every entry names country A as facility", _XDS, _W),
    ]  # fmt: skip


def prescriptions(exchange: Exchange, world: World) -> list[Result]:
    """Prescriptions in a list say whether they can be dispensed, and what they are of."""
    del world
    found = [e for e in exchange.answer.entries if e.level == 3] if exchange.answer else []

    def every(system: str) -> bool:
        return all(any(c.system == system for c in e.events) for e in found)

    source = "OpenNCP 9 EpListParam; ITI-38 eventCodeList"
    return [
        _rule("iti38-dispensable", every(DISPENSABLE_SYSTEM),
              "every prescription says whether it can be dispensed", source),
        _rule("iti38-atc", every(ATC), "every prescription names its ATC code", source, _W),
        _rule("iti38-description", all(e.description for e in found),
              "every prescription names its medicine", source, _W),
    ]  # fmt: skip


def substitution(exchange: Exchange, world: World) -> list[Result]:
    """A ban of substitution stands in the list."""
    del world
    entries = exchange.answer.entries if exchange.answer is not None else ()
    banned = any(c.system == SUBSTITUTION_SYSTEM and c.code == "N" for e in entries
                 for c in e.events)  # fmt: skip
    return [_rule("iti38-substitution", banned, "the ban of substitution is in the list",
                  "gemSpec_NCPeH_FD, test ePeDA_UC10_051; OpenNCP 9 EpListParam")]  # fmt: skip


def pairs(exchange: Exchange, world: World) -> list[Result]:
    """Level 3 and level 1 of one content point to each other."""
    del world
    entries = {e.entry_id: e for e in exchange.answer.entries} if exchange.answer else {}
    paired = [e for e in entries.values() if e.level == 3]
    holds = all(e.pair in entries and entries[e.pair].level == 1 for e in paired)
    return [_rule("iti38-pair", bool(paired) and holds,
                  "every structured document has its PDF, tied to it as a transformation",
                  "IHE ITI TF-3 4.2.2; MyHealth@EU, association XFRM")]  # fmt: skip


def document(exchange: Exchange, world: World) -> list[Result]:
    """Every document that came is a sound CDA in pivot form."""
    del world
    found: list[Result] = []
    for one in exchange.answer.documents if exchange.answer is not None else ():
        try:
            found += _broken(check_cda(one.content, None, "pivot"))
        except InputError as error:
            found.append(_rule("cda-readable", False, str(error), "HL7 CDA R2"))
    return found or [_rule("cda", True, "the documents keep the rules of their templates",
                           "MyHealth@EU CDA templates", obligations=("E23.3b",))]  # fmt: skip


def _broken(report: Report) -> list[Result]:
    return [r for r in report.results
            if r.outcome in (Outcome.FAIL, Outcome.ERROR) and r.severity is not
            Severity.INFORMATION]  # fmt: skip


def same_patient(exchange: Exchange, world: World) -> list[Result]:
    """Every document is about the patient who was asked for."""
    del world
    asked = exchange.asked.patient
    documents = exchange.answer.documents if exchange.answer is not None else ()
    own = f'extension="{asked.extension}"'.encode() if asked else b""
    wrong = [d for d in documents if not own or own not in d.content]
    return [_rule("iti39-patient", not wrong, "every document is about the patient asked for",
                  "EHDS Annex II 3.2; MyHealth@EU", obligations=("E23.3a",))]  # fmt: skip


def both_levels(exchange: Exchange, world: World) -> list[Result]:
    """The structured document and its PDF, fetched by now, are a pair."""
    del exchange
    listed = [e for found in world.entries.values() for e in found]
    levels = {e.level: world.contents[e.unique_id] for e in listed if e.unique_id in world.contents}
    if set(levels) != {1, 3}:
        return [_rule("cda-p-both", False, "both levels were fetched", "eHDSI HDR.107")]
    return _broken(check_pair(levels[3], levels[1])) or [
        _rule("cda-p-both", True, "level 3 and level 1 are a pair", "eHDSI HDR.107, HDR.108")
    ]


def unchanged(exchange: Exchange, world: World) -> list[Result]:
    """Size and hash of the list are those of the document that came; a second copy is the same."""
    listed = {e.unique_id: e for found in world.entries.values() for e in found}
    found = []
    for one in exchange.answer.documents if exchange.answer is not None else ():
        entry = listed.get(one.reference.unique_id)
        if entry is not None and entry.hash:
            sum_ = hashlib.sha1(one.content, usedforsecurity=False).hexdigest()
            found.append(_rule("iti39-hash", entry.hash == sum_,
                               "the hash of the list is that of the document", _XDS))  # fmt: skip
        for before in world.before:
            for other in getattr(before.answer, "documents", ()):
                if other.reference.unique_id == one.reference.unique_id:
                    found.append(_rule("iti39-same", other.content == one.content,
                                       "the same document is given every time", _XDS))  # fmt: skip
    return found


def secret(exchange: Exchange, world: World) -> list[Result]:
    """A refusal tells nothing about the patient beyond what was asked."""
    told = [
        patient.family
        for patient in world.profile.patients.values()
        if patient.family
        and patient.id == exchange.asked.patient
        and exchange.asked.traits.family != patient.family
        and patient.family.encode() in exchange.response
    ]
    # No obligation: that a refusal is silent does not show that access is restricted.
    return [_rule("nothing-told", not told, "the refusal does not tell who the patient is",
                  "EHDS Art 11(5)")]  # fmt: skip


def no_inside(exchange: Exchange, world: World) -> list[Result]:
    """An answer to a broken message tells nothing of the inside of the contact point."""
    del world
    marks = (b"Traceback", b"Exception in", b"at java.", b'File "', b"root:x:")
    return [_rule("nothing-inside", not any(m in exchange.response for m in marks),
                  "the answer tells nothing of the inside", "OWASP error handling")]  # fmt: skip


def kind_of_document(exchange: Exchange, world: World) -> list[Result]:
    """Only documents of the kind that was asked for are listed."""
    del world
    text = exchange.request
    entries = exchange.answer.entries if exchange.answer is not None else ()
    wrong = [e for e in entries if DocumentKind(e.kind).value.encode() not in text]
    return [_rule("iti38-kind", not wrong, "only the kinds asked for are listed", _XDS)]


def messages(exchange: Exchange, world: World) -> list[Result]:
    """Cross validation of the messages."""
    del world
    return cross.messages(exchange)


CHECKS: dict[str, Check] = {
    "addressing": addressing, "form": form, "custodian": custodian, "demographics": demographics,
    "metadata": metadata, "prescriptions": prescriptions, "substitution": substitution,
    "pairs": pairs, "document": document, "same-patient": same_patient,
    "both-levels": both_levels, "unchanged": unchanged, "secret": secret,
    "no-inside": no_inside, "kind": kind_of_document, "cross": messages,
}  # fmt: skip
