"""What a step expects, held against what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data.results import Outcome, Result, Severity
from ncp.codes import DISPENSABLE
from ncp.messages import xdr
from ncp.model import Weight
from ncp.scenarios.checks import CHECKS
from ncp.scenarios.doing import World
from ncp.scenarios.model import Exchange, Scenario, Step

_OK = 200
_BAD = 400


def succeeded(exchange: Exchange) -> bool:
    """Whether what was asked for came, or was taken, in full."""
    if exchange.error or exchange.fault or exchange.status != _OK:
        return False
    if any(r.weight is Weight.ERROR for r in exchange.refusals):
        return False
    if isinstance(exchange.answer, xdr.Response):
        return exchange.word == "Success"
    return exchange.payload > 0 and exchange.word in ("Success", "AA")


def _partly(exchange: Exchange) -> bool:
    if exchange.word != "PartialSuccess" or not exchange.refusals:
        return False
    return isinstance(exchange.answer, xdr.Response) or exchange.payload > 0


def _refused(exchange: Exchange) -> bool:
    """An answer that gives nothing and says so, by whichever way the exchange has for it."""
    if exchange.status >= _BAD:
        return True
    if exchange.error or exchange.payload:
        return False
    taken = isinstance(exchange.answer, xdr.Response) and exchange.word != "Failure"
    return bool(exchange.fault or exchange.refusals) and not taken


def _fault(exchange: Exchange) -> bool:
    return exchange.fault is not None or (exchange.status >= _BAD and bool(exchange.error))


def _none(exchange: Exchange) -> bool:
    return exchange.status == 0 or exchange.status in (400, 401, 403, 421, 495, 496)


OUTCOMES = {"success": succeeded, "partial": _partly, "refused": _refused, "fault": _fault,
            "none": _none}  # fmt: skip


def shown(exchange: Exchange) -> str:
    """Return what came, in one line."""
    if exchange.error:
        return exchange.error
    if exchange.fault:
        subcode = f", {exchange.fault.subcode}" if exchange.fault.subcode else ""
        return f"fault {exchange.fault.code}{subcode}: {exchange.fault.reason}"
    codes = ", ".join(filter(None, exchange.codes))
    return f"{exchange.word or 'an answer'}, {exchange.payload} given" + (
        f", {codes}" if codes else ""
    )


def judge(
    scenario: Scenario, step: Step, exchanges: Sequence[Exchange], world: World, *,
    lenient: bool = False, patience: float = 1.0,
) -> list[Result]:  # fmt: skip
    """Hold the exchanges of a step against its expectation.

    Args:
        scenario: whose step it is.
        step: with an expectation.
        exchanges: what came; several of a step in parallel.
        world: what country B knows.
        lenient: another error code than the expected one is a warning.
        patience: by which limits of time are multiplied.
    """
    expect = step.expect or {}
    judge_ = _Judge(scenario, lenient, patience)
    if expect.get("one-of-many"):
        good = [e for e in exchanges if succeeded(e)]
        judge_.say("one", len(good) == 1, f"{len(good)} of {len(exchanges)} were accepted")
        exchanges = [e for e in exchanges if e not in good]
        for exchange in exchanges:
            judge_.code(exchange, expect)
        return judge_.found
    for exchange in exchanges:
        judge_.whole(exchange, expect)
        if judge_.failed:
            continue
        for name in expect.get("checks", ()):
            judge_.found += CHECKS[name](exchange, world)
        if "dispensable" in expect:
            judge_.dispensable(exchange, world, expect["dispensable"])
    return judge_.found


class _Judge:
    """Collects results of one step."""

    def __init__(self, scenario: Scenario, lenient: bool, patience: float) -> None:
        self._scenario, self._lenient, self._patience = scenario, lenient, patience
        self.found: list[Result] = []

    @property
    def failed(self) -> bool:
        """Whether anything graver than a warning was found."""
        return any(r.outcome is Outcome.FAIL and r.severity is Severity.ERROR for r in self.found)

    def say(self, rule: str, holds: bool, message: str, severity: Severity | None = None) -> None:
        scenario = self._scenario
        self.found.append(
            Result(f"{scenario.id}.{rule}", Outcome.PASS if holds else Outcome.FAIL,
                   severity or scenario.severity, message, obligations=scenario.obligations,
                   source=scenario.source)
        )  # fmt: skip

    def whole(self, exchange: Exchange, expect: Mapping[str, Any]) -> None:
        """Outcome, code, and what else the expectation says in one word."""
        wanted = expect.get("outcome", "success")
        self.say("outcome", OUTCOMES[wanted](exchange),
                 f"{wanted} is expected; came: {shown(exchange)}")  # fmt: skip
        if self.failed:
            return
        self.code(exchange, expect)
        if "count" in expect:
            low, high = _span(expect["count"])
            self.say("count", low <= exchange.payload <= high,
                     f"{_count(low, high)} expected, {exchange.payload} came")  # fmt: skip
        for key, value in (("status", exchange.word), ("ack", exchange.word)):
            if key in expect:
                self.say(key, value in expect[key],
                         f"{' or '.join(expect[key])} is expected, «{value}» came",
                         self._weight())  # fmt: skip
        if "reason" in expect:
            given = [r.reason for r in exchange.refusals]
            self.say("reason", bool(set(given) & set(expect["reason"])),
                     f"reason {' or '.join(expect['reason'])} is expected, "
                     f"{', '.join(given) or 'none'} came", self._weight())  # fmt: skip
        if "levels" in expect:
            levels = {e.level for e in getattr(exchange.answer, "entries", ())}
            self.say("levels", levels >= set(expect["levels"]),
                     f"levels {expect['levels']} are expected, {sorted(levels)} came")  # fmt: skip
        if "seconds" in expect:
            limit = expect["seconds"] * self._patience
            self.say("seconds", exchange.seconds <= limit,
                     f"{exchange.seconds:.2f} s, at most {limit:g} s")  # fmt: skip

    def code(self, exchange: Exchange, expect: Mapping[str, Any]) -> None:
        """One of the error codes, or one of the fault subcodes, that are agreed for this."""
        codes, faults = expect.get("codes", []), expect.get("fault", [])
        if not codes and not faults:
            return
        if exchange.fault is not None:
            said = f"{exchange.fault.subcode} {exchange.fault.code} {exchange.fault.reason}".lower()
            holds = any(word.lower() in said for word in faults)
        else:
            holds = bool(set(codes) & set(exchange.codes))
        self.say("code", holds, f"{' or '.join([*codes, *faults])} is expected; came: "
                 f"{shown(exchange)}", self._weight())  # fmt: skip

    def dispensable(self, exchange: Exchange, world: World, wanted: bool) -> None:
        """The prescriptions that were fetched are open, or closed, in the list."""
        entries = [e for e in getattr(exchange.answer, "entries", ())
                   if e.level == 3 and e.unique_id in world.contents]  # fmt: skip
        states = [any(c.code == DISPENSABLE for c in e.events) for e in entries]
        self.say("dispensable", bool(states) and all(s is wanted for s in states),
                 f"the prescription is listed as {'open' if wanted else 'no longer open'}"
                 )  # fmt: skip

    def _weight(self) -> Severity:
        return Severity.WARNING if self._lenient else self._scenario.severity


def _span(count: int | list[int]) -> tuple[int, int]:
    return (count, count) if isinstance(count, int) else (count[0], count[1])


def _count(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
