"""How the answers of country A are shown: for people, and as plain data for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from data.results import Outcome
from ehds.cli.output import say
from ips.words import harmless, plain
from ncp.client.texts import meaning, refusal_lines, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from data.results import Result
    from ncp.client.answers import Answer
    from ncp.model import DocumentEntry, Person, Refusal


def tell(answer: Answer, operation: str, lang: str, country: str) -> bool:
    """Tell what country A refused or warned of, and where its answer departs from the profile.

    Returns:
        Whether nothing of what was asked for was given.
    """
    refused = answer.refused
    for refusal in answer.refusals or ((refused,) if refused else ()):
        head = text("refusal.head", lang, country=country,
                    operation=text(f"operation.{operation}", lang))  # fmt: skip
        if refused is None:
            head = text("refusal.warning", lang, country=country)
        say(f"{head}: " + "\n".join(refusal_lines(refusal, lang)))
    failed = [f for f in answer.findings if f.outcome is Outcome.FAIL]
    if failed:
        say(text("findings.head", lang, number=len(failed)))
        for line in finding_lines(failed):
            say(line)
    return refused is not None


def finding_lines(findings: Iterable[Result]) -> Iterator[str]:
    """Yield a line a finding; what it quotes from the answer has no numbers of people."""
    for one in findings:
        where = f" ({one.location})" if one.location else ""
        yield "  " + harmless(f"{one.severity.value}: {one.id}: {one.message}{where}")


def refusal_json(refusal: Refusal, lang: str) -> dict[str, Any]:
    """Return a refusal as plain data; as it came, but without numbers of people."""
    return {"code": harmless(refusal.code), "severity": refusal.weight.value.lower(),
            "text": harmless(refusal.text), "meaning": meaning(refusal.code, lang),
            "reason": harmless(refusal.reason), "location": harmless(refusal.location)}  # fmt: skip


def finding_json(one: Result) -> dict[str, Any]:
    """Return a finding as plain data, without numbers of people in its words."""
    return {**one.to_dict(), "message": harmless(one.message), "location": harmless(one.location)}


def base_json(schema: str, answer: Answer, lang: str) -> dict[str, Any]:
    """Return what every answer has as plain data."""
    reply = answer.reply
    return {
        "schema": schema, "url": reply.sent.to, "message_id": reply.sent.message_id,
        "response_id": answer.response_id, "attempts": reply.attempts,
        "given": not answer.empty,
        "refusals": [refusal_json(r, lang) for r in answer.refusals],
        "findings": [finding_json(f) for f in answer.findings],
    }  # fmt: skip


def person_json(person: Person) -> dict[str, Any]:
    """Return a person as plain data."""
    found = asdict(person)
    return {**found, "ids": [f"{i.root}^{i.extension}" for i in person.ids],
            "given": list(person.given)}  # fmt: skip


def person_lines(person: Person, lang: str) -> Iterator[str]:
    """Yield a person for people: the data are shown, what would steer a terminal is not."""
    day = plain(person.birth_date)
    shown = f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) >= 8 else day
    gender = text(f"gender.{person.gender}", lang) if person.gender in ("M", "F", "UN") else ""
    name = " ".join([*person.given, person.family])
    born = text("identified.born", lang, date=shown) if day else ""
    yield "  " + ", ".join(filter(None, (plain(name), gender, born)))
    for one in person.ids:
        yield plain(f"    {one.root}^{one.extension}")
    place = person.address
    town = f"{place.postal_code} {place.city}".strip()
    where = ", ".join(filter(None, (place.street, town, place.country)))
    if where:
        yield plain(f"    {where}")


def entry_json(entry: DocumentEntry) -> dict[str, Any]:
    """Return a document entry as plain data."""
    found = asdict(entry)
    return {**found, "created": entry.created.isoformat(), "kind": entry.kind.name.lower(),
            "class_code": entry.kind.value,
            "patient": f"{entry.patient.root}^{entry.patient.extension}",
            "events": [asdict(event) for event in entry.events]}  # fmt: skip


def entry_lines(entry: DocumentEntry, number: int, lang: str) -> Iterator[str]:
    """Yield a document entry for people, without what would steer a terminal."""
    from ncp.codes import DISPENSABLE, NOT_DISPENSABLE

    level = text(f"listed.level{3 if entry.level == 3 else 1}", lang)
    head = ", ".join(filter(None, (entry.title, level, entry.created.date().isoformat(),
                                   entry.author_institution.partition("^")[0])))  # fmt: skip
    yield plain(f"{number:>3}  {head}")
    yield plain(f"     {entry.unique_id}")
    words = []
    for event in entry.events:
        if event.code == DISPENSABLE:
            words.append(text("listed.open", lang))
        elif event.code == NOT_DISPENSABLE:
            words.append(text("listed.closed", lang))
        elif event.system != "2.16.840.1.113883.5.1070":
            words.append(event.display if event.display in ("", event.code)
                         else f"{event.code} {event.display}")  # fmt: skip
    said = ", ".join(filter(None, [entry.description if entry.description != entry.title else "",
                                   *words]))  # fmt: skip
    if said:
        yield plain(f"     {said}")
