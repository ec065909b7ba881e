"""What the rules of the trust found, and how it is told: as results, as a refusal, as a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from data.results import Outcome, Result, Severity
from ncp.codes import Status
from ncp.model import Operation, Refusal
from ncp.soap.faults import SoapFault
from ncp.tables import document_kinds
from ncp.trust.names import Kind
from ncp.trust.policy import CountryRules, Rule, rules

RIGHTS = frozenset({"role", "role-name", "on-behalf-of", "purpose", "permissions"})
"""Rules about what the professional may do; some countries answer them with a code of their own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one assertion, or about all of them together.

    Attributes:
        kind: which assertion; None for all of them.
        outcome: pass, fail, or omit where the rule does not apply.
        text: what was found; never more about a patient than that it does not fit.
        location: the value that was refused (a role, permissions), for the answer.
    """

    rule: Rule
    kind: Kind | None
    outcome: Outcome
    severity: Severity
    text: str = ""
    location: str = ""

    @property
    def refuses(self) -> bool:
        """Return whether the request must not be answered because of this."""
        return self.outcome is Outcome.FAIL and self.severity is Severity.ERROR

    @property
    def code(self) -> str:
        """Return the error code of MyHealth@EU for a broken rule."""
        return self.rule.hcp_code if self.kind is Kind.HCP else self.rule.other_code

    def result(self) -> Result:
        """Return the finding in the one form that everything that judges has."""
        return Result(
            f"trust-{self.rule.id}",
            self.outcome,
            self.severity,
            self.text or self.rule.title,
            self.kind.value.upper() if self.kind else "",
            source=self.rule.source,
        )


@dataclass
class Findings:
    """Collects what the rules find, in strict or lenient weighing."""

    strict: bool = True
    found: list[Finding] = field(default_factory=list)

    def judge(
        self,
        rule_id: str,
        good: bool,
        text: str = "",
        *,
        kind: Kind | None = None,
        location: str = "",
        severity: Severity | None = None,
    ) -> bool:
        """Note whether a rule is kept; ``text`` says what is wrong when it is not."""
        rule = rules()[rule_id]
        weight = severity or (rule.strict if self.strict else rule.lenient)
        outcome = Outcome.PASS if good else Outcome.FAIL
        self.found.append(Finding(rule, kind, outcome, weight, "" if good else text,
                                  "" if good else location))  # fmt: skip
        return good

    def omit(self, rule_id: str, text: str, *, kind: Kind | None = None) -> None:
        """Note that a rule does not apply, and why."""
        rule = rules()[rule_id]
        self.found.append(Finding(rule, kind, Outcome.OMIT, rule.strict, text))

    def refusing(self) -> list[Finding]:
        """Return what forbids an answer, in the order in which it is told."""
        return sorted((f for f in self.found if f.refuses), key=lambda finding: finding.rule.rank)


def refuse(
    findings: Sequence[Finding], operation: Operation, country_rules: CountryRules
) -> Refusal | SoapFault:
    """Return what a request with these findings is answered with.

    Args:
        findings: at least one that refuses, the one to tell first.
        operation: what was asked for.
        country_rules: how country A tells that rights are missing.
    """
    first, *others = findings
    if first.rule.fault:
        return SoapFault("Sender", first.text, first.rule.fault)
    code, status = first.code, ""
    if country_rules.generic_codes and first.rule.id in RIGHTS:
        code = generic_code(operation)
        if operation in (Operation.PS_RETRIEVE, Operation.EP_RETRIEVE, Operation.ORCD_RETRIEVE):
            status = Status.PARTIAL.word
    return Refusal(
        code,
        first.text,
        reason="InsufficientRights",
        location=first.location,
        status=status,
        details={_name(finding): finding.text for finding in others},
    )


def _name(finding: Finding) -> str:
    place = finding.kind.value if finding.kind else "all"
    return f"{place}:{finding.rule.id}"


def generic_code(operation: Operation) -> str:
    """Return the code of an operation for a reason that has none of its own."""
    if operation is Operation.IDENTIFY:
        return "ERROR_PI_GENERIC"
    if operation in (Operation.DISPENSE, Operation.DISCARD):
        return "ERROR_ED_GENERIC"
    for kind in document_kinds().values():
        if operation in (kind.list_operation, kind.retrieve_operation):
            return kind.generic
    return "ERROR_GENERIC"
