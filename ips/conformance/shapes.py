"""The quick check of an object, made once for every set of properties that objects have.

Which properties there are decides most: which are unknown, which are missing, which choices are
doubled, which invariants have nothing to speak of. A document has few such shapes; all that is
left to do for an object of a known shape is to look at the values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ips.conformance.fhirpath.values import Env, capital
from ips.conformance.invariants import Trigger
from ips.conformance.model import PRIMITIVES, Node
from ips.conformance.quick import EACH, FORMS, Check, never
from ips.conformance.sharing import Demand


@dataclass(frozen=True, slots=True)
class Rule:
    """A demand on a whole value.

    Attributes:
        check: a check of the value, or of the value and what invariants see (`sees`).
        idle: says of the properties of an object that the rule has nothing to speak of.
    """

    check: Callable[..., Any]
    idle: Trigger | None = None
    sees: bool = False


Shape = tuple[str, ...]
TEXT = FORMS["string"]
MAX_SHAPES = 500
"""More shapes than this of one kind of object are made up."""


def anything(_value: Any) -> bool:
    """Pass a value that is judged elsewhere."""
    return True


Plan = Callable[[Any], bool]
"""The check of an object of one shape."""


class Children(Protocol):
    """Makes the checks of what stands in an object."""

    def element(self, demands: list[Demand]) -> Check:
        """Return the check of a property by all that is demanded of it."""
        ...

    def contained(self, value: Any) -> bool:
        """Leave what is contained to the walker; whether that can be put off."""
        ...

    def beside(self, nodes: list[Node]) -> Check:
        """Return the check of what stands beside a primitive."""
        ...


OBJECTS: WeakKeyDictionary[Check, tuple[Callable[[Shape], Plan | None], Callable[[Shape], Plan]]]
OBJECTS = WeakKeyDictionary()
"""How the checks of objects find a plan, and make one."""


def by_shape(roots: list[Node], rules: list[Rule], children: Children, env: Env) -> Check:
    """Return the check of an object.

    Args:
        roots: nodes that all say what may stand in the object.
        rules: checks of the object as a whole.
        children: makes the checks of its properties.
        env: what invariants see.
    """
    plans: dict[Shape, Plan] = {}

    def learn(shape: Shape) -> Plan:
        plan = _plan(roots, rules, children, shape, env)
        if len(plans) < MAX_SHAPES:
            plans[shape] = plan
        return plan

    def run(value: Any) -> bool:
        shape = tuple(value)
        return (plans.get(shape) or learn(shape))(value)

    OBJECTS[run] = plans.get, learn
    return run


def _plan(roots: list[Node], rules: list[Rule], children: Children, shape: Shape, env: Env) -> Plan:
    """Return what is left to check in objects of a shape."""
    if not shape or not all(type(key) is str for key in shape):
        return never
    if not all(_complete(root, shape) for root in roots):
        return never
    checks = []
    for key in shape:
        check = property_check(roots, key, children)
        if check is None:
            return never
        checks.append(check)
    awake = [r for r in rules if r.idle is None or not r.idle(shape)]
    wholes, seeing = [r.check for r in awake if not r.sees], [r.check for r in awake if r.sees]
    kinds, things = "", list[Any]()
    for check in checks:
        one = EACH.get(check)
        made = OBJECTS.get(one or check)
        things += [one or check] if made is None else made
        kinds += ("l" if one else "") + ("t" if check == TEXT else "o" if made else "c") + " "
    maker = _maker(kinds, len(wholes), len(seeing))
    plan: Plan = maker(*things, *wholes, *seeing, env)
    return plan


@lru_cache(maxsize=1024)
def _maker(kinds: str, wholes: int, seeing: int) -> Callable[..., Plan]:
    """Return what makes a plan: its calls written out, without a loop over them.

    Args:
        kinds: a word for every property. t is text, which is right if it can be printed and is
            not all space, and looked at closer if not; o an object, whose plan is asked without
            the way over its check; c anything else; with an l before it an array of these.
        wholes: how many rules look at the value.
        seeing: how many rules look at the value and at what invariants see.
    """
    words = kinds.split()
    names, lines = [], []
    for at, word in enumerate(words):
        value, space = f"v{at}", " " * 8
        if word[0] == "l":
            lines.append(f"{space}if type(v{at}) is not list or not v{at}: return False")
            lines.append(f"{space}for value{at} in v{at}:")
            value, space = f"value{at}", " " * 12
        if word[-1] == "o":
            names += [f"get{at}", f"learn{at}"]
            lines.append(f"{space}shape = tuple({value})")
            call = f"(get{at}(shape) or learn{at}(shape))({value})"
        else:
            names.append(f"c{at}")
            call = f"c{at}({value})"
        if word[-1] == "t":
            call = f"({value}.isprintable() and {value}.strip() or {call})"
        lines.append(f"{space}if not {call}: return False")
    names += [f"w{i}" for i in range(wholes)] + [f"s{i}" for i in range(seeing)]
    rules = [f"w{i}(value)" for i in range(wholes)]
    rules += [f"s{i}(value, env)" for i in range(seeing)]
    text = "\n".join(
        [
            f"def make({', '.join([*names, 'env'])}):",
            "    def run(value):",
            f"        {''.join(f'v{i},' for i in range(len(words)))} = value.values()",
            *lines,
            f"        return {' and '.join(rules) or True}",
            "    return run",
        ]
    )
    made: dict[str, Callable[..., Plan]] = {}
    known = {"__builtins__": {}, "tuple": tuple, "type": type, "list": list}
    exec(text, known, made)  # noqa: S102 - only names of our own go into the text
    return made["make"]


def _complete(root: Node, shape: Shape) -> bool:
    """Whether nothing mandatory is missing and no choice is made twice."""
    for child in root.required:
        if not child.name.endswith("[x]") and not {child.name, "_" + child.name} & set(shape):
            return False
    for child in root.children:
        if child.name.endswith("[x]"):
            stem = child.name[:-3]
            made = [stem + capital(t.code) for t in child.types]
            count = sum(name in shape or "_" + name in shape for name in made)
            mandatory = child.min or any(one.min for one in child.slices)
            if count > 1 or (mandatory and not count):
                return False
    return True


def property_check(roots: list[Node], key: str, children: Children) -> Check | None:
    """Return the check of a property; None where it may not stand here."""
    is_beside = key.startswith("_")
    found: list[Demand] = []
    for root in roots:
        if root is root.definition.root and root.definition.raw.get("kind") == "resource":
            if key == "resourceType":
                return anything
            if key == "contained":
                return children.contained
        demand = root.by_key.get(key[is_beside:])
        if demand is None or demand[0].max == 0:
            return None
        if is_beside and (demand[0].is_list or demand[1].code not in PRIMITIVES):
            return None
        found.append(demand)
    return children.beside([n for n, _ in found]) if is_beside else children.element(found)
