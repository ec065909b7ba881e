"""Filters that work without a server and without script: radio buttons that a style rule reads.

Where a browser does not know ``:has()`` the buttons are not shown, and every row is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button: the token of the rows that it leaves, its label, and how many they are."""

    token: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A group of radio buttons over the rows of one area of a page.

    Attributes:
        area: the id of the section whose rows are filtered.
        name: the group within the area.
        legend: what is chosen, in words.
        total: how many rows there are.
        choices: what can be chosen besides everything.
    """

    area: str
    name: str
    legend: str
    total: int
    choices: tuple[Choice, ...]


def filters(
    area: str, legends: Mapping[str, str], labels: Mapping[str, Mapping[str, str]],
    rows: Iterable[Iterable[str]],
) -> list[Filter]:  # fmt: skip
    """Return the filters of an area; one that could change nothing is left out.

    Args:
        area: the id of the section.
        legends: what each group chooses, by its name.
        labels: the words of the tokens of each group, in the order shown.
        rows: the tokens of each row.
    """
    all_rows = [frozenset(tokens) for tokens in rows]
    found = []
    for name, legend in legends.items():
        choices = tuple(
            Choice(token, label, count)
            for token, label in labels[name].items()
            if (count := sum(token in tokens for tokens in all_rows))
        )
        if any(choice.count < len(all_rows) for choice in choices):
            found.append(Filter(area, name, legend, len(all_rows), choices))
    return found
