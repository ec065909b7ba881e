"""The last look at a message: what no reader knew is named, so that nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ips.loss import Fate, Loss
from ips.sources.base import Reading, shortened
from ips.sources.element import Element

UNKNOWN = "Not known to this reader; the European document has no place for it."
_PERSONAL = ("/Patient", "/Sender", "/Utlending", "/Instituert", "/EkspAnm", "/Rekvirent")


def sweep(roots: Iterable[Element], reading: Reading, obligations: Iterable[str]) -> None:
    """Note every element with a value that no note of the loss report covers so far.

    Args:
        roots: the root of the file, and the roots inside its base64.
        reading: the notebook with the notes so far.
        obligations: ids of the catalogue for the new notes.
    """
    reading.loss.add_later(_missed, roots, tuple(obligations))


def _missed(
    roots: Iterable[Element], obligations: tuple[str, ...], notes: Sequence[Loss]
) -> Iterator[Loss]:
    noted = {note.element for note in notes}
    inside = {path.split("/Base64Container", 1)[0] for path in noted
              if "/Base64Container/" in path}  # fmt: skip
    found = [part for root in roots for part in _uncovered(root, noted)]
    for part in found:
        if part.name == "Base64Container" and part.path.rpartition("/")[0] in inside:
            continue
        words = [part.attributes.get(name) for name in ("V", "U", "DN")]
        shown = " ".join(w for w in (*words, part.value) if w)
        if any(personal in part.path for personal in _PERSONAL):
            shown = "(given)"
        yield Loss(part.path, shortened(shown), Fate.NOT_CARRIED, UNKNOWN, obligations)


def _uncovered(root: Element, noted: set[str]) -> list[Element]:
    """Return the elements with a value that neither have a note nor stand in one that has."""
    found = []
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.element is None or part.path in noted:
            continue
        known = part.attributes
        if part.value or (known and (known.get("V") or known.get("DN"))):
            found.append(part)
        parts = part.parts
        if parts:
            waiting += reversed(parts)
    return found
