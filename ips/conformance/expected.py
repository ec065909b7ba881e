"""What the profiles of a bundle expect its entries to be, and which of that an entry may be.

A bundle of the IPS has a dozen kinds of Observation. Their codes tell most of them apart, so that
only the few that a code leaves open are looked at closer.
"""

from __future__ import annotations

from ips.conformance.context import Judge
from ips.conformance.model import Definition, Json, Node
from ips.conformance.refusal import Refusal, refusals

Coded = frozenset[tuple[str, str]]


class Choice:
    """The profiles that one bundle profile has for the resources of one type."""

    def __init__(self, definitions: list[Definition], judge: Judge) -> None:
        self.made: dict[str, list[Refusal]] = {d.url: refusals(d, judge) for d in definitions}
        self.open: list[str] = []
        self.by_code: dict[tuple[str, str], list[str]] = {}
        for definition in definitions:
            codes = _codes(definition.root.child("code"), judge)
            if codes is None:
                self.open.append(definition.url)
            for code in codes or ():
                self.by_code.setdefault(code, []).append(definition.url)

    def possible(self, resource: Json, judge: Judge) -> list[str]:
        """Return the profiles that nothing refuses; the verdict on the others is noted."""
        verdicts, identity = judge.document.verdicts, id(resource)
        left = self._by_code(resource)
        for url in self.made if len(left) < len(self.made) else ():
            if url not in left:
                verdicts.setdefault((identity, url), False)
        found = []
        for url in left:
            if _refused(self.made[url], resource, judge):
                verdicts.setdefault((identity, url), False)
            else:
                found.append(url)
        return found

    def _by_code(self, resource: Json) -> list[str]:
        """Return the profiles that the code of a resource does not rule out."""
        if not self.by_code:
            return self.open
        concept = resource.get("code")
        codings = concept.get("coding") if type(concept) is dict else None
        if type(codings) is not list:
            return list(self.made)
        found = list(self.open)
        for coding in codings:
            if type(coding) is not dict:
                return list(self.made)
            for url in self.by_code.get(
                (str(coding.get("system", "")), str(coding.get("code"))), ()
            ):
                if url not in found:
                    found.append(url)
        return found


def _refused(made: list[Refusal], resource: Json, judge: Judge) -> bool:
    try:
        for refusal in made:
            if refusal(resource, judge):
                return True
    except (TypeError, AttributeError):
        pass
    return False


def _codes(node: Node | None, judge: Judge) -> Coded | None:
    """Return the codings of which a resource must have one; None where more or less will do."""
    if node is None or node.is_list or not any(t.code == "CodeableConcept" for t in node.types):
        return None
    if node.has_pattern:
        codings = node.pattern.get("coding") if isinstance(node.pattern, dict) else None
        if not codings or len(codings) != 1 or set(codings[0]) != {"system", "code"}:
            return None
        return frozenset([(codings[0]["system"], codings[0]["code"])])
    if node.binding is None or node.binding[0] != "required":
        return None
    value_set = judge.document.terminology.value_set(node.binding[1])
    if value_set is None or set(value_set) != {"s"}:
        return None
    return frozenset((s, c) for s, codes in value_set["s"].items() for c in codes)


def expected(definitions: list[Definition], judge: Judge) -> dict[str, list[Choice]]:
    """Return what profiles of a bundle expect of its entries, by type of resource."""
    found: dict[str, list[Choice]] = {}
    for bundle in definitions:
        entry = bundle.root.child("entry")
        resources = [one.child("resource") for one in entry.slices] if entry is not None else []
        types = [t for resource in resources if resource is not None for t in resource.types]
        by_kind: dict[str, list[Definition]] = {}
        for url in dict.fromkeys(url for type_ in types for url in type_.profiles):
            one = judge.document.package.definition(url)
            if one is not None:
                by_kind.setdefault(one.type, []).append(one)
        for kind, profiles in by_kind.items():
            found.setdefault(kind, []).append(Choice(profiles, judge))
    return found
