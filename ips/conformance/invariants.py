"""Evaluates invariants; what our FHIRPath does not have goes to fhirpathpy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from ips.conformance import native
from ips.conformance.fhirpath.conditions import Test, compile_test
from ips.conformance.fhirpath.functions import Unsupported
from ips.conformance.fhirpath.parser import FhirPathSyntaxError, parse
from ips.conformance.fhirpath.values import CHOICES, Env, plain
from ips.conformance.model import Invariant


def broken(invariants: Iterable[Invariant], value: Any, env: Env) -> Iterator[Invariant]:
    """Yield the invariants that a value breaks."""
    for invariant in invariants:
        if not evaluator(invariant.expression)(value, env):
            yield invariant


@lru_cache(maxsize=4096)
def evaluator(expression: str) -> Callable[[Any, Env], bool]:
    """Return a function that says whether an expression holds."""
    try:
        test = compile_test(expression)
    except (Unsupported, FhirPathSyntaxError):
        return _other_engine(expression)

    quick = native.rule(expression)
    if quick is None:
        return _guarded(test)
    return _with_native(quick, test)


@lru_cache(maxsize=4096)
def glance(expression: str) -> Callable[[Any, Env], Any]:
    """Return a function that is true where an expression surely holds.

    Anything else, an exception as well, means that `evaluator` has to say.
    """
    try:
        test = compile_test(expression)
    except (Unsupported, FhirPathSyntaxError):
        return _other_engine(expression)
    quick = native.rule(expression)
    if quick is None:
        return test
    return lambda value, env: quick(value) or test(value, env)


def _guarded(test: Test) -> Callable[[Any, Env], bool]:
    """A value of the wrong shape breaks other rules, which tell it better."""

    def run(value: Any, env: Env) -> bool:
        try:
            return test(value, env) is True
        except (TypeError, AttributeError, KeyError, IndexError, ValueError):
            return True

    return run


def _with_native(quick: native.Rule, test: Test) -> Callable[[Any, Env], bool]:
    """Ask the written-out form first; it knows plain objects only."""

    full = _guarded(test)

    def run(value: Any, env: Env) -> bool:
        if type(value) is dict:
            try:
                answer = quick(value)
            except (AttributeError, TypeError, KeyError):
                answer = None
            if answer is not None:
                return answer
        return full(value, env)

    return run


Trigger = Callable[[Iterable[str]], bool]
"""Says of the properties of an object that an invariant speaks of none of them."""


@lru_cache(maxsize=4096)
def trigger(expression: str) -> Trigger | None:
    """Return a test for objects on which an invariant cannot be broken.

    An invariant that holds on an empty object can only be broken through one of the elements that
    it names. None where it must always be evaluated.
    """
    try:
        names = frozenset(_names(parse(expression)))
        if not names or not evaluator(expression)({}, Env({}, {})):
            return None
    except (FhirPathSyntaxError, Unsupported, KeyError):
        return None
    stems = tuple(names)
    exact = names | {n + c for n in names for c in CHOICES}
    exact |= {"_" + n for n in exact}
    return exact.isdisjoint if stems else None


_ANYTHING = frozenset({"children", "descendants", "hasValue", "extension", "htmlChecks"})


def _names(tree: Any) -> Iterator[str]:
    """Yield the element names in an expression; KeyError where it looks at everything."""
    if isinstance(tree, list):
        for part in tree:
            yield from _names(part)
        return
    if not isinstance(tree, tuple):
        return
    if tree[0] == "member":
        yield tree[1]
    elif (
        tree[0] == "special"
        or (tree[0] == "variable" and tree[1] != "resource")
        or (tree[0] == "call" and tree[1] in _ANYTHING - {"hasValue"})
    ):
        raise KeyError(tree[1])
    for part in tree[1:]:
        if isinstance(part, tuple | list):
            yield from _names(part)


def _other_engine(expression: str) -> Callable[[Any, Env], bool]:
    """Evaluate with fhirpathpy: complete, but too slow for every element of every document."""
    import fhirpathpy

    try:
        compiled = fhirpathpy.compile(expression)
    except Exception:  # the parser of the library raises bare exceptions
        return lambda _value, _env: True

    def run(value: Any, env: Env) -> bool:
        try:
            answer = compiled(plain(value), {"resource": env.resource, "rootResource": env.root})
        except Exception:  # a function that this library lacks as well: not judged
            return True
        return bool(answer) and answer[0] is not False

    return run
