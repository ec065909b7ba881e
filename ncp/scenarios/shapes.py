"""What shape the values of a tester's TOML must have: told before anything is made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data.loaders.tables import Problems


def _text(value: object) -> bool:
    return isinstance(value, str)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _list_of(one: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(one, value))


def _span(value: object) -> bool:
    return _whole(value) or (_list_of(_whole)(value) and len(value) == 2)  # type: ignore[arg-type]


SHAPES: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "text": ('a text: "..."', _text),
    "texts": ('a list of texts: ["..."]', _list_of(_text)),
    "number": ("a number", _number),
    "numbers": ("a list of whole numbers: [1, 3]", _list_of(_whole)),
    "span": ("a whole number, or the least and the most: [1, 5]", _span),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "table": ("a table: {name = value}", lambda value: isinstance(value, dict)),
    "tables": ("a list of tables: [{name = value}]",
               _list_of(lambda value: isinstance(value, dict))),
}  # fmt: skip
"""By name: what it is for people, and whether a value has it."""


def shaped(
    raw: Mapping[str, Any], shapes: Mapping[str, str], where: str, problems: Problems
) -> bool:
    """Return whether the values of a table have their shapes; each that has not is a problem.

    Args:
        raw: the table.
        shapes: name of the shape by key; other keys are not looked at.
        where: file and place, for errors.
        problems: gets what is wrong.
    """
    wrong = [key for key, shape in shapes.items() if key in raw and not SHAPES[shape][1](raw[key])]
    for key in wrong:
        problems.add(f"«{key}» has another shape than it should", where,
                     remedy=f"write {SHAPES[shapes[key]][0]}")  # fmt: skip
    return not wrong


def words(shape: str, keys: str) -> dict[str, str]:
    """Return a shape for each of some keys, which are named with blanks between."""
    return dict.fromkeys(keys.split(), shape)
