"""The catalogue as an OSCAL 1.1 catalogue (NIST), for tools such as compliance-trestle."""

from __future__ import annotations

import uuid
from typing import Any

from data.loaders.catalogue import Catalogue, Obligation
from data.loaders.structure import parts

NAMESPACE = "https://github.com/ehds-norge/ns/oscal"
_UUIDS = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)


def catalogue_document(catalogue: Catalogue) -> dict[str, Any]:
    """Return the catalogue as OSCAL: one group a chapter or annex, one control an obligation.

    English is the statement, Norwegian an item of its own; what OSCAL has no field for travels as
    props in our namespace. Ids are stable: the same edition gives the same document.
    """
    groups = []
    for part, row in parts().items():
        controls = [_control(o) for o in catalogue.obligations.values() if o.part == part]
        if controls:
            groups.append(
                {
                    "id": f"part-{part.replace(' ', '-')}",
                    "title": row["title_en"],
                    "props": [_prop("title-nb", row["title_nb"])],
                    "controls": controls,
                }
            )
    return {
        "catalog": {
            "uuid": str(uuid.uuid5(_UUIDS, f"catalogue {catalogue.edition}")),
            "metadata": {
                "title": "Regulation (EU) 2025/327 on the European Health Data Space: obligations",
                "last-modified": f"{catalogue.law_date}T00:00:00+00:00",
                "version": catalogue.edition,
                "oscal-version": "1.1.3",
                "remarks": "Own wording of a gap analysis; the Official Journal is the law. "
                "Props named in «inferred» are proposals of the project.",
            },
            "groups": groups,
        }
    }


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": value}


def _control(o: Obligation) -> dict[str, Any]:
    single = {
        "label": o.id, "reference": o.ref, "modality": o.modality, "date-rule": o.date_rule,
        "eu-date": o.eu_date.isoformat(), "gate": "yes" if o.gate else "no",
        "weight": str(o.weight), "reeif": o.reeif, "if-option": o.if_option,
        "threshold": o.threshold, "title-nb": o.title_nb,
        "ehr-only": "yes" if o.ehr_only else "no",
        "eu-date-group-2": o.eu_date_group_2.isoformat() if o.eu_date_group_2 else "",
        "eu-date-in-house": o.eu_date_in_house.isoformat() if o.eu_date_in_house else "",
    }  # fmt: skip
    several = {
        "actor": o.actors, "scope": o.scopes, "category": o.categories, "role": o.roles,
        "verb": o.verbs_any, "serves": o.serves_any, "deployment": o.deployment_any,
        "waits-for": o.waits_for, "xt-ehr": o.xtehr, "inferred": o.inferred,
    }  # fmt: skip
    props = [_prop(name, value) for name, value in single.items() if value]
    props += [_prop(name, value) for name, values in several.items() for value in values]
    key = o.id.lower()
    statement = [
        ("statement", f"{key}_smt", o.obligation_en),
        ("statement-nb", f"{key}_smt-nb", o.obligation_nb),
        ("guidance", f"{key}_gdn", f"Evidence that would show it: {o.evidence_en}"),
        ("guidance-nb", f"{key}_gdn-nb", f"Dokumentasjon som ville vise det: {o.evidence_nb}"),
    ]  # fmt: skip
    if o.remark_en:
        statement.append(("remark", f"{key}_rmk", o.remark_en))
        statement.append(("remark-nb", f"{key}_rmk-nb", o.remark_nb))
    control: dict[str, Any] = {
        "id": o.id,
        "title": o.title_en,
        "props": props,
        "parts": [{"id": ident, "name": name, "prose": prose} for name, ident, prose in statement],
    }
    if o.depends_on:
        control["links"] = [{"href": f"#{target}", "rel": "required"} for target in o.depends_on]
    return control
