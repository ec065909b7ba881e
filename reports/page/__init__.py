"""The page: one HTML file that works offline and without script, prints on A4, and is accessible.

It meets WCAG 2.1 AA as far as a static page can be tested; a content security policy in the file
itself forbids every fetch.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gap.analysis import Analysis
from reports.page.context import context
from reports.texts import Texts

_HERE = Path(__file__).parent


def render(analysis: Analysis, t: Texts) -> str:
    """Return the page of an analysis in the language of the texts."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (_HERE / "page.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        t=t, lang=t.lang, css=css, **context(analysis, t)
    )
