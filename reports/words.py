"""An explanation of one cell in words, and the small phrases that several reports share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from data.loaders.assessments import Finding
from data.loaders.codes import label
from data.loaders.sources import Source, sources, split
from data.loaders.structure import acts
from gap.applicability import Kind, Verdict
from gap.explain import Explanation
from gap.roadmap import PlanVerdict
from gap.scoring import Figure
from reports.numbers import date, percent
from reports.texts import Texts


def labels(set_name: str, codes: Iterable[str], lang: str) -> str:
    """Return the words for several codes, separated by commas."""
    return ", ".join(label(set_name, code, lang) for code in codes)


def gates(figure: Figure, t: Texts) -> str:
    """Return how many gates of a group are not met and not assessed."""
    said = []
    for name, n in (("failed", figure.gates_failed), ("open", figure.gates_open)):
        if n:
            said.append(t(f"gate.{name}" if n == 1 else f"gate.{name}.many", n=n))
    return ", ".join(said) or t("gate.none")


def group_label(rollup: str, key: str, t: Texts, names: dict[str, str]) -> str:
    """Return the name of a group for people.

    Args:
        rollup: the roll-up, for example ``part`` or ``actor``.
        key: the group, for example ``II`` or ``MS``.
        t: the texts.
        names: system names by id.
    """
    if rollup == "national":
        return t("national")
    if rollup == "part":
        return part_label(key, t)
    if rollup == "role-category":
        role, category = key.split("|")
        words = f"{label('role', role, t.lang)}, {label('category', category, t.lang)}"
        return f"{words[0].upper()}{words[1:]} ({category})"
    if rollup == "category":
        return f"({key}) {label('category', key, t.lang)}"
    if rollup == "system":
        return names.get(key, key)
    if rollup == "date-group":
        return t(f"group.date.{key}")
    if rollup == "owner":
        return key
    set_name = {"actor": "actor", "scope": "scope", "reeif": "reeif", "role": "role",
                "region": "region"}[rollup]  # fmt: skip
    word = label(set_name, key, t.lang)
    return word[0].upper() + word[1:]


def part_label(key: str, t: Texts) -> str:
    """Return ``Kapittel II`` or ``Vedlegg II``."""
    if key.startswith("Annex "):
        return t("part.annex", id=key.removeprefix("Annex "))
    return t("part.chapter", id=key)


def source_line(finding: Finding, lang: str) -> str:
    """Return the titles of the sources of a finding and the places in them."""
    return f"{source_titles(finding.source, lang, finding.documents)} – {finding.section}"


def source_titles(cell: str, lang: str, own: Sequence[Source] = ()) -> str:
    """Return the titles of the sources of a cell, each once.

    Args:
        cell: ids of sources.
        lang: ``nb`` or ``en``.
        own: those that the register of the product does not have.
    """
    known = {**sources(), **{source.id: source for source in own}}
    return "; ".join(known[name].title(lang) for name in dict.fromkeys(split(cell)))


def finding_head(finding: Finding, t: Texts) -> str:
    """Return status, level, evidence grade, basis and date of a finding on one line."""
    values = {
        "status": label("status", finding.status, t.lang),
        "grade": label("grade", finding.grade, t.lang),
        "basis": label("basis", finding.basis, t.lang),
        "date": date(finding.date, t.lang),
    }
    if finding.level is None:
        return t("explain.finding.option", **values)
    return t("explain.finding", level=finding.level, **values)


def explanation(e: Explanation, t: Texts) -> list[str]:
    """Return the explanation of a cell as lines of text."""
    o, lang = e.obligation, t.lang
    lines = [
        t("explain.head", obligation=o.id, system=e.system.name(lang)),
        "",
        f"{t('explain.text')} ({o.ref}, {label('modality', o.modality, lang)}): "
        f"{o.text('obligation', lang)}",
    ]
    if o.text("remark", lang):
        lines.append(f"{t('explain.remark')}: {o.text('remark', lang)}")
    lines.append(f"{t('explain.proof')}: {o.text('evidence', lang)}")
    lines += ["", f"{t('explain.kind')}: {t(f'kind.{e.kind}', option=o.if_option)}"]
    if e.kind in (Kind.SCORED, Kind.OPTION, Kind.AWAITS_OPTION, Kind.NOT_APPLICABLE):
        lines += [f"{t('explain.why')}:", *(f"  {_verdict(v, t)}" for v in e.verdicts)]
    lines += _findings(e, t)
    lines += _worth(e, t)
    return lines


def _verdict(v: Verdict, t: Texts) -> str:
    mark = t("explain.holds") if v.holds else t("explain.fails")
    head = f"[{mark}] {t(f'condition.{v.condition}')}"
    if not v.asks:
        return f"{head}: {t('condition.any')}"
    asks = t("explain.asks", asks=labels(v.code_set, v.asks, t.lang))
    has = t("explain.has", has=labels(v.code_set, v.has, t.lang) or t("condition.nothing"))
    return f"{head}: {asks}; {has}"


def _findings(e: Explanation, t: Texts) -> list[str]:
    if not e.findings:
        return ["", t("explain.no_finding")] if e.kind is Kind.SCORED else []
    lines = ["", f"{t('explain.findings')}:"]
    if e.kind is Kind.NOT_APPLICABLE:
        lines.append(f"  {t('explain.supporting')}")
    for finding in e.findings:
        lines.append(f"  {finding_head(finding, t)}")
        if finding.categories:
            named = labels("category", finding.categories, t.lang)
            lines.append(f"    {t('explain.for_categories', categories=named)}")
        lines.append(f"    {finding.comment(t.lang)}")
        titles = source_titles(finding.source, t.lang, finding.documents)
        lines.append(f"    {t('explain.source', title=titles, section=finding.section)}")
        if finding.planned:
            verdict = t(f"plan.{e.plan_verdict or PlanVerdict.NO_PLAN}")
            lines.append(f"    {t('explain.plan', planned=finding.planned_date, verdict=verdict)}")
    return lines


def _worth(e: Explanation, t: Texts) -> list[str]:
    o, lang = e.obligation, t.lang
    lines = [""]
    if e.unit is not None and e.value is not None and e.open is not None:
        lines.append(
            t("explain.worth", value=_exact(e.value, lang), unit=_exact(e.unit, lang),
              open=_exact(e.open, lang))
        )  # fmt: skip
    if o.gate and e.kind is Kind.SCORED:
        lines.append(t("explain.gate", cap=percent(e.scheme.gate_cap, lang)))
    dates: dict[str, list[str]] = {}
    for due in e.due:
        dates.setdefault(date(due.date, lang), []).append(due.category)
    said = "; ".join(
        f"{day} ({', '.join(c for c in categories)})" if any(categories) else day
        for day, categories in dates.items()
    )
    lines += [t("explain.due", dates=said), t("due.eea")]
    if o.waits_for:
        named = "; ".join(f"{acts()[a]['basis']} {acts()[a][f'title_{lang}']}" for a in o.waits_for)
        lines.append(t("explain.waits", acts=named))
    lines.append(t("explain.inferred", fields=", ".join(o.inferred)))
    return lines


def _exact(value: float, lang: str) -> str:
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return shown.replace(".", ",") if lang == "nb" else shown
