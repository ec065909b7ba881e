"""What country B says to its users, in Norwegian and English (``data/exchange/client-texts.csv``).

The meaning of an error code in English is that of ``ncp.tables.errors``; Norwegian is ours.
"""

from __future__ import annotations

from functools import cache

from ips.words import harmless
from ncp import tables
from ncp.countries import rows
from ncp.model import Refusal


@cache
def _texts() -> dict[str, dict[str, str]]:
    found = rows("exchange/client-texts.csv", "key nb en source")
    return {row["key"]: {"nb": row["nb"], "en": row["en"]} for row in found}


def text(key: str, lang: str, **values: object) -> str:
    """Return a text with its values put in.

    Raises:
        KeyError: there is no such text.
    """
    return _texts()[key][lang].format(**values)


def meaning(code: str, lang: str) -> str:
    """Return what an error code means; empty for one that is not known.

    Args:
        code: as it stands on the wire; text behind a colon or a blank is left out.
        lang: ``nb`` or ``en``; without a Norwegian text the English one.
    """
    bare = code.partition(":")[0].split(" ")[0] if code else ""
    said = _texts().get(f"error.{bare}")
    known = tables.errors().get(bare)
    if said and (lang == "nb" or known is None):
        return said[lang]
    return known.meaning if known else ""


def refusal_lines(refusal: Refusal, lang: str) -> list[str]:
    """Return a refusal for people: its code with what it means, and what country A said.

    Numbers of people are masked, and nothing of it steers a terminal.
    """
    what = meaning(refusal.code, lang)
    code = harmless(refusal.code)
    lines = [f"{code}: {what}" if what else code]
    if refusal.text and refusal.text != what:
        lines.append("  " + text("refusal.said", lang, text=harmless(refusal.text)))
    if refusal.reason:
        known = _texts().get(f"reason.{refusal.reason}")
        reason = harmless(refusal.reason)
        said = f"{reason} ({known[lang]})" if known else reason
        lines.append("  " + text("refusal.reason", lang, text=said))
    if refusal.location:
        lines.append("  " + text("refusal.where", lang, text=harmless(refusal.location)))
    return lines


__all__ = ["meaning", "refusal_lines", "text"]
