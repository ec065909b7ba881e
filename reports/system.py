"""One system in words, with its history and what is our reading."""

from __future__ import annotations

from data.loaders.codes import label
from data.loaders.systems import System
from reports.texts import Texts
from reports.words import labels, source_titles


def facts(s: System, t: Texts) -> list[tuple[str, str]]:
    """Return what is known of a system as pairs of name and value; empty ones are left out."""
    lang = t.lang
    pairs = [
        (t("system.what"), s.description(lang)),
        (t("col.owner"), s.owner),
        (t("col.region"), label("region", s.region, lang)),
        (t("system.kind"), label("kind", s.kind, lang)),
        (t("condition.verb"), labels("verb", s.verbs, lang)),
        (t("col.categories"), labels("category", s.categories, lang)),
        (t("condition.serves"), labels("serves", s.serves, lang)),
        (t("condition.deployment"), labels("deployment", s.deployment, lang)),
        (t("system.ehr"), label("yesno", s.ehr_system, lang)),
        (t("group.actor"), labels("actor", s.actors, lang)),
        (t("group.scope"), labels("scope", s.scopes, lang)),
        (t("system.interfaces"), s.interfaces),
        (t("col.after"), ", ".join(s.depends_on)),
        (t("system.reasoning"), s.reasoning(lang)),
        (t("col.source"), source_titles(s.source, lang)),
        (t("col.section"), s.section),
        (t("system.inferred"), ", ".join(s.inferred)),
    ]
    return [(name, value) for name, value in pairs if value]


def lines(s: System, t: Texts) -> list[str]:
    """Return a system as lines of text."""
    said = [f"{s.id}  {s.name(t.lang)}", *(f"{name}: {value}" for name, value in facts(s, t))]
    if s.history:
        said.append(f"{t('system.history')}:")
        said += [
            f"  {h.date}  {label('system_status', h.status, t.lang)}: {h.what(t.lang)} "
            f"({source_titles(h.source, t.lang)}, {h.section})"
            for h in s.history
        ]
    return said
