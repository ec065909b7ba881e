"""What country A answered, compared with what was asked: the patient before all.

Sources: IHE ITI TF-2 3.55.4.2.2 (the answer repeats the query), 3.18.4.1.2 (kinds asked for), and
the rule that patient safety adds: what comes back is about who was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from data.results import Result
from ncp.client.answers import Answer, Fetched, Identified, Listed, Taken, finding, read_answer
from ncp.client.transport import Reply
from ncp.messages import xcpd
from ncp.model import DocumentKind, PatientId, Traits

_SAFETY = "patient safety: an answer is about the patient who was asked for"
_A = TypeVar("_A", bound=Answer)


def identified(reply: Reply, traits: Traits) -> Identified:
    """Read the answer to an identification.

    Raises:
        Unreachable: it is none.
    """
    answer = _read(reply, Identified)
    if answer.said is None:
        return answer
    asked = xcpd.read_request(reply.sent.body)
    return _with(answer, *_echoed(answer.said, asked), *_same_person(answer.said, traits))


def listed(reply: Reply, patient: PatientId, kinds: tuple[DocumentKind, ...]) -> Listed:
    """Read the answer to a query.

    Raises:
        Unreachable: it is none.
    """
    answer, found = _read(reply, Listed), []
    for entry in answer.entries:
        if entry.patient != patient:
            found.append(finding("b-list-patient", "a listed document is of another patient than "
                                 "was asked for", entry.unique_id, _SAFETY))  # fmt: skip
        if entry.kind not in kinds:
            found.append(finding("b-list-kind", f"a listed document is of kind {entry.kind}, "
                                 "which was not asked for", entry.unique_id,
                                 "IHE ITI TF-2 3.18.4.1.2", warning=True))  # fmt: skip
    return _with(answer, *found)


def fetched(reply: Reply) -> Fetched:
    """Read the answer to a retrieve; a document that was not asked for is left out and told.

    Raises:
        Unreachable: it is none.
    """
    answer, found = _read(reply, Fetched), []
    asked = {one.unique_id for one in reply.sent.documents}
    for one in answer.documents:
        if one.reference.unique_id not in asked:
            found.append(finding("b-retrieve-asked", "a document came that was not asked for",
                                 one.reference.unique_id, _SAFETY))  # fmt: skip
    kept = tuple(one for one in answer.documents if one.reference.unique_id in asked)
    return _with(replace(answer, documents=kept), *found)


def taken(reply: Reply) -> Taken:
    """Read the answer to a submission.

    Raises:
        Unreachable: it is none.
    """
    return _read(reply, Taken)


def _read(reply: Reply, kind: type[_A]) -> _A:
    answer = read_answer(reply)
    assert isinstance(answer, kind)
    return answer


def _with(answer: _A, *found: Result) -> _A:
    return replace(answer, findings=(*answer.findings, *found))


def _echoed(answer: xcpd.Response, asked: xcpd.Request) -> Iterator[Result]:
    if answer.target[0] and answer.target != asked.message_id:
        yield finding("b-target", "the answer acknowledges another message than ours",
                       "//acknowledgement/targetMessage", "HL7 v3 MCCI")  # fmt: skip
    if answer.query_id[0] and answer.query_id != asked.query_id:
        yield finding("b-query-id", "the answer is to another query than ours",
                       "//queryAck/queryId", "IHE ITI TF-2 3.55.4.2.2")  # fmt: skip


def _same_person(answer: xcpd.Response, traits: Traits) -> Iterator[Result]:
    asked = set(traits.ids)
    for person in answer.persons:
        if asked and not asked & set(person.ids):
            yield finding("b-person-id", "a patient came back without any of the identifiers that "
                           "were asked with", "//patient/id", _SAFETY, warning=True)  # fmt: skip
        day = traits.birth_date
        if day and person.birth_date and not _agree(day, person.birth_date):
            yield finding("b-person-birth", "the birth date is another than was asked with",
                           "//patientPerson/birthTime", _SAFETY)  # fmt: skip


def _agree(asked: str, known: str) -> bool:
    """Compare dates part by part; a part of zeros, or none, is not known and agrees."""
    parts = (slice(0, 4), slice(4, 6), slice(6, 8))
    pairs = ((asked[part], known[part]) for part in parts)
    return all(a == b or not a.strip("0") or not b.strip("0") for a, b in pairs)
