"""What the writers of a document share: the bundle, the form, the ids, the losses."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.errors import InputError, Problem
from ips.cda.write.element import Element, add
from ips.cda.write.spoken import Spoken
from ips.identifiers import mask
from ips.loss import Fate, LossReport
from ips.summary.phrases import Speaker

Resource = dict[str, Any]

_ALWAYS = frozenset({"resourceType", "id", "meta", "text", "language", "subject", "patient",
                     "implicitRules", "contained"})  # fmt: skip
"""Elements that every entry has by being where it is."""


@dataclass
class Context:
    """One document being written.

    Attributes:
        form: ``pivot`` or ``friendly``.
        lang: language of names and narrative, ``nb`` or ``en``.
        speak: puts values into words of that language.
        patient: reference of the patient in the bundle.
        index: resources by full URL and by ``Type/id``.
        loss: what did not travel.
        seen: ids of the Python objects of the resources that an entry was made of.
        people: the persons and organisations that were written, by what tells them apart.
    """

    form: str
    lang: str
    speak: Speaker
    patient: str
    index: Mapping[str, Resource]
    loss: LossReport
    seen: set[int] = field(default_factory=set)
    urls: Mapping[int, str] = field(default_factory=dict)
    anchor: Anchor | None = None
    people: dict[tuple[int | str, ...], Element] = field(default_factory=dict)

    def resolve(self, reference: Any) -> Resource:
        """Return the resource that a Reference points to; an empty dict when it is not there."""
        url = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(url, str):
            return {}
        found = self.index.get(url) or self.index.get("/".join(url.split("/")[-2:])) or {}
        if found:
            self.seen.add(id(found))
        return found

    def is_patient(self, reference: Any) -> bool:
        """Return whether a Reference points to the patient."""
        found = self.resolve(reference)
        return found.get("resourceType") == "Patient"

    def note(
        self, element: str, value: Any, fate: Fate, reason: str = "", *,
        obligations: Iterable[str] = (), list_id: str = "",
    ) -> None:  # fmt: skip
        """Add to the loss report; numbers that could be a person's are masked."""
        self.loss.add(element, mask(brief(value)), fate, reason,
                      obligations=obligations, list_id=list_id)  # fmt: skip

    def account(
        self, path: str, element: Mapping[str, Any], coded: Iterable[str], text: Iterable[str] = (),
        *, obligations: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """Note the fate of every part of an element, so that none is dropped silently.

        Args:
            path: where the element stands (``AllergyIntolerance[2]``).
            element: the FHIR element.
            coded: names that were written as coded or typed content; codes note themselves.
            text: names whose content stands in the narrative only.
            obligations: ids of the catalogue.
        """
        exact, words = set(coded) | _ALWAYS, set(text)
        for name, value in element.items():
            bare = name.lstrip("_")
            if bare in exact:
                continue
            if bare in words:
                self.note(f"{path}.{bare}", value, Fate.AS_TEXT,
                          "The entry has no place for it; it stands in the narrative.",
                          obligations=obligations)  # fmt: skip
            else:
                self.note(f"{path}.{bare}", value, Fate.NOT_CARRIED,
                          "The MyHealth@EU entry has no place for it.",
                          obligations=obligations)  # fmt: skip


@dataclass(frozen=True)
class Anchor:
    """Where an entry stands in the narrative.

    Attributes:
        row: id of its row.
        cells: ids of its cells by column.
        obligations: what its section bears on.
        path: the entry in the source, for the loss report.
        said: the words of its cells by column.
    """

    row: str
    cells: Mapping[str, str]
    obligations: tuple[str, ...]
    path: str
    said: Mapping[str, Spoken] = field(default_factory=dict)

    def words(self, column: str, *wanted: str) -> str:
        """Return the ID of the first of these words that a cell has; else that of the cell."""
        spoken = self.said.get(column)
        found = (spoken.place(one) for one in wanted) if spoken else ()
        return next(filter(None, found), self.cells.get(column, self.row))

    def cell(self, *names: str) -> str:
        """Return the id of the first of these columns that the row has, else that of the row."""
        return next((self.cells[name] for name in names if name in self.cells), self.row)


def text(parent: Element, target: str) -> None:
    """Append the text of an entry: a pointer into the narrative."""
    add(add(parent, "text"), "reference", value=f"#{target}")


def entry_id(parent: Element, context: Context, resource: Resource, part: str = "") -> None:
    """Append the id of an entry: its UUID, or one that is made of its URL; then its own numbers."""
    url = context.urls.get(id(resource), str(resource.get("id", "")))
    bare = url.removeprefix("urn:uuid:")
    try:
        made = uuid.UUID(bare)
    except ValueError:
        made = uuid.uuid5(uuid.NAMESPACE_URL, bare)
    add(parent, "id", root=str(uuid.uuid5(made, part) if part else made))


def brief(value: Any, limit: int = 200) -> str:
    """Return a value as the loss report shows it: codes and words without structure."""
    return " ".join(_pieces(value, 0))[:limit]


def _pieces(value: Any, depth: int) -> list[str]:
    if depth > 6:
        return []
    if isinstance(value, dict):
        if "text" in value and isinstance(value["text"], str):
            return [value["text"]]
        if "code" in value and "system" in value and "value" not in value:
            return [f"{value.get('code')} {value.get('display', '')}".strip()]
        wanted = (key for key in value if key not in ("system", "id", "extension"))
        return [piece for key in wanted for piece in _pieces(value[key], depth + 1)]
    if isinstance(value, list):
        return [piece for one in value for piece in _pieces(one, depth + 1)]
    return [] if value is None else [str(value)]


def require(condition: bool, what: str, where: str, remedy: str) -> None:
    """Raise an error about the input unless a condition holds.

    Raises:
        InputError: it does not hold.
    """
    if not condition:
        raise InputError(Problem(what, where, remedy=remedy))
