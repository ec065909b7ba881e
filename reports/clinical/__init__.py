"""The summary as a page for a health professional abroad: offline, accessible, safe to open."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from ips.show import clean, view
from reports.clinical.narrative import safe_narrative

_HERE = Path(__file__).parent

TAGS = {"nb": "nb", "en": "en"}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["clean"] = clean
    return environment


@cache
def _style() -> tuple[Markup, str]:
    """Return the style sheet and the source expression that admits it and nothing else."""
    css = (_HERE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return Markup(css), f"'sha256-{digest}'"  # noqa: S704 - our own file


def page(bundle: dict[str, Any], lang: str = "en") -> str:
    """Return a document Bundle as one HTML file.

    The page holds no script and asks the browser to run none and to load nothing; every text of
    the document is escaped, and the sender's narrative is written anew from the few elements that
    cannot do harm.

    Args:
        bundle: as ``read_document`` gives it, ours or another country's.
        lang: language of headings and translations; the original text stands beside them.

    Raises:
        InputError: not a document with a Composition.
    """
    shown = view(bundle, lang)
    style, admitted = _style()
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            shown=shown,
            words=shown.speak.words,
            lang=TAGS[lang],
            original_lang=shown.speak.foreign,
            style=style,
            admitted=admitted,
            narratives=[safe_narrative(section.narrative) for section in shown.sections],
        )
    )
