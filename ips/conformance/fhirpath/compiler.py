"""Compiles a FHIRPath tree into closures: `f(items, env) -> items`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ips.conformance.fhirpath.functions import FUNCTIONS, LAZY, Unsupported, truth
from ips.conformance.fhirpath.operators import OPERATORS
from ips.conformance.fhirpath.parser import Tree, parse
from ips.conformance.fhirpath.values import Env, Items, Typed, is_type, member

Closure = Callable[[Items, Env], Items]


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Closure:
    """Compile an expression; the same text is compiled once.

    Raises:
        FhirPathSyntaxError: not FHIRPath.
        Unsupported: a function that is not known here.
    """
    return compile_tree(parse(text))


def holds(expression: Closure, value: Any, env: Env) -> bool:
    """Whether an invariant holds for a value; an empty answer counts as no (as in HL7's own)."""
    env.context = value
    env.this = [value]
    return truth(expression([value], env)) is True


def compile_tree(tree: Tree) -> Closure:
    """Compile a tree that is already parsed."""
    kind = tree[0]
    if kind == "op":
        return _operator(tree[1], tree[2], tree[3])
    if kind == "step":
        return _step(tree[1], tree[2])
    return _LEAVES[kind](tree)


def _literal(tree: Tree) -> Closure:
    items = [tree[1]]
    return lambda _focus, _env: items


def _empty(_tree: Tree) -> Closure:
    return lambda _focus, _env: []


def _special(tree: Tree) -> Closure:
    if tree[1] == "this":
        return lambda _focus, env: env.this
    if tree[1] == "index":
        return lambda _focus, env: [env.index]
    raise Unsupported(f"${tree[1]}")


def _variable(tree: Tree) -> Closure:
    name = tree[1]
    if name == "resource":
        return lambda _focus, env: [env.resource]
    if name == "rootResource":
        return lambda _focus, env: [env.root]
    if name == "context":
        return lambda _focus, env: [env.context]
    fixed = {"ucum": "http://unitsofmeasure.org", "sct": "http://snomed.info/sct"}
    fixed["loinc"] = "http://loinc.org"
    if name in fixed:
        return _literal(("literal", fixed[name]))
    raise Unsupported(f"%{name}")


def _member(tree: Tree) -> Closure:
    name = tree[1]

    def run(focus: Items, _env: Env) -> Items:
        if len(focus) == 1:
            item = focus[0]
            if type(item) is dict:
                found = item.get(name)
                if found is not None and type(found) is not list:
                    return [found]
            return list(member(item, name))
        return [found for item in focus for found in member(item, name)]

    return run


def _index(tree: Tree) -> Closure:
    base, position = compile_tree(tree[1]), compile_tree(tree[2])

    def run(focus: Items, env: Env) -> Items:
        at = position(focus, env)[0]
        return base(focus, env)[at : at + 1]

    return run


def _sign(tree: Tree) -> Closure:
    inner = compile_tree(tree[2])
    factor = -1 if tree[1] == "-" else 1
    return lambda focus, env: [factor * item for item in inner(focus, env)]


def _is(tree: Tree) -> Closure:
    inner, name = compile_tree(tree[1]), tree[2]

    def run(focus: Items, env: Env) -> Items:
        items = inner(focus, env)
        return [is_type(items[0], name)] if items else []

    return run


def _as(tree: Tree) -> Closure:
    inner, name = compile_tree(tree[1]), tree[2]
    return lambda focus, env: [i for i in inner(focus, env) if is_type(i, name)]


def _call(tree: Tree) -> Closure:
    name, arguments = tree[1], tree[2]
    if name in ("is", "as", "ofType"):
        type_name = _type_argument(arguments)
        if name == "is":
            return lambda focus, _env: [is_type(focus[0], type_name)] if focus else []
        return lambda focus, _env: [i for i in focus if is_type(i, type_name)]
    if name in LAZY:
        return LAZY[name]([compile_tree(a) for a in arguments])
    if name not in FUNCTIONS:
        raise Unsupported(f"{name}()")
    function = FUNCTIONS[name]
    compiled = [compile_tree(a) for a in arguments]
    if not compiled:
        return function

    def run(focus: Items, env: Env) -> Items:
        return function(focus, env, *[a(env.this, env) for a in compiled])

    return run


def _type_argument(arguments: list[Tree]) -> str:
    tree = arguments[0]
    while tree[0] == "step":
        tree = tree[2]
    return str(tree[1])


def _step(left: Tree, right: Tree) -> Closure:
    first, second = compile_tree(left), compile_tree(right)
    if right[0] == "call" and right[1] == "extension" and left[0] in ("member", "step"):
        return _primitive_extension(left, first, second)
    return lambda focus, env: second(first(focus, env), env)


def _primitive_extension(left: Tree, first: Closure, second: Closure) -> Closure:
    """Extensions of a primitive stand beside it in JSON, under its name with an underscore."""
    last = left if left[0] == "member" else left[2]
    if last[0] != "member":
        return lambda focus, env: second(first(focus, env), env)
    before = compile_tree(left[1]) if left[0] == "step" else None
    shadow = "_" + last[1]

    def run(focus: Items, env: Env) -> Items:
        parents = before(focus, env) if before else focus
        beside = [found for parent in parents for found in member(parent, shadow)]
        return second(first(focus, env) + beside, env)

    return run


def _operator(name: str, left: Tree, right: Tree) -> Closure:
    first, second = compile_tree(left), compile_tree(right)
    if name in ("and", "or", "implies", "xor"):
        return _logic(name, first, second)
    operation = OPERATORS.get(name)
    if operation is None:
        raise Unsupported(name)
    return lambda focus, env: operation(first(focus, env), second(focus, env))


def _logic(name: str, first: Closure, second: Closure) -> Closure:
    """Three-valued logic that does not look at the right side when the left one decides."""

    def run_and(focus: Items, env: Env) -> Items:
        a = truth(first(focus, env))
        if a is False:
            return [False]
        b = truth(second(focus, env))
        if b is False:
            return [False]
        return [True] if a and b else []

    def run_or(focus: Items, env: Env) -> Items:
        a = truth(first(focus, env))
        if a:
            return [True]
        b = truth(second(focus, env))
        if b:
            return [True]
        return [False] if a is False and b is False else []

    def run_implies(focus: Items, env: Env) -> Items:
        a = truth(first(focus, env))
        if a is False:
            return [True]
        b = truth(second(focus, env))
        if b:
            return [True]
        return [False] if a and b is False else []

    def run_xor(focus: Items, env: Env) -> Items:
        a, b = truth(first(focus, env)), truth(second(focus, env))
        return [] if a is None or b is None else [a != b]

    return {"and": run_and, "or": run_or, "implies": run_implies, "xor": run_xor}[name]


_LEAVES: dict[str, Callable[[Tree], Closure]] = {
    "literal": _literal,
    "empty": _empty,
    "special": _special,
    "variable": _variable,
    "member": _member,
    "index": _index,
    "sign": _sign,
    "is": _is,
    "as": _as,
    "call": _call,
}

__all__ = ["Closure", "Env", "Typed", "Unsupported", "compile_expression", "holds"]
