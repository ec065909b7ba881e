"""Small obligations, systems and findings, so that a test says only what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from data.loaders.assessments import Assessment, Finding
from data.loaders.catalogue import Catalogue, Obligation
from data.loaders.systems import System
from gap.judgement import Judgement

DAY = dt.date(2026, 11, 22)
GROUP_1, GROUP_2 = dt.date(2029, 3, 26), dt.date(2031, 3, 26)
ALL = ("a", "b", "c", "d", "e", "f")

_STATUS = {0: "not-met", 1: "partial", 2: "partial", 3: "met"}


def obligation(ident: str = "E03.1", **fields: Any) -> Obligation:
    """Return a duty on EHR systems without conditions beyond scope and actor."""
    base: dict[str, Any] = {
        "id": ident, "ref": "Art 3(1)", "actors": ("MAN",), "modality": "S", "scopes": ("EHR",),
        "categories": (), "roles": (), "verbs_any": (), "serves_any": (), "deployment_any": (),
        "ehr_only": False, "if_option": "", "title_en": f"Title {ident}",
        "title_nb": f"Tittel {ident}", "obligation_en": "It shall", "obligation_nb": "Det skal",
        "evidence_en": "test", "evidence_nb": "prøve", "evidence_kinds": ("test",),
        "threshold": "", "date_rule": "TG", "eu_date": GROUP_1, "eu_date_group_2": GROUP_2,
        "eu_date_in_house": None, "eea_date": None, "national_date": None, "waits_for": (),
        "depends_on": (), "xtehr": (), "gate": False, "weight": 1, "reeif": "application",
        "norwegian_law": "", "normen": "", "text_version": "OJ", "verified_on": None,
        "inferred": (), "remark_en": "", "remark_nb": "", "part": "II", "where": "test:1",
    }  # fmt: skip
    return Obligation(**{**base, **fields})


def system(ident: str = "one", **fields: Any) -> System:
    """Return an EHR system on the market that does everything with every category."""
    base: dict[str, Any] = {
        "id": ident, "name_nb": f"System {ident}", "name_en": f"The system {ident}",
        "kind": "product", "owner": "Eier", "region": "national",
        "verbs": ("store", "intermediate", "export", "import", "convert", "edit", "view"),
        "categories": ALL, "serves": ("citizens", "professionals", "systems"),
        "deployment": ("market",), "ehr_system": "yes", "actors": ("MAN",), "scopes": ("EHR",),
        "interfaces": "", "depends_on": (), "description_nb": "", "description_en": "",
        "reasoning_nb": "", "reasoning_en": "", "source": "ref-norway", "section": "1",
        "inferred": (), "history": (),
    }  # fmt: skip
    return System(**{**base, **fields})


def finding(
    on: str, level: int | None = 3, categories: str = "", *, of: str = "one", **fields: Any
) -> Finding:
    """Return a finding on an obligation; the status follows from the level."""
    base: dict[str, Any] = {
        "system": of, "obligation": on, "categories": tuple(categories.split()),
        "status": "used" if level is None else _STATUS[level], "level": level,
        "grade": "documented", "basis": "stated", "source": "ref-norway", "section": "1",
        "date": dt.date(2026, 11, 1), "planned_date": "", "comment_nb": "Fordi",
        "comment_en": "Because", "assessment": "test", "where": "test:1",
    }  # fmt: skip
    return Finding(**{**base, **fields})


def judge(
    obligations: Sequence[Obligation],
    systems: Sequence[System],
    findings: Iterable[Finding] = (),
    *,
    as_of: dt.date = DAY,
    name: str = "test",
) -> Judgement:
    """Return the judgement of a small catalogue, some systems and some findings."""
    catalogue = Catalogue("test", "2025-03-05", {o.id: o for o in obligations})
    assessment = Assessment(
        id=name, title_nb="Prøve", title_en="Trial", as_of=as_of, catalogue_edition="test",
        assessor="Prøven", note_nb="Merknad", note_en="Note", extends="", findings=tuple(findings),
    )  # fmt: skip
    return Judgement(catalogue, {s.id: s for s in systems}, assessment, as_of)
