"""The results of a run for people and for machines: table, JSON, JUnit, FHIR TestReport."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from data.results import Outcome
from ips.words import harmless, plain
from ncp.scenarios.model import ScenarioRun

SCHEMA = "ehds.ncp-test/1"
WORDS = {
    "nb": {"pass": "bestått", "fail": "ikke bestått", "error": "brutt", "skip": "ikke mulig",
           "omit": "gjelder ikke", "not-assessed": "ikke vurdert", "again": "Gjenta:",
           "warnings": "merknader"},
    "en": {"pass": "passed", "fail": "failed", "error": "broken", "skip": "not possible",
           "omit": "not applicable", "not-assessed": "not assessed", "again": "Repeat:",
           "warnings": "notes"},
}  # fmt: skip
_JUDGED = {Outcome.PASS: "pass", Outcome.FAIL: "fail", Outcome.ERROR: "error",
           Outcome.SKIP: "skip", Outcome.OMIT: "skip", Outcome.NOT_ASSESSED: "skip"}  # fmt: skip


def line(run: ScenarioRun, lang: str, again: str = "") -> str:
    """Return a scenario in one line; under it, what is worth telling.

    Args:
        run: what came of it.
        lang: ``nb`` or ``en``.
        again: how to run it once more, for one that failed.
    """
    word = WORDS[lang][run.outcome]
    head = f"{run.scenario.id:8} {word:13} {run.scenario.title(lang)}"
    told = run.reasons[:3] if run.outcome is not Outcome.PASS else []
    lines = [head, *("           " + harmless(f"{r.id}: {r.message}") for r in told)]
    if run.outcome in (Outcome.FAIL, Outcome.ERROR) and again:
        lines.append(f"           {WORDS[lang]['again']} {again}")
    return "\n".join(lines)


def tally(runs: Sequence[ScenarioRun], lang: str) -> str:
    """Return how many came out how, in one line."""
    counts = Counter(run.outcome for run in runs)
    notes = sum(r.outcome is Outcome.FAIL for run in runs if run.outcome is Outcome.PASS
                for r in run.results)  # fmt: skip
    parts = [f"{counts[outcome]} {WORDS[lang][outcome]}" for outcome in Outcome if counts[outcome]]
    return ", ".join(parts) + (f"; {notes} {WORDS[lang]['warnings']}" if notes else "")


def as_json(runs: Sequence[ScenarioRun], about: dict[str, str]) -> dict[str, Any]:
    """Return a run as one JSON document."""
    return {
        "schema": SCHEMA,
        **about,
        "counts": {o.value: n for o, n in sorted(Counter(r.outcome for r in runs).items())},
        "scenarios": [
            {
                "id": run.scenario.id,
                "outcome": run.outcome,
                "title_nb": run.scenario.nb,
                "title_en": run.scenario.en,
                "services": list(run.scenario.services),
                "obligations": list(run.scenario.obligations),
                "source": run.scenario.source,
                "seconds": round(run.seconds, 3),
                "results": [
                    {**r.to_dict(), "message": harmless(r.message)} for r in run.results
                ],
                "exchanges": [
                    {"transaction": e.asked.transaction, "operation": e.asked.operation,
                     "status": e.status, "seconds": round(e.seconds, 3),
                     "codes": [harmless(code) for code in e.codes],
                     "error": harmless(e.error)}
                    for e in run.exchanges
                ],
            }
            for run in runs
        ],
    }  # fmt: skip


def as_junit(runs: Sequence[ScenarioRun], about: dict[str, str]) -> str:
    """Return a run as JUnit XML: a suite for each area."""
    suites = []
    for area in dict.fromkeys(run.scenario.area for run in runs):
        own = [run for run in runs if run.scenario.area == area]
        counts = Counter(run.outcome for run in own)
        skipped = counts[Outcome.SKIP] + counts[Outcome.OMIT] + counts[Outcome.NOT_ASSESSED]
        suites.append(
            f'  <testsuite name={_quoted(area)} tests="{len(own)}" '
            f'failures="{counts[Outcome.FAIL]}" errors="{counts[Outcome.ERROR]}" '
            f'skipped="{skipped}" time="{sum(run.seconds for run in own):.3f}" '
            f"hostname={_quoted(about.get('target', ''))}>\n"
            + "\n".join(_case(run) for run in own) + "\n  </testsuite>"
        )  # fmt: skip
    body = "\n".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{body}\n</testsuites>\n'


def _case(run: ScenarioRun) -> str:
    head = (
        f"    <testcase classname={_quoted(run.scenario.area)} "
        f'name={_quoted(f"{run.scenario.id} {run.scenario.en}")} time="{run.seconds:.3f}"'
    )
    if run.outcome is Outcome.PASS:
        return head + "/>"
    text = _quoted("; ".join(harmless(r.message) for r in run.reasons[:3]))
    name = {"fail": "failure", "error": "error"}.get(run.outcome.value, "skipped")
    kind = f" type={_quoted(run.reasons[0].id)}" if name != "skipped" and run.reasons else ""
    return f"{head}><{name}{kind} message={text}/></testcase>"


def _quoted(text: str) -> str:
    """Return an attribute of XML 1.0; what the standard does not allow is a blank."""
    return quoteattr(plain(text))


def as_test_report(runs: Sequence[ScenarioRun], about: dict[str, str]) -> dict[str, Any]:
    """Return a run as a FHIR R4 TestReport."""
    outcomes = {_JUDGED[run.outcome] for run in runs}
    passed = sum(run.outcome is Outcome.PASS for run in runs)
    counted = [run for run in runs if run.outcome is not Outcome.OMIT]
    return {
        "resourceType": "TestReport",
        "name": "ehds ncp test",
        "status": "completed",
        "testScript": {"display": "ehds ncp test, scenarios of MyHealth@EU for country A"},
        "result": "fail" if outcomes & {"fail", "error"} else "pass"
        if any(run.outcome is Outcome.PASS for run in runs) else "pending",
        **({"score": round(100 * passed / len(counted), 2)} if counted else {}),
        "tester": about.get("tester", "ehds"),
        "issued": about.get("when", dt.datetime.now(dt.UTC).isoformat(timespec="seconds")),
        "participant": [
            {"type": "server", "uri": about.get("target", "urn:example:target"),
             "display": f"country A, {about.get('country_a', '')}"},
            {"type": "client", "uri": "urn:oid:" + about.get("home_b", "0.0"),
             "display": f"country B, {about.get('country_b', '')}"},
        ],
        "test": [_test(run) for run in runs],
    }  # fmt: skip


def _test(run: ScenarioRun) -> dict[str, Any]:
    told = run.results or ()
    return {
        "name": run.scenario.id,
        "description": run.scenario.en,
        "action": [
            {"assert": {"result": "warning" if r.outcome is Outcome.FAIL and run.outcome is
                        Outcome.PASS else _JUDGED[r.outcome],
                        "message": harmless(f"{r.id}: {r.message}")}}
            for r in told
        ] or [{"assert": {"result": "skip", "message": "nothing was judged"}}],
    }  # fmt: skip
