"""Runs scenarios against a target, one after the other, each with nothing left of the others."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from data.errors import InputError
from data.results import Outcome, Result, Severity
from ncp.audit import duties
from ncp.model import PatientId
from ncp.scenarios import audits, cross
from ncp.scenarios.asking import CountryB
from ncp.scenarios.doing import World, tidy
from ncp.scenarios.expecting import judge, shown, succeeded
from ncp.scenarios.model import Exchange, Scenario, ScenarioRun, Step, Unable
from ncp.scenarios.profile import Profile


@dataclass
class Target:
    """What is judged.

    Attributes:
        b: country B with its line to the target.
        profile: test data.
        audit_a: where audit messages of country A are.
        reset: makes the target forget what happened; None where that is not ours to do.
    """

    b: CountryB
    profile: Profile
    audit_a: audits.Source = field(default_factory=audits.Nowhere)
    reset: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How a run judges.

    Attributes:
        level: findings of this severity and graver fail a scenario.
        lenient: another error code than the expected one is a warning.
        seed: order of the scenarios; 0 is that of the files.
        patience: by which limits of time are multiplied.
        keep_audits: look up the audit messages of every exchange, for the evidence.
    """

    level: Severity = Severity.ERROR
    lenient: bool = False
    seed: int = 0
    patience: float = 1.0
    keep_audits: bool = False


def run(
    scenarios: Sequence[Scenario],
    target: Target,
    options: Options | None = None,
    *,
    told: Callable[[ScenarioRun], None] = lambda _: None,
) -> list[ScenarioRun]:
    """Run scenarios.

    Args:
        scenarios: which.
        target: against what.
        options: how it judges.
        told: is told each one as it ends.
    """
    chosen, how = list(scenarios), options or Options()
    if how.seed:
        random.Random(how.seed).shuffle(chosen)  # noqa: S311 - an order, not a secret
    found = []
    for scenario in chosen:
        found.append(_one(scenario, target, how))
        told(found[-1])
    return found


def _one(scenario: Scenario, target: Target, how: Options) -> ScenarioRun:
    started = time.monotonic()
    exchanges: list[Exchange] = []
    kept: dict[str, bytes] = {}
    results: list[Result] = []
    target.b.listen = exchanges.append
    world = World(target.b, target.profile)
    try:
        target.profile.can(scenario)
        if scenario.state and target.reset is not None and not target.reset():
            raise Unable("the target could not be reset")
        for step in scenario.steps:
            results += _step(scenario, step, target, world, how, kept)
    except Unable as unable:
        results.append(Result(f"{scenario.id}.precondition", unable.outcome, scenario.severity,
                              unable.reason, obligations=scenario.obligations,
                              source=scenario.source))  # fmt: skip
    except (InputError, ValueError) as error:
        results.append(Result(f"{scenario.id}.error", Outcome.ERROR, Severity.ERROR,
                              f"the scenario broke: {error}"))  # fmt: skip
    if how.keep_audits:
        kept |= _audits(exchanges, target)
    _tidy(world, target)
    return ScenarioRun(scenario, tuple(results), tuple(exchanges), time.monotonic() - started,
                       kept, how.level)  # fmt: skip


def _step(
    scenario: Scenario, step: Step, target: Target, world: World, how: Options,
    kept: dict[str, bytes],
) -> list[Result]:  # fmt: skip
    if step.do == "audit":
        return _audit(target, world, kept)
    if step.do == "log":
        return _log(target, world)
    step = _placed(step, target)
    made = world.carry_out(step)
    if step.expect is not None:
        return judge(scenario, step, made, world, lenient=how.lenient,
                     patience=how.patience)  # fmt: skip
    for exchange in made:
        if not succeeded(exchange):
            raise Unable(f"preparation ({step.do}) failed: {shown(exchange)}")
    return []


def _placed(step: Step, target: Target) -> Step:
    """Name another country B than the one of the run, where the step says ``{foreign}``."""
    own = target.b.line.credentials.country
    other = target.profile.foreign if target.profile.foreign != own else "SE"

    def named(text: str) -> str:
        return text.replace("{foreign}", other)

    country = named(step.country)
    return replace(step, country="" if country == own else country, tls=named(step.tls),
                   tamper=tuple(map(named, step.tamper)))  # fmt: skip


def _audit(target: Target, world: World, kept: dict[str, bytes]) -> list[Result]:
    """Compare the last exchange with the audit of both sides."""
    if not world.before:
        raise Unable("nothing was exchanged")
    exchange = world.before[-1]
    found = _audits([exchange], target)
    kept |= found
    a, b = (next((c for n, c in found.items() if n.endswith(s)), None) for s in ("a.xml", "b.xml"))
    results = cross.audits(exchange, a, b)
    if a is None and not isinstance(target.audit_a, audits.Nowhere):
        results.append(Result("audit-a", Outcome.FAIL, Severity.ERROR,
                              "country A wrote no audit of the exchange",
                              obligations=("X2.3.2", "E09.2c"),
                              source="IHE ITI-20; EHDS Annex II 3.2"))  # fmt: skip
    return results


def _log(target: Target, world: World) -> list[Result]:
    """Judge the log entry of the last exchange in country A by EHDS Annex II 3.2 (a) to (e)."""
    if not world.before:
        raise Unable("nothing was exchanged")
    events = target.audit_a.events(world.before[-1])
    if events is None:
        raise Unable("no log of country A in FHIR is at hand (a store of ours, --audit-a)")
    if not events:
        return [Result("audit-a", Outcome.FAIL, Severity.ERROR,
                       "country A keeps no log entry of the exchange", obligations=("X2.3.2",),
                       source="EHDS Annex II 3.2")]  # fmt: skip
    return [result for event in events for result in duties.examine(event)]


def _audits(exchanges: Sequence[Exchange], target: Target) -> dict[str, bytes]:
    found = {}
    client = target.b.line.credentials.of().tls_client
    for number, exchange in enumerate(exchanges, 1):
        name = f"{number:02}-{exchange.asked.transaction.lower()}-audit"
        a = target.audit_a.find(exchange)
        if a is not None:
            found[f"{name}-a.xml"] = a
        found[f"{name}-b.xml"] = audits.own(exchange, target.profile.country, client,
                                            cross.documents(exchange))  # fmt: skip
    return found


def _tidy(world: World, target: Target) -> None:
    """Leave the target as it was found; what cannot be taken back is no fault of the scenario."""
    names = {p.id: p.name for p in target.profile.patients.values()}

    def name_of(patient: PatientId) -> str:
        return names[patient]

    target.b.listen = lambda _: None
    try:
        tidy(world, name_of)
    except (Unable, InputError, ValueError, KeyError):
        return
