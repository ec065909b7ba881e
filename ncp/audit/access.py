"""Answers the patient's question «who saw what of mine?» from the journal.

EHDS Art 9(1) and (2): who, when, which data; without delay, for at least three years. Annex II 3.2
adds where the data came from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ncp.audit.journal import Entry, Filter, entries
from ncp.audit.masking import masked
from ncp.audit.texts import text
from ncp.model import Operation, PatientId

ZONE = ZoneInfo("Europe/Oslo")
OBLIGATIONS = ("E09.1a", "E09.2c", "E09.2d", "E09.2e")
_DEEDS = {
    Operation.IDENTIFY: "identify",
    Operation.PS_LIST: "list", Operation.EP_LIST: "list", Operation.ORCD_LIST: "list",
    Operation.PS_RETRIEVE: "retrieve", Operation.EP_RETRIEVE: "retrieve",
    Operation.ORCD_RETRIEVE: "retrieve",
    Operation.DISPENSE: "submit", Operation.DISCARD: "discard",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Access:
    """One access to a person's data, in the terms of EHDS Art 9(2).

    Attributes:
        entry: number in the journal.
        when: (b).
        name, profession, role: (a) the person; ``role`` is the ISCO-08 code.
        organisation, place, country: (a) the provider.
        deed: identify, list, retrieve, submit or discard.
        categories: (c) letters of Art 14(1); empty where only the identity was asked for.
        documents: (c) which.
        purpose: TREATMENT or EMERGENCY.
        origins: systems that the data came from.
        refused: nothing was shown.
    """

    entry: int
    when: dt.datetime
    name: str
    profession: str
    role: str
    organisation: str
    place: str
    country: str
    deed: str
    categories: str
    documents: tuple[str, ...]
    purpose: str
    origins: tuple[str, ...]
    refused: bool


def who_saw(
    connection: Connection, patient: PatientId | str, wanted: Filter | None = None
) -> list[Access]:
    """Return every access to a person's data, the newest first; refused attempts too.

    Args:
        connection: for reading.
        patient: an identifier, or a bare number of any assigning authority.
        wanted: limits other than the patient (times, country, outcome).
    """
    limits = wanted or Filter()
    chosen = tuple(each for each in _DEEDS if each in (limits.operations or _DEEDS))
    if not chosen:
        return []
    wanted = replace(limits, patient=patient, operations=chosen)
    return [_access(entry) for entry in entries(connection, wanted)][::-1]


def _access(entry: Entry) -> Access:
    t = entry.transaction
    person = t.professional
    assert isinstance(t.operation, Operation)
    return Access(
        entry=entry.number,
        when=t.ended,
        name=person.name if person else "",
        profession=person.role.display if person else "",
        role=person.role.code if person else "",
        organisation=person.organization if person else "",
        place=t.place,
        country=t.country_b,
        deed=_DEEDS[t.operation],
        categories=t.letters,
        documents=t.documents,
        purpose=t.why,
        origins=t.origins,
        refused=not t.done,
    )


def letter(accesses: Sequence[Access], patient: str, lang: str, numbers: bool = False) -> str:
    """Return the answer in plain words.

    Args:
        accesses: as `who_saw` gives them.
        patient: the number that was asked for.
        lang: ``nb`` or ``en``.
        numbers: show the number as it is; otherwise it is masked.
    """
    shown = patient if numbers else masked(patient)
    if not accesses:
        return text("access.none", lang).format(patient=shown) + "\n"
    title = text("access.title", lang).format(patient=shown)
    lines = [title, text("access.count", lang).format(number=len(accesses)), ""]
    for each in accesses:
        lines += [*_paragraph(each, lang), ""]
    lines += [text("access.law", lang), text("access.kept", lang)]
    return "\n".join(lines) + "\n"


def _paragraph(access: Access, lang: str) -> list[str]:
    who = text("access.who", lang).format(
        name=access.name or text("access.unnamed", lang), profession=profession(access, lang)
    )
    where = text("access.where", lang).format(
        organisation=access.organisation or access.place or text("access.unplaced", lang),
        country=country(access.country, lang) or text("access.nowhere", lang),
    )
    place = access.place if access.place not in ("", access.organisation) else ""
    lines = [
        when(access.when, lang),
        f"  {who}, {where}{f' ({place})' if place and access.organisation else ''}",
        f"  {_first_up(_what(access, lang))}",
    ]
    if access.refused:
        lines.append("  " + text("refused", lang))
    else:
        lines.append("  " + text("access.category", lang).format(what=categories(access, lang)))
        if access.documents:
            ids = ", ".join(access.documents)
            lines.append("  " + text("access.documents", lang).format(ids=ids))
        if access.origins:
            lines.append("  " + text("access.origin", lang).format(what=", ".join(access.origins)))
    if access.purpose:
        what = text(f"purpose.{access.purpose}", lang, access.purpose)
        lines.append("  " + text("access.purpose", lang).format(what=what))
    lines.append("  " + text("access.entry", lang).format(number=access.entry))
    return lines


def _what(access: Access, lang: str) -> str:
    deed = text(f"deed.{access.deed}", lang)
    if access.deed in ("retrieve", "submit", "discard"):
        return f"{deed} {categories(access, lang)}"
    return deed


def _first_up(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def categories(access: Access, lang: str) -> str:
    """Return the categories of data in words; the identity alone is one of its own."""
    if access.deed == "identify":
        return text("access.identity", lang)
    found = [text(f"category.{each}", lang) for each in access.categories]
    return ", ".join(found) or text("category.none", lang)


def profession(access: Access, lang: str) -> str:
    """Return the profession in words, as the country wrote it where the code is not known."""
    given = access.profession or text("access.profession", lang)
    return text(f"role.{access.role}", lang, given)


def when(moment: dt.datetime, lang: str) -> str:
    """Return date and time in Norway, in words."""
    from babel.dates import format_datetime

    pattern = "EEEE d. MMMM y 'kl.' HH:mm:ss" if lang == "nb" else "EEEE d MMMM y 'at' HH:mm:ss z"
    return _first_up(format_datetime(moment, pattern, tzinfo=ZONE, locale=lang))


@cache
def country(code: str, lang: str) -> str:
    """Return the name of a country; a code that has none stays as it is."""
    from babel import Locale

    # The European Union writes EL for Greece.
    name = Locale(lang).territories.get({"EL": "GR"}.get(code, code))
    return str(name) if name else code
