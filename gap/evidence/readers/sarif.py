"""SARIF 2.1.0, as static analysers and scanners write it.

A run without results passed all that it looks at: one verdict a run says so. A suppressed result
was judged by people and weighs as a warning (SARIF 2.1.0, 3.27.23). A property «obligations» of the
result or of its rule names what it bears on.
"""

from __future__ import annotations

from data.results import Outcome, Severity
from gap.evidence.readers.common import (
    Json,
    day_of,
    entries,
    not_this,
    obligations_in,
    short,
    text_at,
)
from gap.evidence.record import Raw

_KINDS = {"pass": Outcome.PASS, "notApplicable": Outcome.OMIT, "open": Outcome.NOT_ASSESSED,
          "review": Outcome.NOT_ASSESSED, "informational": Outcome.OMIT,
          "fail": Outcome.FAIL}  # fmt: skip


def is_sarif(content: Json) -> bool:
    """Whether the document is a SARIF log."""
    return isinstance(content.get("runs"), list) and "version" in content


def read(content: Json) -> list[Raw]:
    """Return a verdict and the results of every run.

    Raises:
        InputError: another version of SARIF.
    """
    if not text_at(content, "version").startswith("2."):
        raise not_this("SARIF 2.1.0", f"its version is {content.get('version')}")
    return [raw for run in entries(content, "runs") for raw in _run(run)]


def _run(run: Json) -> list[Raw]:
    driver = text_at(run, "tool", "driver", "name") or "tool"
    version = (text_at(run, "tool", "driver", "semanticVersion")
               or text_at(run, "tool", "driver", "version"))  # fmt: skip
    calls = entries(run, "invocations")
    when = next((d for c in calls if (d := day_of(c.get("endTimeUtc")))), None)
    what = text_at(run, "automationDetails", "id") or driver
    rules = _rules(run)
    found = []
    for one in entries(run, "results"):
        rule = text_at(one, "ruleId") or text_at(one, "rule", "id") or "result"
        own, of_rule = one.get("properties"), rules.get(rule, {})
        outcome = _KINDS.get(text_at(one, "kind") or "fail", Outcome.FAIL)
        level = text_at(one, "level") or text_at(of_rule, "defaultConfiguration", "level")
        grave = (level or "warning") == "error" and not one.get("suppressions")
        found.append(Raw(
            f"sarif/{driver}/{rule}", what, outcome,
            Severity.ERROR if grave or outcome is Outcome.PASS else Severity.WARNING,
            short(text_at(one, "message", "text")), _place(one),
            (*_named(own), *_named(of_rule.get("properties"))), date=when,
            tool_version=version))  # fmt: skip
    broken = sum(r.outcome is Outcome.FAIL and r.severity is Severity.ERROR for r in found)
    outcome = Outcome.FAIL if broken else Outcome.PASS
    if any(call.get("executionSuccessful") is False for call in calls):
        outcome = Outcome.ERROR
    return [Raw(f"sarif/{driver}/verdict", what, outcome, message=f"{broken} errors", date=when,
                tool_version=version, whole=True), *found]  # fmt: skip


def _rules(run: Json) -> dict[str, Json]:
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, dict) else None
    listed = entries(driver, "rules") if isinstance(driver, dict) else []
    return {text_at(rule, "id"): rule for rule in listed}


def _named(properties: object) -> tuple[str, ...]:
    said = properties.get("obligations") if isinstance(properties, dict) else None
    return obligations_in(" ".join(map(str, said)) if isinstance(said, list) else str(said or ""))


def _place(result: Json) -> str:
    for one in entries(result, "locations"):
        physical = one.get("physicalLocation")
        if isinstance(physical, dict):
            region = physical.get("region")
            line = region.get("startLine") if isinstance(region, dict) else None
            uri = text_at(physical, "artifactLocation", "uri")
            return f"{uri}:{line}" if line else uri
    return ""
