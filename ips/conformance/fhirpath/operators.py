"""The operators of FHIRPath that take whole collections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.conformance.fhirpath.values import Items, compare, plain, same


def _equal(a: Items, b: Items) -> Items:
    if not a or not b:
        return []
    if len(a) != len(b):
        return [False]
    return [all(same(x, y) for x, y in zip(a, b, strict=True))]


def _unequal(a: Items, b: Items) -> Items:
    answer = _equal(a, b)
    return [not answer[0]] if answer else []


def _equivalent(a: Items, b: Items) -> Items:
    if len(a) != len(b):
        return [False]
    rest = [_folded(y) for y in b]
    for item in a:
        if _folded(item) not in rest:
            return [False]
        rest.remove(_folded(item))
    return [True]


def _folded(item: Any) -> Any:
    value = plain(item)
    return " ".join(value.lower().split()) if isinstance(value, str) else value


def _ordered(test: Callable[[int], bool]) -> Callable[[Items, Items], Items]:
    def run(a: Items, b: Items) -> Items:
        if not a or not b:
            return []
        order = compare(a[0], b[0])
        return [] if order is None else [test(order)]

    return run


def _union(a: Items, b: Items) -> Items:
    result: Items = []
    for item in (*a, *b):
        if not any(same(item, seen) for seen in result):
            result.append(item)
    return result


def _in(a: Items, b: Items) -> Items:
    return [any(same(a[0], item) for item in b)] if a else []


def _contains(a: Items, b: Items) -> Items:
    return _in(b, a)


def _join(a: Items, b: Items) -> Items:
    return ["".join(str(plain(side[0])) for side in (a, b) if side)]


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[[Items, Items], Items]:
    def run(a: Items, b: Items) -> Items:
        if not a or not b:
            return []
        try:
            return [operation(plain(a[0]), plain(b[0]))]
        except (TypeError, ZeroDivisionError):
            return []

    return run


OPERATORS: dict[str, Callable[[Items, Items], Items]] = {
    "=": _equal,
    "!=": _unequal,
    "~": _equivalent,
    "!~": lambda a, b: [not _equivalent(a, b)[0]],
    "<": _ordered(lambda order: order < 0),
    ">": _ordered(lambda order: order > 0),
    "<=": _ordered(lambda order: order <= 0),
    ">=": _ordered(lambda order: order >= 0),
    "|": _union,
    "in": _in,
    "contains": _contains,
    "&": _join,
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "div": _arithmetic(lambda a, b: int(a / b)),
    "mod": _arithmetic(lambda a, b: a % b),
}
