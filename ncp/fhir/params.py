"""Search parameters as they come in: tokens, dates with prefixes, what is known and what is not.

Source: FHIR R4 search.html (prefixes, escaping, modifiers, ``Prefer: handling``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ncp.fhir.negotiation import FORM
from ncp.fhir.outcomes import Declined, Issue, declined
from ncp.fhir.wire import Asked
from ncp.model import PatientId

_RESULT = frozenset({"_format", "_pretty"})
_DATE = re.compile(
    r"(?P<prefix>eq|ne|gt|lt|ge|le|sa|eb|ap)?(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<time>\d\d:\d\d(:\d\d(\.\d{1,9})?)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)
_LONGEST = 1000
_LONGEST_IDS = 6500
"""A hundred ids: what a link to the next page may name."""
_IDENTIFIER = 200
"""Characters of an identifier of a patient; it is kept as ``ext^^^&root&ISO`` in 255."""
_MOST = 50


@dataclass(frozen=True, slots=True)
class Token:
    """``system|code``; a system of None is any, an empty one says that there is none."""

    system: str | None
    code: str

    def fits(self, system: str, code: str) -> bool:
        """Return whether a coding or an identifier is meant."""
        return (self.system is None or self.system == system) and self.code in ("", code)


@dataclass(frozen=True, slots=True)
class Span:
    """One date criterion: a prefix, and the first and the first later moment of its value."""

    prefix: str
    start: dt.datetime
    end: dt.datetime

    def fits(self, first: dt.datetime, after: dt.datetime) -> bool:
        """Return whether a value that lies in ``[first, after)`` is meant."""
        tests = {
            "eq": self.start <= first and after <= self.end,
            "ne": not (self.start <= first and after <= self.end),
            "gt": after > self.end, "lt": first < self.start,
            "ge": first >= self.start or after > self.end,
            "le": after <= self.end or first < self.start,
            "sa": first >= self.end, "eb": after <= self.start,
            "ap": first < self.end and after > self.start,
        }  # fmt: skip
        return tests[self.prefix]


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a search.

    Attributes:
        values: by name; each repetition stands for «and».
        ignored: names that are not known here and were passed over.
    """

    values: dict[str, list[str]]
    ignored: tuple[str, ...] = ()

    def first(self, name: str) -> str:
        """Return the first value of a parameter; empty where there is none."""
        return next(iter(self.values.get(name, ())), "")

    def texts(self, name: str) -> list[list[str]]:
        """Return each repetition of a parameter, split at commas."""
        return [[_plain(part) for part in _split(value, ",")]
                for value in self.values.get(name, ())]  # fmt: skip

    def tokens(self, name: str) -> list[list[Token]]:
        """Return each repetition of a token parameter; what is in one is «or»."""
        return [[_token(part) for part in _split(value, ",") if part]
                for value in self.values.get(name, ())]  # fmt: skip

    def dates(self, name: str) -> list[list[Span]]:
        """Return each repetition of a date parameter.

        Raises:
            Declined: no date of FHIR.
        """
        return [[span(part, name) for part in _split(value, ",")]
                for value in self.values.get(name, ())]  # fmt: skip

    def warnings(self) -> list[Issue]:
        """Return what was passed over, as notes beside the answer."""
        return [Issue("not-supported", f"the parameter «{name}» is not known here and was ignored",
                      where=name, severity="warning") for name in self.ignored]  # fmt: skip


def read_query(asked: Asked, known: Iterable[str]) -> Query:
    """Read the parameters of a search, from the URL and from a form that was posted.

    Args:
        asked: the request.
        known: names that this search supports.

    Raises:
        Declined: 400 for a modifier or a form that is not supported, and for unknown parameters
            where ``Prefer: handling=strict`` asks for it, all at once; 413 for too many.
    """
    supported = frozenset(known)
    strict = "handling=strict" in asked.header("prefer").replace(" ", "").lower()
    values: dict[str, list[str]] = {}
    ignored: list[str] = []
    wrong: list[Issue] = []
    pairs = [*asked.query, *_form(asked)]
    if len(pairs) > _MOST:
        raise declined(413, "too-long", f"more than {_MOST} parameters")
    for name, value in pairs:
        if name in _RESULT:
            continue
        stem, _, modifier = name.partition(":")
        if name not in supported:
            if modifier and stem in supported:
                wrong.append(Issue("not-supported", f"the modifier «:{modifier[:40]}» is not "
                                   f"supported for {stem}", where=stem))  # fmt: skip
            else:
                ignored.append(name[:80])
        elif len(value) > (_LONGEST_IDS if name == "_id" else _LONGEST):
            wrong.append(Issue("too-long", "the value is too long", where=name))
        elif value:  # FHIR: a parameter without a value is passed over
            values.setdefault(name, []).append(value)
    if strict:
        wrong += [Issue("not-supported", f"the parameter «{name}» is not known here", where=name)
                  for name in ignored]  # fmt: skip
    if wrong:
        raise Declined(400, tuple(wrong))
    return Query(values, tuple(dict.fromkeys(ignored)))


