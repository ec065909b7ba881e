"""The values that FHIRPath runs over: plain JSON, and a wrapper where the type must be known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Items = list[Any]

DATE = re.compile(r"^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$")


CHOICES = frozenset(
    [
        "Base64Binary",
        "Boolean",
        "Canonical",
        "Code",
        "Date",
        "DateTime",
        "Decimal",
        "Id",
        "Instant",
        "Integer",
        "Markdown",
        "Oid",
        "PositiveInt",
        "String",
        "Time",
        "UnsignedInt",
        "Uri",
        "Url",
        "Uuid",
        "Address",
        "Age",
        "Annotation",
        "Attachment",
        "CodeableConcept",
        "Coding",
        "ContactPoint",
        "Count",
        "Distance",
        "Duration",
        "HumanName",
        "Identifier",
        "Money",
        "Period",
        "Quantity",
        "Range",
        "Ratio",
        "Reference",
        "SampledData",
        "Signature",
        "Timing",
        "ContactDetail",
        "Contributor",
        "DataRequirement",
        "Expression",
        "ParameterDefinition",
        "RelatedArtifact",
        "TriggerDefinition",
        "UsageContext",
        "Dosage",
        "Meta",
    ]
)
"""What may follow the stem of a choice element; ``periodUnit`` is no choice of ``period``."""


class Typed:
    """A value whose FHIR type is known from the name of its element (valueQuantity)."""

    __slots__ = ("type", "value")

    def __init__(self, value: Any, type_: str) -> None:
        self.value = value
        self.type = type_


@dataclass(slots=True)
class Env:
    """What an expression can see beside its focus.

    Attributes:
        resource: ``%resource``, the resource that the element stands in.
        root: ``%rootResource``, the outermost one around a contained resource.
        context: ``%context``, the element itself.
        resolve: finds the target of a reference.
        member_of: whether a code is in a value set; None when that cannot be decided.
        conforms: whether a resource conforms to a profile.
    """

    resource: Any
    root: Any
    context: Any = None
    resolve: Callable[[str, Any], Any] = lambda _reference, _resource: None
    member_of: Callable[[Any, str], bool | None] = lambda _value, _canonical: None
    conforms: Callable[[Any, str], bool | None] = lambda _value, _canonical: None
    this: Items = field(default_factory=list)
    index: int = 0


def plain(item: Any) -> Any:
    """Return the JSON value behind an item."""
    return item.value if type(item) is Typed else item


def capital(name: str) -> str:
    """Return a type name as it stands in the name of a choice element."""
    return name[0].upper() + name[1:]


def member(item: Any, name: str) -> Iterator[Any]:
    """Yield the children of an item with a name; a choice element goes by its short name."""
    value = item.value if type(item) is Typed else item
    if type(value) is not dict:
        return
    found = value.get(name)
    if found is None:
        if name == "resourceType":
            return
        shadow = value.get("_" + name)
        if shadow is not None:
            yield from (shadow if type(shadow) is list else (shadow,))
            return
        if value.get("resourceType") == name:
            yield item
            return
        yield from _choice(value, name)
    elif type(found) is list:
        if None in found:
            shadows = value.get("_" + name) or []
            for at, entry in enumerate(found):
                other = shadows[at] if entry is None and at < len(shadows) else entry
                if other is not None:
                    yield other
        else:
            yield from found
    else:
        yield found


def _choice(value: dict[str, Any], name: str) -> Iterator[Any]:
    size = len(name)
    for key, entry in value.items():
        bare = key[1:] if key[:1] == "_" else key
        if bare[:size] == name and bare[size:] in CHOICES:
            if key is not bare and bare in value:
                continue
            kind = bare[size:]
            typed = kind if isinstance(entry, dict) else kind[0].lower() + kind[1:]
            for one in entry if type(entry) is list else (entry,):
                yield Typed(one, typed)


def children(item: Any) -> Iterator[Any]:
    """Yield all children of an item."""
    value = plain(item)
    if isinstance(value, dict):
        for key, entry in value.items():
            if key == "resourceType":
                continue
            if isinstance(entry, list):
                yield from (e for e in entry if e is not None)
            else:
                yield entry


def descendants(item: Any) -> Iterator[Any]:
    """Yield everything below an item."""
    for child in children(item):
        yield child
        yield from descendants(child)


def type_of(item: Any) -> str:
    """Return the FHIR type of an item as far as it shows."""
    if type(item) is Typed:
        return str(item.type)
    if isinstance(item, dict):
        return str(item.get("resourceType", "Element"))
    if isinstance(item, bool):
        return "boolean"
    if isinstance(item, int):
        return "integer"
    if isinstance(item, float):
        return "decimal"
    return "string"


def is_type(item: Any, name: str) -> bool:
    """Whether an item is of a type; FHIRPath's System types go by their FHIR names."""
    actual = type_of(item)
    wanted = (
        name if name[0].isupper() and isinstance(plain(item), dict) else name[0].lower() + name[1:]
    )
    if actual in (name, wanted):
        return True
    if name in ("Resource", "DomainResource"):
        return isinstance(item, dict) and "resourceType" in item
    text = ("string", "uri", "url", "canonical", "code", "id", "markdown", "oid", "uuid")
    return type(item) is not Typed and actual == "string" and wanted in text


def compare(left: Any, right: Any) -> int | None:
    """Order two values: negative, zero, positive, or None where FHIRPath says empty."""
    a, b = plain(left), plain(right)
    if isinstance(a, dict) and isinstance(b, dict):
        return _compare_quantities(a, b)
    if isinstance(a, str) and isinstance(b, str):
        if DATE.match(a) and DATE.match(b):
            return _compare_dates(a, b)
        return (a > b) - (a < b)
    if isinstance(a, int | float) and isinstance(b, int | float):
        return (a > b) - (a < b)
    return None


def _compare_quantities(a: dict[str, Any], b: dict[str, Any]) -> int | None:
    if "value" not in a or "value" not in b:
        return None
    unit = [(q.get("system"), q.get("code")) if "code" in q else q.get("unit") for q in (a, b)]
    if unit[0] != unit[1]:
        return None
    return compare(a["value"], b["value"])


def _compare_dates(a: str, b: str) -> int | None:
    """Compare part by part: different precision with equal parts cannot be ordered."""
    if "T" in a and "T" in b:
        from datetime import datetime

        try:
            x, y = datetime.fromisoformat(a), datetime.fromisoformat(b)
        except ValueError:
            return None
        if (x.tzinfo is None) == (y.tzinfo is None):
            return (x > y) - (x < y)
        return None
    x_day, y_day = a.split("T")[0].split("-"), b.split("T")[0].split("-")
    for left, right in zip(x_day, y_day, strict=False):
        if left != right:
            return (left > right) - (left < right)
    return 0 if len(x_day) == len(y_day) and ("T" in a) == ("T" in b) else None


def same(left: Any, right: Any) -> bool:
    """Equality of two items."""
    a, b = plain(left), plain(right)
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    return bool(a == b)
