"""Our FHIRPath and the written-out invariants, held against fhirpathpy."""

from __future__ import annotations

from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from ips.conformance import native
from ips.conformance.fhirpath.compiler import compile_expression
from ips.conformance.fhirpath.conditions import compile_test
from ips.conformance.fhirpath.functions import Unsupported
from ips.conformance.fhirpath.parser import FhirPathSyntaxError
from ips.conformance.fhirpath.values import Env
from ips.conformance.model import shipped
from tests.ips.conformance.documents import summary
from tests.ips.conformance.mutate import mutants

SAMPLE: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "a", "code": "1"}, {"system": "b", "code": "2"}], "text": "x"},
    "valueQuantity": {"value": 5, "unit": "mg"},
    "effectiveDateTime": "2026-01-31",
    "component": [{"code": {"coding": [{"system": "a", "code": "1"}]}}, {"code": {"text": "y"}}],
    "extension": [{"url": "https://example.org/e", "valueBoolean": True}],
    "note": [{"text": "one"}, {"text": "two"}],
}

EXPRESSIONS = """
status
code.coding.code
code.coding.where(system = 'a').code
code.coding.where(system = 'a').exists()
code.coding.exists(code = '3')
code.coding.all(code.exists())
code.coding.select(code).count()
component.code.coding.code
value.exists()
value is Quantity
value.value > 4
value.value <= 4
(value as Quantity).unit
value.ofType(string).empty()
note.text.first()
note.text.tail()
note.text | note.text
note.text.combine(note.text).count()
note.text.isDistinct()
note.text.first().length()
note.text.first().startsWith('o')
note.text.first().matches('^o')
note.text.first().substring(1)
note.text.first() & '!'
code.text in ('x' | 'y')
status = 'final' and note.exists()
status = 'draft' or note.empty().not()
status = 'draft' implies note.empty()
status = 'final' xor note.exists()
extension('https://example.org/e').exists()
component.where(code.text.exists()).count() = 1
component.code.where(coding.intersect(%resource.code.coding).exists()).empty()
iif(status = 'final', 'a', 'b')
{}
nothing.exists()
nothing = 'a'
1 + 2 * 3
-1 < 0
'a' != 'b'
"""


@pytest.mark.parametrize("expression", [e for e in EXPRESSIONS.splitlines() if e])
def test_the_same_answer_as_fhirpathpy(expression: str) -> None:
    theirs = fhirpathpy.evaluate(SAMPLE, expression, {"resource": SAMPLE}, models["r4"])
    env = Env(SAMPLE, SAMPLE, SAMPLE, this=[SAMPLE])
    ours = compile_expression(expression)([SAMPLE], env)
    assert [getattr(o, "value", o) for o in ours] == [getattr(t, "data", t) for t in theirs]


def test_every_published_invariant_is_understood() -> None:
    definitions = shipped().definitions.values()
    seen = {i.expression for d in definitions for i in d.invariants}
    assert len(seen) > 200
    for expression in seen:
        compile_test(expression)


def test_what_is_not_supplied_is_refused_when_it_is_compiled() -> None:
    with pytest.raises(Unsupported):
        compile_expression("aggregate($this + $total, 0)")
    for broken in ("a.", "a b", "where(", "'open", "a = = b"):
        with pytest.raises(FhirPathSyntaxError):
            compile_expression(broken)


def test_written_out_invariants_agree_with_fhirpath() -> None:
    rules = [
        (e, rule)
        for d in shipped().definitions.values()
        for e in {i.expression for i in d.invariants}
        if (rule := native.rule(e)) is not None
    ]
    rules = list(dict(rules).items())
    assert len(rules) >= 15
    documents = [d for _, d in mutants({"small": summary()}, 80, 1)]
    asked = 0
    for document in documents:
        focuses = [document, *document.get("entry", [])]
        focuses += [e["resource"] for e in document.get("entry", []) if "resource" in e]
        for focus in focuses:
            for expression, rule in rules:
                try:
                    answer = rule(focus)
                except (TypeError, AttributeError, KeyError):
                    continue
                if answer is not None:
                    asked += 1
                    holds = compile_test(expression)(focus, Env(focus, focus, focus)) is True
                    assert answer == holds, (expression, focus)
    assert asked > 1000
