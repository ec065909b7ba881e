"""The quick checks of what an element demands of a value: constants, codes, invariants."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Any

import orjson

from ips.conformance import narrative
from ips.conformance.context import Document
from ips.conformance.elements import REMOVED_SYSTEM
from ips.conformance.fhirpath.values import Env, Typed
from ips.conformance.invariants import evaluator, glance, trigger
from ips.conformance.model import Invariant, Node
from ips.conformance.primitives import CHECKS
from ips.conformance.quick import FORMS, Check, all_of, coded_in, never, remembered
from ips.conformance.shapes import Rule
from ips.conformance.targets import References
from ips.conformance.values import matches_fixed, pattern_check

Rules = dict[Hashable, Rule]
"""Rules by what they demand: two profiles that demand the same have one rule."""


TYPED = re.compile(r"\$this|%context|\b(?:is|as|ofType|type|conformsTo|memberOf)\b")
"""What in an expression may ask for the type of the value, which JSON alone does not tell."""


class Demands(References):
    """Makes the checks of whole values; `env` is what invariants see."""

    def __init__(self) -> None:
        super().__init__()
        self.env = Env(None, None)

    def demand(self, node: Node, type_: str, rules: Rules) -> None:
        """Add what a node demands of a value of a complex type.

        Args:
            node: an element, or the root of a definition.
            type_: the FHIR type, where only the name of the element tells it (value[x]).
            rules: what is demanded already.
        """
        self._constants(node, rules)
        if node.binding or node.max_value_set:
            rules.setdefault(self._binding_key(node), Rule(self._bound(node)))
        self.invariants(node.invariants, type_, rules)

    def invariants(self, invariants: Iterable[Invariant], type_: str, rules: Rules) -> None:
        """Add invariants."""
        for invariant in invariants:
            key = (invariant.expression, type_)
            if key not in rules:
                rules[key] = self._rule(invariant.expression, type_)

    def _rule(self, expression: str, type_: str) -> Rule:
        env = self.env
        if type_ and (type_[0].islower() or TYPED.search(expression)):
            holds = evaluator(expression)
            return Rule(lambda value: holds(Typed(value, type_), env))
        return Rule(glance(expression), trigger(expression), sees=True)

    @staticmethod
    def _constants(node: Node, rules: Rules) -> None:
        if node.has_fixed:
            fixed = node.fixed
            rules[("fixed", orjson.dumps(fixed))] = Rule(lambda v: matches_fixed(v, fixed))
        if node.has_pattern:
            pattern = node.pattern
            key = ("pattern", orjson.dumps(pattern))
            rules[key] = Rule(pattern_check(pattern))

    # -- primitives ----------------------------------------------------------------------------

    def primitive(self, nodes: Iterable[Node], code: str) -> Check:
        """Return the check of a primitive by all elements that speak of it."""
        if code == "xhtml":
            return lambda value: not narrative.problems(value)
        rules: Rules = {}
        for node in nodes:
            self._primitive(node, code, rules)
        return all_of([rule.check for rule in rules.values()])

    def _primitive(self, node: Node, code: str, rules: Rules) -> None:
        codes = self._listed(node) if code == "code" else None
        if codes is not None:
            rules[self._binding_key(node)] = Rule(codes)
        else:
            if not node.has_fixed:
                rules["form"] = Rule(FORMS.get(code) or CHECKS[code])
            if node.binding or node.max_value_set:
                rules.setdefault(self._binding_key(node), Rule(self._bound(node)))
        self._constants(node, rules)
        if node.max_length is not None:
            limit = node.max_length
            rules[("length", limit)] = Rule(lambda value: len(value) <= limit)
        self.invariants(node.invariants, code, rules)

    # -- codes ---------------------------------------------------------------------------------

    @staticmethod
    def _binding_key(node: Node) -> Hashable:
        kinds = tuple(sorted(t.code for t in node.types))
        return ("binding", tuple(node.binding or ()), node.max_value_set, kinds, node.has_fixed)

    def _listed(self, node: Node) -> Check | None:
        """Return membership of a list of codes, where the value set is nothing but that."""
        if node.binding is None or node.binding[0] != "required" or node.max_value_set:
            return None
        value_set = self.document.terminology.value_set(node.binding[1])
        if value_set is None or set(value_set) != {"s"} or node.has_fixed:
            return None
        return frozenset(c for codes in value_set["s"].values() for c in codes).__contains__

    def _bound(self, node: Node) -> Check:
        """Return membership of the bound value sets.

        For an extensible one text without a code does, and what is not a member is remarked on;
        so is what cannot be judged.
        """
        wanted = [v for v in (node.binding[1] if node.binding else None, node.max_value_set) if v]
        extensible = node.binding is not None and node.binding[0] == "extensible"
        text_will_do = extensible and node.max_value_set is None
        terminology = self.document.terminology
        kinds = {t.code for t in node.types}
        if kinds == {"CodeableConcept"} and len(wanted) == 1:
            value_set = terminology.value_set(wanted[0]) or {}
            if set(value_set) == {"s"}:
                pairs = {(s, c) for s, codes in value_set["s"].items() for c in codes}
                return coded_in(pairs, text_will_do, self.remark if text_will_do else never)
        if kinds == {"code"}:
            return remembered(lambda code: all(terminology.has_code(v, code) for v in wanted))
        strict = frozenset(wanted[1:] if extensible else wanted)
        return self._member(wanted, strict, text_will_do)

    def _member(self, wanted: list[str], strict: frozenset[str], text_will_do: bool) -> Check:
        """Return membership of value sets; what is not in a strict one breaks a rule."""
        member_of, remark, doubt = self.document.terminology.member_of, self.remark, self.doubt

        def run(value: Any) -> bool:
            if type(value) is dict and "coding" not in value and "code" not in value:
                return text_will_do
            for canonical in wanted:
                answer = member_of(value, canonical)
                if answer is not True:
                    if canonical not in strict:
                        clean = remark(value)
                    else:
                        clean = answer is None and doubt(value)
                    if not clean:
                        return False
            return True

        return run

    def coding(self, value: Any) -> bool:
        """Whether a code is not known to be missing from its system."""
        system = value.get("system")
        if system is None or system == REMOVED_SYSTEM:
            return system is None
        codes = self.document.package.code_systems.get(system)
        if codes is not None:
            return "code" not in value or value["code"] in codes
        return "code" not in value or _may_exist(self.document, system, value["code"])


def _may_exist(document: Document, system: str, code: str) -> bool:
    return document.terminology.exists(system, code) is not False
