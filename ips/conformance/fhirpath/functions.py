"""The functions of FHIRPath that occur in published invariants."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ips.conformance.fhirpath.operators import OPERATORS
from ips.conformance.fhirpath.values import (
    Env,
    Items,
    children,
    descendants,
    member,
    plain,
    same,
)

Closure = Callable[[Items, Env], Items]
Function = Callable[..., Items]


class Unsupported(ValueError):
    """The expression uses something that is not supplied here."""


def truth(items: Items) -> bool | None:
    """Return a collection as a truth value: empty is unknown, a value that is no boolean true."""
    if not items:
        return None
    if len(items) == 1 and isinstance(plain(items[0]), bool):
        return bool(plain(items[0]))
    return True


def _text(items: Items) -> str | None:
    value = plain(items[0]) if items else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _on_text(function: Callable[..., Any]) -> Function:
    """Lift a function of strings; an empty input or argument gives an empty answer."""

    def run(focus: Items, _env: Env, *arguments: Items) -> Items:
        text = _text(focus)
        if text is None or any(not a for a in arguments):
            return []
        answer = function(text, *[plain(a[0]) for a in arguments])
        return [] if answer is None else [answer]

    return run


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace(r"\p{L}", r"[^\W\d_]"))


def _substring(text: str, start: int, length: int | None = None) -> str | None:
    if start < 0 or start >= len(text):
        return None
    return text[start:] if length is None else text[start : start + length]


def _to_integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else None


def _to_decimal(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else None


def _distinct(focus: Items, _env: Env) -> Items:
    return OPERATORS["|"](focus, [])


def _is_distinct(focus: Items, _env: Env) -> Items:
    try:
        return [len({plain(i) for i in focus}) == len(focus)]
    except TypeError:
        return [len(_distinct(focus, _env)) == len(focus)]


def _extension(focus: Items, _env: Env, url: Items) -> Items:
    return [
        extension
        for item in focus
        for extension in member(item, "extension")
        if isinstance(extension, dict) and extension.get("url") == url[0]
    ]


def _resolve(focus: Items, env: Env) -> Items:
    found = []
    for item in focus:
        value = plain(item)
        reference = value.get("reference") if isinstance(value, dict) else value
        target = env.resolve(reference, env.resource) if isinstance(reference, str) else None
        if target is not None:
            found.append(target)
    return found


def _member_of(focus: Items, env: Env, canonical: Items) -> Items:
    if not focus:
        return []
    answer = env.member_of(plain(focus[0]), canonical[0])
    # What cannot be decided here must not look like a violation.
    return [True if answer is None else answer]


def _conforms_to(focus: Items, env: Env, canonical: Items) -> Items:
    if not focus:
        return []
    answer = env.conforms(plain(focus[0]), canonical[0])
    return [True if answer is None else answer]


def _has_value(focus: Items, _env: Env) -> Items:
    return [len(focus) == 1 and not isinstance(plain(focus[0]), dict | list)]


def _intersect(focus: Items, _env: Env, other: Items) -> Items:
    return [i for i in _distinct(focus, _env) if any(same(i, o) for o in other)]


def _quantified(test: Callable[[list[bool]], bool]) -> Function:
    return lambda focus, _env: [test([truth([i]) is True for i in focus])]


FUNCTIONS: dict[str, Function] = {
    "empty": lambda focus, _env: [not focus],
    "not": lambda focus, _env: [] if truth(focus) is None else [not truth(focus)],
    "count": lambda focus, _env: [len(focus)],
    "first": lambda focus, _env: focus[:1],
    "last": lambda focus, _env: focus[-1:],
    "tail": lambda focus, _env: focus[1:],
    "skip": lambda focus, _env, number: focus[number[0] :],
    "take": lambda focus, _env, number: focus[: number[0]],
    "single": lambda focus, _env: focus[:1],
    "children": lambda focus, _env: [c for item in focus for c in children(item)],
    "descendants": lambda focus, _env: [d for item in focus for d in descendants(item)],
    "distinct": _distinct,
    "isDistinct": _is_distinct,
    "union": lambda focus, _env, other: OPERATORS["|"](focus, other),
    "combine": lambda focus, _env, other: focus + other,
    "intersect": _intersect,
    "exclude": lambda focus, _env, other: [i for i in focus if not any(same(i, o) for o in other)],
    "subsetOf": lambda focus, _env, other: [all(any(same(i, o) for o in other) for i in focus)],
    "supersetOf": lambda focus, _env, other: [all(any(same(o, i) for i in focus) for o in other)],
    "allTrue": _quantified(all),
    "anyTrue": _quantified(any),
    "allFalse": lambda focus, _env: [all(truth([i]) is False for i in focus)],
    "anyFalse": lambda focus, _env: [any(truth([i]) is False for i in focus)],
    "hasValue": _has_value,
    "getValue": lambda focus, _env: [i for i in focus if not isinstance(plain(i), dict)],
    "extension": _extension,
    "hasExtension": lambda focus, env, url: [bool(_extension(focus, env, url))],
    "resolve": _resolve,
    "memberOf": _member_of,
    "conformsTo": _conforms_to,
    "trace": lambda focus, _env, *_arguments: focus,
    "toString": _on_text(lambda text: text),
    "toInteger": _on_text(_to_integer),
    "toDecimal": _on_text(_to_decimal),
    "length": _on_text(len),
    "startsWith": _on_text(lambda text, part: text.startswith(part)),
    "endsWith": _on_text(lambda text, part: text.endswith(part)),
    "contains": _on_text(lambda text, part: part in text),
    "indexOf": _on_text(lambda text, part: text.find(part)),
    "matches": _on_text(lambda text, pattern: _pattern(pattern).search(text) is not None),
    "replace": _on_text(lambda text, old, new: text.replace(old, new)),
    "replaceMatches": _on_text(lambda text, pattern, new: _pattern(pattern).sub(new, text)),
    "substring": _on_text(_substring),
    "upper": _on_text(str.upper),
    "lower": _on_text(str.lower),
    "trim": _on_text(str.strip),
}


def _each(focus: Items, env: Env, criterion: Closure) -> list[bool]:
    """Evaluate a criterion on every item, with $this and $index set."""
    outer, position = env.this, env.index
    answers = []
    for at, item in enumerate(focus):
        env.this, env.index = [item], at
        answers.append(truth(criterion(env.this, env)) is True)
    env.this, env.index = outer, position
    return answers


def _where(arguments: list[Closure]) -> Closure:
    criterion = arguments[0]
    return lambda focus, env: [
        item for item, kept in zip(focus, _each(focus, env, criterion), strict=True) if kept
    ]


def _exists(arguments: list[Closure]) -> Closure:
    if not arguments:
        return lambda focus, _env: [bool(focus)]
    criterion = arguments[0]
    return lambda focus, env: [any(_each(focus, env, criterion))]


def _all(arguments: list[Closure]) -> Closure:
    criterion = arguments[0]
    return lambda focus, env: [all(_each(focus, env, criterion))]


def _select(arguments: list[Closure]) -> Closure:
    projection = arguments[0]

    def run(focus: Items, env: Env) -> Items:
        outer, position = env.this, env.index
        found: Items = []
        for at, item in enumerate(focus):
            env.this, env.index = [item], at
            found.extend(projection(env.this, env))
        env.this, env.index = outer, position
        return found

    return run


def _repeat(arguments: list[Closure]) -> Closure:
    select = _select(arguments)

    def run(focus: Items, env: Env) -> Items:
        found: Items = []
        fresh = select(focus, env)
        while fresh:
            fresh = [i for i in fresh if not any(i is seen for seen in found)]
            found.extend(fresh)
            fresh = select(fresh, env)
        return found

    return run


def _iif(arguments: list[Closure]) -> Closure:
    def run(focus: Items, env: Env) -> Items:
        if truth(arguments[0](focus, env)) is True:
            return arguments[1](focus, env)
        return arguments[2](focus, env) if len(arguments) > 2 else []

    return run


LAZY: dict[str, Callable[[list[Closure]], Closure]] = {
    "where": _where,
    "exists": _exists,
    "all": _all,
    "select": _select,
    "repeat": _repeat,
    "iif": _iif,
}
