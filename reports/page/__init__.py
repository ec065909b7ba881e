"""The pages: HTML files that work offline and without script, print on A4, and are accessible.

One national page, one a region and one a system, linked both ways. They meet WCAG 2.1 AA as far
as a static page can be tested; a content security policy in each file forbids every fetch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gap.analysis import Analysis
from reports.page.context import common, context
from reports.page.index import Index
from reports.page.names import NATIONAL, SUMMARY, profile_file, region_file, system_file
from reports.page.region import region_context
from reports.page.system import system_context
from reports.texts import Texts

_HERE = Path(__file__).parent
OF_SYSTEMS = ("ehr-system", "ncp")
"""Profiles that are about one system."""


def render(analysis: Analysis, t: Texts) -> str:
    """Return the national page of an analysis in the language of the texts."""
    return _national(Index(analysis), t, {})


def pages(
    analysis: Analysis, t: Texts, profiles: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return every page of an analysis by its file name, the national one first.

    Args:
        analysis: what they show.
        t: the texts.
        profiles: titles of the profile pages beside them, by file name; they are linked.
    """
    index, beside = Index(analysis), profiles or {}
    shared = common(index, t)

    def about(*names: str) -> dict[str, str]:
        return {name: beside[name] for name in names if name in beside}

    found = {NATIONAL: _national(index, t, beside)}
    for code in index.regions:
        here = {"region": region_context(index, code, t), "home": NATIONAL,
                "profiles": about(profile_file("region", code))}  # fmt: skip
        found[region_file(code)] = _render("region.html.j2", t, {**shared, **here})
    for system in analysis.judgement.system_list:
        one = {"system": system_context(index, system, t), "home": NATIONAL,
               "profiles": about(*(profile_file(p, system.id) for p in OF_SYSTEMS))}  # fmt: skip
        found[system_file(system.id)] = _render("system.html.j2", t, {**shared, **one})
    return found


def _national(index: Index, t: Texts, profiles: Mapping[str, str]) -> str:
    about = {"home": "", "profiles": profiles}
    return _render("page.html.j2", t, {**common(index, t), **context(index, t), **about})


def _render(template: str, t: Texts, values: dict[str, Any]) -> str:
    return _environment().get_template(template).render(t=t, lang=t.lang, css=_css(), **values)


@cache
def _css() -> str:
    return (_HERE / "page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        system_file=system_file, region_file=region_file, national=NATIONAL, summary=SUMMARY
    )
    return made
