"""Norwegian identifiers: what a number says, whether its check digits hold, and how it is hidden.

Rules: Skatteetaten (national identity and D-numbers, the rule from 2032), Norsk helsenett
(FH-numbers, HPR, HER), Brønnøysund (organisation numbers), the synthetic series of Tenor, Dolly and
NHN. Systems: no-basis ``urn:oid:2.16.578.1.12.4.1.4.N``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import mul

ROOT = "urn:oid:2.16.578.1.12.4.1."
FNR = ROOT + "4.1"
DNR = ROOT + "4.2"
FHN = ROOT + "4.3"
HPR = ROOT + "4.4"
DUF = ROOT + "4.5"
ENH = ROOT + "4.101"
RESH = ROOT + "4.102"
HER = ROOT + "2"
HNR = "HNR"
"""The local emergency number has no national OID: no-basis fixes this word as its system."""

PERSON_SYSTEMS = frozenset({FNR, DNR, FHN, HNR, DUF})

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORGANISATION = (3, 2, 7, 6, 5, 4, 3, 2)
_SHORTEST = 11
"""Digits of a person's number; nothing shorter is looked through."""
_LIKE_A_PERSON = re.compile(r"(?<!\d)(\d{2})\d{4}[ \u00a0]?\d{5,6}(?!\d)")

_ALIASES = {
    "http://hl7.no/fhir/namingsystem/fnr": FNR,
    "http://hl7.no/fhir/namingsystem/dnr": DNR,
    "http://hl7.no/fhir/namingsystem/fhnr": FHN,
    "http://hl7.no/fhir/namingsystem/fhn": FHN,
    "http://hl7.no/fhir/namingsystem/hpr": HPR,
    "http://hl7.no/fhir/namingsystem/dufn": DUF,
    "http://hl7.no/fhir/namingsystem/reshid": RESH,
    "http://hl7.no/fhir/namingsystem/herid": HER,
    "http://nhn.no/fhir/namingsystem/her-id": HER,
    "http://data.brreg.no/begrep/28155": ENH,
    # The older Kjernejournal examples write the organisation number under this OID.
    ROOT + "2.101": ENH,
}
_LETTERS = {"FNR": FNR, "DNR": DNR, "FHN": FHN, "HNR": HNR, "DUF": DUF, "HPR": HPR, "HER": HER,
            "ENH": ENH, "RSH": RESH}  # fmt: skip


class Series(StrEnum):
    """Who made a number: the register of real people, or one of the synthetic series."""

    ISSUED = "issued"
    TENOR = "Tenor (month + 80)"
    NHN = "NHN (month + 65)"
    DOLLY = "Dolly (month + 40)"


@dataclass(frozen=True, slots=True)
class PersonNumber:
    """What an 11-digit number says.

    Attributes:
        system: FHIR system of its kind.
        value: the digits.
        birth_date: None where the number carries none (FH-number, numbers of the 2032 rule).
        gender: ``male`` or ``female``; empty where the number carries none.
        series: real or synthetic.
        relaxed: valid only under the rule for the first check digit from 2032.
    """

    system: str
    value: str
    birth_date: dt.date | None
    gender: str
    series: Series
    relaxed: bool

    @property
    def synthetic(self) -> bool:
        """Whether the number can never belong to a person."""
        return self.series is not Series.ISSUED


def person_number(text: str, *, local: bool = False, relaxed_k1: bool = True) -> PersonNumber:
    """Read a national identity number, D-number, FH-number or H-number.

    Args:
        text: 11 digits; one blank after the sixth is allowed.
        local: the source says that it is a local H-number (month + 40 without being synthetic).
        relaxed_k1: accept the first check digit by the rule from 2032 as well.

    Raises:
        ValueError: not 11 digits, an impossible date, or wrong check digits; the message says
            which and never shows the number.
    """
    digits = text.strip()
    if len(digits) > _SHORTEST:
        digits = re.sub(r"(?<=^\d{6})[ \u00a0]", "", digits)
    if not (len(digits) == _SHORTEST and digits.isascii() and digits.isdigit()):
        raise ValueError("not 11 digits")
    numbers = list(map(int, digits))
    strict, relaxed = _check_digits(numbers)
    if not strict and not (relaxed and relaxed_k1):
        raise ValueError("the check digits are wrong")
    if numbers[0] >= 8:
        return PersonNumber(FHN, digits, None, "", Series.ISSUED, not strict)
    day, month, series = _day_month(numbers)
    system = DNR if numbers[0] >= 4 else FNR
    if local and series is Series.DOLLY:
        system, series = HNR, Series.ISSUED
    birth = _birth_date(day, month, int(digits[4:6]), int(digits[6:9]), guess_century=strict)
    # A birth date to come means a number of the rule from 2032, which tells neither.
    if not strict or birth > dt.date.today():  # noqa: DTZ011  (a day is enough)
        return PersonNumber(system, digits, None, "", series, not strict)
    gender = ("female", "male")[numbers[8] % 2]
    return PersonNumber(system, digits, birth, gender, series, relaxed=False)