def patient_of(token: Token, name: str) -> PatientId:
    """Return the patient identifier of a token.

    Raises:
        Declined: without a system that is an OID, or without a value.
    """
    root = (token.system or "").removeprefix("urn:oid:")
    fits = len(root) <= 128 and len(root) + len(token.code) <= _IDENTIFIER
    fits = fits and token.code.isprintable()
    if not re.fullmatch(r"[0-2](\.(0|[1-9]\d*))+", root) or not token.code or not fits:
        raise declined(400, "invalid", "write an identifier as urn:oid:<authority>|<value>", name,
                       "ERROR_PI_INCORRECT_FORMATTING")  # fmt: skip
    return PatientId(root, token.code)


def span(text: str, name: str) -> Span:
    """Read one date criterion; a time without zone is UTC.

    Raises:
        Declined: no date of FHIR.
    """
    found = _DATE.fullmatch(text.replace(" ", "+"))
    try:
        if not found:
            raise ValueError
        return Span(found["prefix"] or "eq", *_bounds(found))
    except (ValueError, OverflowError):
        raise declined(400, "invalid", "this is no date; write it as ge2026-02-20, with the "
                       "prefixes eq ne gt lt ge le sa eb ap", name) from None  # fmt: skip


def day(text: str) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the bounds of ``yyyyMMdd`` where zeros stand for what is unknown; None without."""
    digits = text[:8].ljust(8, "0")
    if not digits.isdigit() or digits[:4] == "0000":
        return None
    parts = [digits[:4], *(p for p in (digits[4:6], digits[6:8]) if p != "00")]
    made = span("-".join(parts), "birthDate")
    return made.start, made.end


def _bounds(found: re.Match[str]) -> tuple[dt.datetime, dt.datetime]:
    year, month, day_ = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    if found["time"]:
        clock, zone = found["time"], (found["zone"] or "Z").replace("Z", "+00:00")
        clock = re.sub(r"(\.\d{6})\d+$", r"\1", clock)
        start = dt.datetime.fromisoformat(f"{year:04}-{month:02}-{day_:02}T{clock}{zone}")
        start = start.astimezone(dt.UTC)
        step = dt.timedelta(minutes=1) if clock.count(":") == 1 else dt.timedelta(seconds=1)
        return start, start + (dt.timedelta(microseconds=1) if "." in clock else step)
    start = dt.datetime(year, month, day_, tzinfo=dt.UTC)
    if found["day"]:
        return start, start + dt.timedelta(days=1)
    if found["month"]:
        return start, start.replace(year=year + month // 12, month=month % 12 + 1)
    return start, start.replace(year=year + 1)


def _form(asked: Asked) -> list[tuple[str, str]]:
    if asked.method != "POST":
        return []
    media = asked.header("content-type").partition(";")[0].strip().lower()
    if media != FORM:
        raise declined(415, "not-supported", f"a search is posted as {FORM}", "Content-Type")
    try:
        return parse_qsl(asked.content.decode("utf-8"), keep_blank_values=True,
                         max_num_fields=_MOST + 1)  # fmt: skip
    except ValueError:
        raise declined(400, "structure", "the form cannot be read") from None


def _token(text: str) -> Token:
    system, code = ([*_split(text, "|"), ""])[:2] if "|" in text else (None, text)
    return Token(None if system is None else _plain(system), _plain(code))


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that no backslash stands before."""
    return re.split(rf"(?<!\\){re.escape(mark)}", text)


def _plain(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text).strip()
