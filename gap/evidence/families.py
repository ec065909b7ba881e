"""The rules that tests are made of, taken from the tables in which they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ips.cda.check.header import header_rows
from ips.cda.check.rules import Checked
from ips.cda.names import sections
from ips.conformance import obligations as profiles
from ips.prescription.check import DISPENSATION, REQUEST
from ips.summary.coverage import coverage
from ncp.audit import crosscheck
from ncp.model import PatientId
from ncp.scenarios.loading import shipped


@dataclass(frozen=True, slots=True)
class Member:
    """One test of a family; without texts it has those of the family."""

    id: str
    obligations: tuple[str, ...] = ()
    title_nb: str = ""
    title_en: str = ""


def _profiles() -> list[Member]:
    return [Member("*", _once(o for _, obligations in profiles.table() for o in obligations))]


def _annex_i() -> list[Member]:
    return [Member(str(r.element), (r.obligation,), r.name_nb, r.name_en) for r in coverage({})]


def _cda(kind: str) -> Callable[[], list[Member]]:
    """What the rules of a kind of CDA document bear on: its own, or the kind and the exchange."""

    def members() -> list[Member]:
        document = Checked(etree.Element("ClinicalDocument"), kind, 3)
        of_head = (o for r in header_rows() if kind in r.documents for o in r.obligations)
        of_body = (o for s in sections().values() for o in s.obligations)
        return [Member("*", _once((*document.bears_on, *of_head, *of_body)))]

    return members


def _prescription() -> list[Member]:
    return [Member("*", _once((*REQUEST, *DISPENSATION)))]


def _scenarios() -> list[Member]:
    return [Member(s.id, s.obligations, s.nb, s.en) for s in shipped()]


def _crosscheck() -> list[Member]:
    """Every comparison, asked without an audit message: it tells its keyword and obligations."""
    who = PatientId("1.2.3", "1")
    asked = [
        *crosscheck.authentication(etree.Element("Assertion"), None),
        *crosscheck.identification(who, None, None), *crosscheck.query(who, (), None, None),
        *crosscheck.retrieve(who, (), None, None), *crosscheck.dispensation(who, (), None, None),
        *crosscheck.discard(who, (), None, None),
    ]  # fmt: skip
    return [Member(r.id, r.obligations, title_en=r.message.partition(": ")[2]) for r in asked]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


FAMILIES: Mapping[str, Callable[[], Sequence[Member]]] = {
    "profiles": _profiles, "annex-i": _annex_i, "prescription": _prescription,
    "cda": _cda("ps"), "cda-ep": _cda("ep"), "cda-ed": _cda("ed"), "scenarios": _scenarios,
    "crosscheck": _crosscheck,
}  # fmt: skip
"""Where the rules of a test lie, by the word in ``data/evidence/tests.csv``."""
