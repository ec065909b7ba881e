"""Invariants as plain tests: the usual «this or that exists» without building collections."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ips.conformance.fhirpath.compiler import compile_tree
from ips.conformance.fhirpath.functions import truth
from ips.conformance.fhirpath.parser import Tree, parse
from ips.conformance.fhirpath.values import CHOICES, Env

Test = Callable[[Any, Env], bool | None]


@lru_cache(maxsize=4096)
def compile_test(text: str) -> Test:
    """Compile an expression to a three-valued test of one value.

    Raises:
        FhirPathSyntaxError: not FHIRPath.
        Unsupported: a function that is not known here.
    """
    return _test(parse(text))


def _test(tree: Tree) -> Test:
    kind = tree[0]
    if kind == "op" and tree[1] in _LOGIC:
        return _LOGIC[tree[1]](_test(tree[2]), _test(tree[3]))
    if kind == "step" and tree[2] == ("call", "not", []):
        inner = _test(tree[1])

        def negated(value: Any, env: Env) -> bool | None:
            answer = inner(value, env)
            return None if answer is None else not answer

        return negated
    counted = kind == "step" and tree[2] in (("call", "exists", []), ("call", "empty", []))
    if counted and tree[1][0] == "member":
        return _presence(tree, tree[1][1], tree[2][1] == "exists")
    return _general(tree)


def _general(tree: Tree) -> Test:
    closure = compile_tree(tree)

    def run(value: Any, env: Env) -> bool | None:
        items = [value]
        env.this = items
        env.context = value
        return truth(closure(items, env))

    return run


def _presence(tree: Tree, name: str, wanted: bool) -> Test:
    """Return a test of whether an element is there, by the names that it can have in JSON."""
    absent = frozenset(
        {name, f"_{name}", *(name + c for c in CHOICES), f"{name}Resource"}
    ).isdisjoint
    general = _general(tree)

    def run(value: Any, env: Env) -> bool | None:
        if type(value) is dict:
            if absent(value):
                return not wanted
            found = value.get(name)
            if found:
                return wanted
        return general(value, env)

    return run


def _and(first: Test, second: Test) -> Test:
    def run(value: Any, env: Env) -> bool | None:
        a = first(value, env)
        if a is False:
            return False
        b = second(value, env)
        return False if b is False else (True if a and b else None)

    return run


def _or(first: Test, second: Test) -> Test:
    def run(value: Any, env: Env) -> bool | None:
        a = first(value, env)
        if a:
            return True
        b = second(value, env)
        return True if b else (False if a is False and b is False else None)

    return run


def _implies(first: Test, second: Test) -> Test:
    def run(value: Any, env: Env) -> bool | None:
        a = first(value, env)
        if a is False:
            return True
        b = second(value, env)
        return True if b else (False if a and b is False else None)

    return run


_LOGIC: dict[str, Callable[[Test, Test], Test]] = {"and": _and, "or": _or, "implies": _implies}
