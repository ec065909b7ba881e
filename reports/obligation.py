"""One obligation in words, with what is law and what is our inference kept apart."""

from __future__ import annotations

from data.loaders.catalogue import Obligation
from data.loaders.codes import label
from data.loaders.structure import acts, xtehr
from reports.numbers import date
from reports.texts import Texts
from reports.words import labels, part_label


def lines(o: Obligation, t: Texts) -> list[str]:
    """Return an obligation as lines of text."""
    lang = t.lang
    facts = [
        (t("col.ref"), f"{o.ref} ({part_label(o.part, t)})"),
        (t("col.modality"), f"{o.modality} – {label('modality', o.modality, lang)}"),
        (t("group.actor"), labels("actor", o.actors, lang)),
        (t("group.scope"), labels("scope", o.scopes, lang)),
        (t("col.categories"), labels("category", o.categories, lang)),
        (t("group.role"), labels("role", o.roles, lang)),
        (t("explain.text"), o.text("obligation", lang)),
        (t("explain.remark"), o.text("remark", lang)),
        (t("explain.proof"), o.text("evidence", lang)),
        (t("obligation.threshold"), o.threshold),
        (t("col.due"), dates(o, t)),
        (t("obligation.eea"), date(o.eea_date, lang) if o.eea_date else t("obligation.unknown")),
        (t("col.after"), ", ".join(o.depends_on)),
        (t("obligation.option"), o.if_option),
        (t("col.waits"), "; ".join(f"{acts()[a]['basis']} {acts()[a][f'title_{lang}']} "
                                   f"({label('act_status', acts()[a]['status'], lang)})"
                                   for a in o.waits_for)),
        ("Xt-EHR", ", ".join(f"{x} ({xtehr()[x]['strength']})" for x in o.xtehr)),
        (t("obligation.gate"), label("yesno", "yes" if o.gate else "no", lang)),
        (t("col.weight"), str(o.weight)),
        (t("group.reeif"), label("reeif", o.reeif, lang)),
        (t("obligation.law"), o.norwegian_law),
        ("Normen", o.normen),
        (t("obligation.version"), o.text_version),
        (t("obligation.inferred"), ", ".join(o.inferred)),
    ]  # fmt: skip
    return [f"{o.id}  {o.text('title', lang)}", *(f"{k}: {v}" for k, v in facts if v)]


def dates(o: Obligation, t: Texts) -> str:
    """Return the EU dates of a row: both groups, and the later one for in-house systems."""
    said = [date(o.eu_date, t.lang)]
    if o.eu_date_group_2:
        said = [t("obligation.group1", date=said[0]),
                t("obligation.group2", date=date(o.eu_date_group_2, t.lang))]  # fmt: skip
    if o.eu_date_in_house:
        said.append(t("obligation.in_house", date=date(o.eu_date_in_house, t.lang)))
    return "; ".join(said)
