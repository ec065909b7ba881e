"""One request to the portal: the desk it is for, the form, and how a page is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ips.words import harmless, plain
from ncp import tables
from ncp.model import PatientId
from ncp.portal.desk import Desk
from ncp.portal.guard import FILE
from ncp.portal.texts import Explained, Words, problem, refusal

HERE = Path(__file__).parent
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e"
                     "\u2066-\u2069]")  # fmt: skip
"""Control characters but tab and line ends, and signs of direction (Unicode UAX 9)."""
PARTS = ("start", "patient", "documents", "dispensations", "messages")


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        desk: the tester's.
        path: of the URL.
        values: parts of the path by name.
        form: fields of a form; those of the address for a page that is only looked at.
    """

    desk: Desk
    path: str
    values: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        """The texts in the tester's language."""
        return Words(self.desk.lang)

    def said(self, name: str) -> str:
        """Return a field of the form without blanks around it."""
        return self.form.get(name, "").strip()

    def page(self, name: str, part: str, status: int = 200, **values: Any) -> Response:
        """Return a page.

        Args:
            name: of its template.
            part: of the portal that it belongs to, one of `PARTS`.
            status: of HTTP.
            **values: for the template.
        """
        words = self.words
        content = _environment().get_template(f"{name}.html.j2").render(
            t=words, lang=self.desk.lang, desk=self.desk, part=part, parts_of_portal=PARTS,
            path=self.path,
            explain=lambda found: refusal(found, words), problem=problem,
            country_b=self.desk.settings.asking.code, **values,
        )  # fmt: skip
        return HTMLResponse(content, status)

    def missing(self) -> Response:
        """Return the page for what is not, or no longer, there."""
        gone = Explained(meaning=self.words("gone.what"), remedy=self.words("gone.remedy"))
        return self.page("problem", "", 404, problems=[gone])

    def broken(self) -> Response:
        """Return the page for a fault of the portal itself; the terminal says which."""
        told = Explained(meaning=self.words("broken.what"), remedy=self.words("broken.remedy"))
        return self.page("problem", "", 500, problems=[told])


Handler = Callable[[Call], Response]


def go(path: str) -> Response:
    """Return the way on after a form (a reload does not send it again)."""
    return RedirectResponse(path, 303)


def download(name: str, content: bytes, media_type: str) -> Response:
    """Return a file that is kept, not opened: nothing from abroad runs here."""
    return Response(content, media_type=media_type, headers={
        "Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": FILE,
    })  # fmt: skip


def short(content: bytes, most: int = 200_000) -> tuple[Markup, bool]:
    """Return the beginning of a message as text, and whether it was cut; no byte is hidden.

    What cannot be seen, or would turn a line round, is shown by its number.
    """
    text = content[:most].decode("utf-8", "backslashreplace")
    return escape(_UNSEEN.sub(_number, text)), len(content) > most


def shown(value: object) -> object:
    """Return a value as it may stand in a page: words in one line, without control characters."""
    return plain(value) if type(value) is str else value


def _number(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def date(text: str) -> str:
    """Return ``yyyyMMdd`` as a date of ISO 8601, as far as it is one."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= 8 else text


def number(patient: PatientId) -> str:
    """Return an identifier for people: the number with its assigning authority."""
    return f"{patient.extension} ({patient.root})"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=StrictUndefined, finalize=shown,
    )  # fmt: skip
    made.filters.update(short=short, date=date, number=number, harmless=harmless)
    made.globals["countries"] = tables.countries
    return made
