"""The faults that can be asked for, and how one is asked for: ``name=value@operation*times``.

The table is ``data/exchange/faults.csv``; each row says which scenarios must notice the fault.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from data.errors import InputError, Problem, did_you_mean
from ncp.countries import rows
from ncp.model import Operation
from ncp.tables import errors

OPERATIONS = {
    "identify": Operation.IDENTIFY, "ps-list": Operation.PS_LIST,
    "ps-retrieve": Operation.PS_RETRIEVE, "ep-list": Operation.EP_LIST,
    "ep-retrieve": Operation.EP_RETRIEVE, "orcd-list": Operation.ORCD_LIST,
    "orcd-retrieve": Operation.ORCD_RETRIEVE, "dispense": Operation.DISPENSE,
    "discard": Operation.DISCARD,
}  # fmt: skip
_SPEC = re.compile(r"(?P<name>[a-z0-9.-]+)(=(?P<value>[^@*]*))?(@(?P<where>[a-z,-]+))?"
                   r"(\*(?P<times>[0-9]{1,6}))?")  # fmt: skip
_PLACED = ("refuse", "entries", "answer", "transport")
"""Stages at which the operation is known."""
_COLUMNS = "fault stage value default nb en proof noticed_by source"


@dataclass(frozen=True, slots=True)
class Known:
    """One row of the table.

    Attributes:
        stage: where it takes hold: ``refuse``, ``entries``, ``content``, ``answer``,
            ``transport``, ``assertion``, ``request``, ``point`` or ``store``.
        value: what a value is, for people; empty where it takes none.
        default: the value without one.
        proof: how it is asked for when it is shown that scenarios notice it.
        noticed_by: ids of the scenarios that fail then, and no other.
    """

    name: str
    stage: str
    value: str
    default: str
    nb: str
    en: str
    proof: str
    noticed_by: tuple[str, ...]
    source: str


@dataclass
class Fault:
    """A fault that is asked for.

    Attributes:
        known: what it is.
        value: as asked for, or the default.
        where: operations; empty for all.
        left: how many times more it strikes; None without end.
    """

    known: Known
    value: str = ""
    where: frozenset[Operation] = frozenset()
    left: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def name(self) -> str:
        """Its name in the table."""
        return self.known.name

    def strikes(self, operation: Operation | None = None) -> bool:
        """Whether it takes hold now; counts down where it is limited."""
        if operation is not None and self.where and operation not in self.where:
            return False
        with self._lock:
            if self.left is None:
                return True
            self.left -= 1
            return self.left >= 0


@cache
def faults() -> dict[str, Known]:
    """Return the faults by name."""
    return {
        row["fault"]: Known(row["fault"], row["stage"], row["value"], row["default"], row["nb"],
                            row["en"], row["proof"], row.words("noticed_by"), row["source"])
        for row in rows("exchange/faults.csv", _COLUMNS)
    }  # fmt: skip


def parse(specs: Iterable[str]) -> list[Fault]:
    """Read how faults are asked for.

    Args:
        specs: ``latency=2``, ``error=ERROR_PS_GENERIC@ps-list``, ``reset@identify*1``.

    Raises:
        InputError: a form, name, value or operation that is not known; all at once.
    """
    found: list[Fault] = []
    problems: list[Problem] = []
    for spec in specs:
        try:
            found.append(_one(spec.strip()))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _one(spec: str) -> Fault:
    said = _SPEC.fullmatch(spec)
    if said is None:
        raise _wrong(f"«{spec}» is no fault", remedy="write name=value@operation*times")
    known = faults().get(said["name"])
    if known is None:
        raise _wrong(f"there is no fault «{said['name']}»",
                     remedy=did_you_mean(said["name"], faults(), "docs/ncp-test.md"))  # fmt: skip
    value = said["value"] if said["value"] is not None else known.default
    if said["value"] and not known.value:
        raise _wrong(f"«{known.name}» takes no value", remedy=f"write {known.name}")
    _check_value(known, value)
    words = (said["where"] or "").split(",") if said["where"] else []
    if words and known.stage not in _PLACED:
        raise _wrong(f"«{known.name}» holds for every operation", remedy=f"write {known.name}")
    unknown = [w for w in words if w not in OPERATIONS]
    if unknown:
        raise _wrong(f"«{unknown[0]}» is no operation", remedy=", ".join(OPERATIONS))
    where = frozenset(OPERATIONS[w] for w in words)
    return Fault(known, value, where, int(said["times"]) if said["times"] else None)


def _check_value(known: Known, value: str) -> None:
    if known.value == "seconds" and not _number(value, 600):
        raise _wrong(f"«{value}» is no number of seconds up to 600", remedy=f"{known.name}=2.5")
    if known.value in ("bytes", "status") and not _number(value, 10**7, whole=True):
        raise _wrong(f"«{value}» is no whole number", remedy=f"{known.name}={known.default}")
    if known.value == "code" and value not in errors():
        raise _wrong(f"«{value}» is no error code of the exchange",
                     remedy=did_you_mean(value, errors(), "data/exchange/errors.csv"))  # fmt: skip


def _number(value: str, most: float, *, whole: bool = False) -> bool:
    pattern = r"[0-9]{1,8}" if whole else r"[0-9]{1,5}(\.[0-9]{1,6})?"
    return bool(re.fullmatch(pattern, value)) and float(value) <= most


def _wrong(what: str, remedy: str) -> InputError:
    return InputError(Problem(what, "--fault", "data/exchange/faults.csv", remedy))


def listing(found: Sequence[Fault]) -> str:
    """Return faults in one line, for people."""
    return ", ".join(f"{f.name}={f.value}" if f.value else f.name for f in found)