def _day_month(numbers: Sequence[int]) -> tuple[int, int, Series]:
    day = numbers[0] * 10 + numbers[1] - (40 if numbers[0] >= 4 else 0)
    month = numbers[2] * 10 + numbers[3]
    for shift, series in ((80, Series.TENOR), (65, Series.NHN), (40, Series.DOLLY)):
        if month > shift:
            return day, month - shift, series
    return day, month, Series.ISSUED


def _birth_date(day: int, month: int, year: int, serial: int, *, guess_century: bool) -> dt.date:
    """The century follows from the serial; without it only the day itself can be judged."""
    if not guess_century:
        century = 2000
    elif serial < 500:
        century = 1900
    elif serial < 750 and year >= 54:
        century = 1800
    elif year < 40:
        century = 2000
    elif serial >= 900:
        century = 1900
    else:
        raise ValueError("no year belongs to the serial number")
    try:
        return dt.date(century + year, month, day)
    except ValueError:
        if not guess_century and (month, day) == (2, 29):
            return dt.date(2000, 2, 29)
        raise ValueError("the date in the number does not exist") from None


def _check_digits(numbers: Sequence[int]) -> tuple[bool, bool]:
    """Whether both digits hold under today's rule, and under the one from 2032."""
    first = sum(map(mul, _K1, numbers)) + numbers[9]
    second = sum(map(mul, _K2, numbers)) + numbers[10]
    if second % 11:
        return False, False
    return first % 11 == 0, first % 11 in (0, 1, 2, 3)


def valid_organisation_number(text: str) -> bool:
    """Return whether the text is a Norwegian organisation number (nine digits, modulus 11)."""
    if not re.fullmatch(r"[89][0-9]{8}", text):
        return False
    numbers = [int(digit) for digit in text]
    check = -sum(w * n for w, n in zip(_ORGANISATION, numbers, strict=False)) % 11
    return check == numbers[8]


def check(system: str, value: str) -> str:
    """Say what is wrong with an identifier; an empty text when nothing is, or no rule is known.

    Args:
        system: system URI in any known spelling.
        value: the identifier.
    """
    kind = normalise_system(system)
    if kind in (FNR, DNR, FHN, HNR):
        return _check_person(kind, value)
    if kind == ENH:
        # Test organisations (100…) are outside the series that the check digit guards.
        if not re.fullmatch(r"[0-9]{9}", value):
            return "an organisation number has 9 digits"
        if value[0] in "89" and not valid_organisation_number(value):
            return "the check digit of the organisation number is wrong"
        return ""
    if kind == HPR and not re.fullmatch(r"[0-9]{5,9}", value):
        return "an HPR number has up to 9 digits"
    if kind == DUF and not re.fullmatch(r"[0-9]{12}", value):
        return "a DUF number has 12 digits"
    return ""


def _check_person(kind: str, value: str) -> str:
    try:
        person_number(value, local=kind == HNR)
    except ValueError as error:
        return str(error)
    return ""


def kind_of(system: str, value: str) -> str:
    """Return the system that a person's number really belongs to, else the one that was given."""
    kind = normalise_system(system)
    if kind not in (FNR, DNR, FHN, HNR):
        return kind
    try:
        return person_number(value, local=kind == HNR).system
    except ValueError:
        return kind


@lru_cache(maxsize=1024)
def normalise_system(system: str) -> str:
    """Return the canonical system of an identifier; an unknown one stays as it is.

    Args:
        system: URI, OID with or without ``urn:oid:``, or the letters of list 8116 (``FNR``).
    """
    text = system.strip()
    if text.upper() in _LETTERS:
        return _LETTERS[text.upper()]
    if re.fullmatch(r"[0-2](\.\d+){3,}", text):
        text = f"urn:oid:{text}"
    text = re.sub(r"^urn:uid:", "urn:oid:", text)
    return _ALIASES.get(text.lower(), text)


def mask(text: str) -> str:
    """Hide every number that could be a person's (11 or 12 digits): the first two digits stay.

    >>> mask("patient 16858399649 is unknown")
    'patient 16********* is unknown'
    """
    if len(text) < _SHORTEST:
        return text
    return _LIKE_A_PERSON.sub(lambda match: match[1] + "*" * 9, text)
