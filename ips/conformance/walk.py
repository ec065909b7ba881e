"""Walks a resource along the definitions that apply to it and notes everything that breaks them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from data.results import Severity
from ips.conformance import elements, items, references, remarks
from ips.conformance.context import Document, Findings, Place, short
from ips.conformance.fast import Fast
from ips.conformance.fhirpath.values import Env, Typed
from ips.conformance.invariants import broken
from ips.conformance.items import Item
from ips.conformance.matching import matcher, nearly, of_type
from ips.conformance.model import PRIMITIVES, Definition, Json, Node, Type
from ips.conformance.refusal import refuses
from ips.conformance.remarks import Ways

MAX_DEPTH = 100
"""Deeper nesting is an attack or a mistake, not a document."""


class Walker:
    """Judges one document; `findings` fills up as it walks."""

    def __init__(self, document: Document, findings: Findings, fast: Fast | None = None) -> None:
        self.document = document
        self.findings = findings
        self.depth = 0
        self.fast = fast
        self.ways: Ways | None = None
        """Where to look, once the quick checks have said that all else is clean."""

    # -- resources ---------------------------------------------------------------------------

    def resource(self, resource: Any, place: Place, profiles: tuple[str, ...] = ()) -> None:
        """Judge a resource by the given profiles, those it claims, and those they impose."""
        if not isinstance(resource, dict):
            self.note("resource.type", "error", "a resource must be an object", place, "")
            return
        kind = resource.get("resourceType")
        base = self.document.package.type(kind) if isinstance(kind, str) else None
        if base is None or base.raw.get("kind") != "resource" or base.raw.get("abstract"):
            name = short(kind, 40)
            self.note("resource.type", "error", f"«{name}» is no FHIR R4 resource type", place, "")
            return
        inner = Place(
            place.path,
            resource,
            place.root if place.path.rpartition(".")[2].startswith("contained") else resource,
            self.document.full_urls.get(id(resource), place.base),
        )
        definitions = self.applicable(resource, base, profiles, inner)
        outer, self.ways = self.ways, None
        if self.fast is not None and resource is self.document.root:
            self.fast.expect(definitions)
            self.ways = self.fast.whole(definitions, resource)
        known = self.document.paths.get(id(resource)) == inner.path
        for definition in definitions:
            key = (id(resource), definition.url)
            if key in self.document.clean:
                continue
            if known and (key in self.document.walked or self._remarkable(key) is not None):
                self.findings.merge(self._alone(definition, resource, inner))
            else:
                self.definition(definition, resource, inner)
        self.ways = outer
        elements.whole_resource(self, resource, inner)

    def applicable(
        self, resource: Json, base: Definition, profiles: tuple[str, ...], place: Place
    ) -> list[Definition]:
        """Return the definitions that a resource is judged by; the base where there is no other."""
        found: dict[str, Definition] = {}
        for url in (*profiles, *elements.claimed(resource)):
            definition = self.document.package.definition(url)
            if definition is None:
                self.note(
                    "meta.profile.unknown",
                    "information",
                    f"the profile {short(url, 120)} is not at hand; the base of FHIR R4 is judged",
                    place,
                    url,
                    skip=True,
                )
            elif definition.type != base.type:
                what = f"{short(url, 120)} is a profile on {definition.type}, not on {base.type}"
                self.note("meta.profile.type", "error", what, place, url)
            else:
                self.with_imposed(definition, found)
        return list(found.values()) or [base]

    def with_imposed(self, definition: Definition, found: dict[str, Definition]) -> None:
        """Add a definition and whatever profiles it imposes."""
        if definition.url in found:
            return
        found[definition.url] = definition
        for url in definition.imposes:
            imposed = self.document.package.definition(url)
            if imposed is not None:
                self.with_imposed(imposed, found)

    def conforms(self, resource: Json, url: str, place: Place) -> bool:
        """Whether a resource meets a profile without error."""
        if (id(resource), url) in self.document.clean:
            return True
        return self.verdict(resource, url, place) is not False

    def verdict(self, resource: Json, url: str, place: Place) -> bool | None:
        """Judge a resource by a profile once; None when a required binding could not be judged."""
        definition = self.document.package.definition(url)
        if definition is None:
            return True
        if resource.get("resourceType") != definition.type:
            return definition.type in ("Resource", "DomainResource")
        if not definition.is_profile:
            return True
        key = (id(resource), definition.url)
        if key in self.document.clean:
            return True
        if key not in self.document.verdicts:
            if self.fast is not None and self.fast.first_look(key, resource):
                return True
            if key in self.document.verdicts:
                return self.document.verdicts[key]
            if refuses(definition, resource, self):
                self.document.verdicts[key] = False
            elif self.fast is None or not self.fast.clean_by(definition, resource):
                self._try(key, resource, definition, place)
        return self.document.verdicts[key]

    def _try(
        self, key: tuple[int, str], resource: Json, definition: Definition, place: Place
    ) -> None:
        """Walk a resource by a profile and what it imposes, and keep what was found."""
        self.document.verdicts[key] = True
        path = self.document.paths.get(id(resource), place.path)
        base = self.document.full_urls.get(id(resource), place.base)
        root = resource if id(resource) in self.document.paths else place.root
        every: dict[str, Definition] = {}
        self.with_imposed(definition, every)
        found = Findings()
        for one in every.values():
            found.merge(self._alone(one, resource, Place(path, resource, root, base)))
        sure = None if found.undecided else True
        self.document.verdicts[key] = False if found.errors else sure
        self.document.tried.add(key)

    def _alone(self, definition: Definition, resource: Json, place: Place) -> Findings:
        """Return what is found in a resource by one definition; it is walked once."""
        key = (id(resource), definition.url)
        found = self.document.walked.get(key)
        if found is None:
            trial = Walker(self.document, Findings(), self.fast)
            trial.depth = self.depth
            trial.ways = self._remarkable(key)
            if key not in self.document.clean:
                trial.definition(definition, resource, place)
            found = trial.findings
            if id(resource) in self.document.paths:
                self.document.walked[key] = found
        return found

    def _remarkable(self, key: tuple[int, str]) -> Ways | None:
        """Return what leads to something to tell, where a resource breaks nothing of a profile."""
        return self.fast.remarkable.get(key) if self.fast is not None else None

    def definition(self, definition: Definition, value: Any, place: Place) -> None:
        """Judge a value by the root of a definition."""
        self.rules(definition.root, value, place)
        self.object(definition.root, value, place)

    # -- objects and their children ------------------------------------------------------------

    def object(self, node: Node, value: Json, place: Place) -> None:
        """Judge an object by the children of a node."""
        if self.depth > MAX_DEPTH:
            what = f"nested more than {MAX_DEPTH} deep"
            self.note("structure.depth", "error", what, place, node.source)
            return
        if self.ways is not None:
            remarks.tell(self, node, value, place, self.ways)
            return
        self.depth += 1
        groups: dict[int, tuple[Node, list[Item]]] = {}
        keys: Iterable[str] = value
        lacking = None
        if self.fast is not None:
            keys, lacking = self.fast.doubtful(node, value, place)
        for key in keys:
            name = key[1:] if key.startswith("_") else key
            found = node.by_key.get(name)
            if found is None:
                items.unknown(self, node, key, place)
            elif key is name or name not in value:
                child, kind = found
                group = groups.setdefault(id(child), (child, []))
                group[1].extend(items.of_property(self, child, kind, name, value, place))
        if lacking is None:
            lacking = [child for child in node.required if id(child) not in groups]
        for child in lacking:
            groups[id(child)] = (child, [])
        for child, repetitions in groups.values():
            self.repetitions(child, repetitions, place)
        self.depth -= 1

    def repetitions(self, node: Node, found: list[Item], place: Place) -> None:
        """Judge how often an element stands, which slices it fills, and each repetition."""
        elements.cardinality(self, node, len(found), place)
        if node.slicing is None or not node.slices:
            for item in found:
                self.item(node, item, place)
            return
        find = matcher(node, self)
        counts: dict[int, int] = {}
        unmatched = []
        for item in found:
            matched = find(item[0], item[2], place, self)
            for one in matched:
                counts[id(one)] = counts.get(id(one), 0) + 1
            if not matched:
                unmatched.append(item)
            if len(matched) != 1:
                self._slices_of(node, matched, place.at(item[3]))
            for one in matched or [node]:
                self.item(one, item, place)
        for one in node.slices:
            count = counts.get(id(one), 0)
            if count < one.min:
                self._explain(node, one, unmatched, place)
            if count or one.min:
                elements.cardinality(self, one, count, place)
        for item in unmatched:
            self._nearly(node, item, place)

    def item(self, node: Node, item: Item, place: Place) -> None:
        """Judge one repetition, given with the place of the object that it stands in."""
        value, beside, kind, step = item
        clean = self.fast is not None and beside is None and value is not None
        if not (clean and self.fast and self.fast.clean_value(node, value, kind, place)):
            self.value(node, value, beside, kind, place.at(step))

    def _slices_of(self, node: Node, matched: list[Node], place: Place) -> None:
        if len(matched) > 1:
            names = ", ".join(s.slice for s in matched)
            what = f"fits more than one slice: {names}"
            self.note(f"{node.id}.slices", "error", what, place, node.source)
        if not matched and node.slicing is not None and node.slicing.rules == "closed":
            what = "fits no slice, and no other content is allowed"
            self.note(f"{node.id}.slices", "error", what, place, node.source)

    def _explain(self, parent: Node, node: Node, unmatched: list[Item], place: Place) -> None:
        """A mandatory entry is missing: say what the one of its type lacks to be it."""
        for item in unmatched:
            if any(one is node for one in of_type(parent, item[0])):
                self.item(node, item, place)

    def _nearly(self, node: Node, item: Item, place: Place) -> None:
        """Warn about an entry that lacks something to be what its type alone can be here."""
        candidate = nearly(node, item[0])
        if candidate is None:
            return
        resource = candidate.child("resource")
        trial = Walker(self.document, Findings(), self.fast)
        if resource is not None:
            at = place.at(item[3])
            trial.value(resource, item[0]["resource"], None, resource.types[0], at)
        reasons = [r.message for r in trial.findings.results if r.severity is Severity.ERROR]
        if reasons:
            name = resource.types[0].profiles[0].rsplit("/", 1)[-1] if resource else node.name
            more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
            what = f"does not meet {name}, which entries of its type are for: {reasons[0]}{more}"
            at = place.at(item[3])
            self.note(f"{node.id}.near-miss", "warning", what, at, candidate.source)

    # -- values --------------------------------------------------------------------------------

    def value(self, node: Node, value: Any, beside: Any, kind: Type, place: Place) -> None:
        """Judge one repetition of an element."""
        known = node.type_by_code.get(kind.code)
        if known is not None:
            kind = known
        elif len(node.types) == 1:
            kind = node.types[0]
        if kind.code in PRIMITIVES:
            elements.primitive(self, node, value, beside, kind, place)
            return
        definition = self.document.package.type(kind.code)
        if definition is not None and definition.raw.get("kind") == "resource":
            elements.right_resource(self, node, value, kind, place)
            self.resource(value, place, kind.profiles)
        elif not isinstance(value, dict) or not value:
            what = f"{node.name} must be an object with content"
            self.note(f"{node.id}.type", "error", what, place, node.source)
        else:
            self.complex(node, value, kind, place)

    def complex(self, node: Node, value: Json, kind: Type, place: Place) -> None:
        """Judge a value of a complex type."""
        self.rules(node, value, place, kind.code if node.name.endswith("[x]") else "")
        for root in self.content_roots(node, kind):
            if root is not node:
                self.rules(root, value, place)
            self.object(root, value, place)
        base = self.type_rules(node, kind)
        if base is not None:
            self.rules(base, value, place)
        check = elements.BY_TYPE.get(kind.code)
        if check is not None:
            check(self, node, value, place)
        if kind.code == "Reference":
            references.check(self, node, value, place)

    def content_roots(self, node: Node, kind: Type) -> list[Node]:
        """Return the nodes whose children say what may stand in a value."""
        if node.content_of:
            target = node.definition.by_path.get(node.content_of)
            return [target] if target is not None else []
        found = [node] if node.children else []
        for url in kind.profiles:
            definition = self.document.package.definition(url)
            if definition is not None:
                found.append(definition.root)
        if not found:
            definition = self.document.package.type(kind.code)
            found = [definition.root] if definition is not None else []
        return found

    def type_rules(self, node: Node, kind: Type) -> Node | None:
        """Return the root of a data type whose rules hold beside the element's own children."""
        if not node.children or kind.code in ("BackboneElement", "Element"):
            return None
        definition = self.document.package.type(kind.code)
        return definition.root if definition is not None and definition.root.invariants else None

    def rules(self, node: Node, value: Any, place: Place, type_: str = "") -> None:
        """Judge fixed and pattern values, bindings and invariants of a node."""
        if self.ways is not None:
            if id(value) in self.ways:
                elements.bindings(self, node, value, place)
            return
        plain = self.fast is not None and not type_ and type(value) is dict
        if plain and self.fast and self.fast.holds(node, value, place):
            return
        elements.constants(self, node, value, place)
        elements.bindings(self, node, value, place)
        if node.invariants:
            env = self.env(place)
            subject = Typed(value, type_) if type_ else value
            for invariant in broken(node.invariants, subject, env):
                self.note(
                    invariant.key,
                    invariant.severity,
                    invariant.human,
                    place,
                    f"{invariant.source or node.definition.url}#{node.id}",
                )

    def env(self, place: Place) -> Env:
        """Return what invariants at a place can see."""

        def resolve(reference: str, _resource: Any) -> Any:
            return self.document.resolve(reference, place)

        return Env(
            resource=place.resource,
            root=place.root,
            resolve=resolve,
            member_of=self.document.terminology.member_of,
            conforms=lambda value, url: (
                self.conforms(value, url, place) if isinstance(value, dict) else None
            ),
        )

    def note(
        self, rule: str, severity: str, message: str, place: Place, source: str, skip: bool = False
    ) -> None:
        """Note a finding; `skip` says that something could not be judged."""
        elements.note(self.findings, rule, severity, message, place, source, skip)
