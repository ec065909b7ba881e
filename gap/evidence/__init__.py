"""Evidence: results of tests, ours and others', and what they do to the findings.

The way of a result: ``read`` (files) or ``of_results`` (a run in memory) -> ``Record`` ->
``with_evidence`` -> a scored analysis with every movement explained. ``coverage`` tells which
obligations have a test. See docs/evidence.md.
"""

from gap.evidence.applying import Change, Relation, Weighed, with_evidence
from gap.evidence.reading import of_report, of_results, of_scenario, read
from gap.evidence.record import (
    TOOL_CHAIN,
    Covers,
    Environment,
    Origin,
    Raw,
    Record,
    Strength,
)
from gap.evidence.storing import from_json, to_json

__all__ = [
    "TOOL_CHAIN", "Change", "Covers", "Environment", "Origin", "Raw", "Record", "Relation",
    "Strength", "Weighed", "from_json", "of_report", "of_results", "of_scenario", "read", "to_json",
    "with_evidence",
]  # fmt: skip
