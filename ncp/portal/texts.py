"""What the portal says, in Norwegian and English (``data/exchange/portal-texts.csv``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from data.errors import Problem
from ips.words import harmless
from ncp import tables
from ncp.client.texts import meaning
from ncp.countries import rows
from ncp.model import Refusal, Weight


@cache
def texts() -> dict[str, dict[str, str]]:
    """Return the texts by key and language."""
    found = rows("exchange/portal-texts.csv", "key nb en source")
    return {row["key"]: {"nb": row["nb"], "en": row["en"]} for row in found}


@dataclass(frozen=True, slots=True)
class Words:
    """The texts in one language."""

    lang: str

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values put in.

        Raises:
            KeyError: there is no such text.
        """
        return texts()[key][self.lang].format(**values)

    def field(self, label: str, domain: str = "") -> str:
        """Return the name of a field: that of its assigning authority's number where it has one."""
        own = f"domain.{domain}"
        return self(own if own in texts() else f"field.{label}")

    def country(self, code: str) -> str:
        """Return the name of a country; its code where it is none of the exchange."""
        known = tables.countries().get(code)
        if known is None:
            return code
        return known.name_nb if self.lang == "nb" else known.name_en


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal or problem for people.

    Attributes:
        code: as it stands on the wire; empty for a problem of the line or the input.
        meaning: what it means.
        said: what country A said about it, in its own words (English).
        remedy: what the tester can do.
        reason, where, rule: further facts, where there are any.
        foreign: the meaning is in English whatever the language of the page is.
        error: an error, not a warning.
    """

    code: str = ""
    meaning: str = ""
    said: str = ""
    remedy: str = ""
    reason: str = ""
    where: str = ""
    rule: str = ""
    foreign: bool = False
    error: bool = True


def refusal(found: Refusal, words: Words) -> Explained:
    """Explain a refusal or warning of country A; numbers of people are masked in it."""
    what = meaning(found.code, words.lang)
    known = tables.reasons().get(found.reason)
    reason = harmless(found.reason)
    return Explained(
        harmless(found.code), what, harmless(found.text) if found.text != what else "",
        _remedy(found, words), f"{reason}: {known.meaning}" if known else reason,
        harmless(found.location),
        foreign=words.lang == "nb" and what == meaning(found.code, "en"),
        error=found.weight is Weight.ERROR,
    )  # fmt: skip


def problem(found: Problem) -> Explained:
    """Explain why the line or the input does not work."""
    return Explained("", harmless(found.what), "", harmless(found.remedy), "",
                     harmless(found.where), harmless(found.rule), foreign=True)  # fmt: skip


def _remedy(found: Refusal, words: Words) -> str:
    """Return what to do about a code: its own remedy, else that of its area."""
    bare = found.code.partition(":")[0].split(" ")[0] if found.code else ""
    known = tables.errors().get(bare)
    for key in (f"remedy.{bare}", f"remedy.area.{known.area}" if known else ""):
        if key in texts():
            return words(key)
    return words("remedy.unknown")
