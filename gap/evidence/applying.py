"""What evidence does to the findings of a cell: it lifts a grade, lowers a level, or founds one.

The rules, for each category of a cell (docs/evidence.md explains them):

- A test that passed supports a finding of level 1 to 3; the grade becomes that of the evidence. On
  level 3 only a test that covers the whole requirement does so.
- A test that failed contradicts such a finding. The level falls to what is shown: at most 1 where
  other tests of the cell passed, else 0, and at least one level.
- Where nobody has assessed, tests found a finding: passed gives level 1 in a test environment and 2
  in production (3 where a test covers the whole), failed gives 0.
- A test that passed against a finding of level 0 is a contradiction that people have to settle;
  nothing moves.
- A missing precondition (skip) keeps a pass of the same cell from counting. Error, omit and
  not-assessed say nothing. A pass too old says nothing; a failure stands until it is run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from data.loaders.assessments import Finding
from data.results import Outcome
from gap.analysis import Analysis
from gap.applicability import Kind, cell_categories
from gap.evidence.current import current
from gap.evidence.mapping import grades, strongest
from gap.evidence.record import TOOL_CHAIN, Environment, Record
from gap.evidence.wording import founded, graded, lowered
from gap.judgement import FULL_LEVEL, Judgement

NO_CATEGORY = ("",)
SOURCE = "evidence"
_STATUS = ("not-met", "partial", "partial", "met")


class Relation(StrEnum):
    """What a record is to a finding."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    FOUNDS = "founds"
    SILENT = "silent"


class Reason(StrEnum):
    """Why a record says nothing of a finding; empty when it does."""

    NONE = ""
    NOT_APPLICABLE = "not-applicable"
    OTHER_CATEGORY = "other-category"
    NO_VERDICT = "no-verdict"
    PRECONDITION = "precondition"
    WARNING = "warning"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Bond:
    """One record beside one finding of a cell; ``finding`` is None where nobody had assessed."""

    record: Record
    system: str
    obligation: str
    finding: Finding | None
    relation: Relation
    reason: Reason = Reason.NONE


@dataclass(frozen=True, slots=True)
class Change:
    """One finding that evidence moved.

    Attributes:
        before: as it was assessed, None where nobody had.
        after: as it is scored.
        records: the evidence that moved it.
    """

    before: Finding | None
    after: Finding
    records: tuple[Record, ...]

    @property
    def contradicted(self) -> bool:
        """Whether the level fell."""
        return self.before is not None and self.before.level != self.after.level


@dataclass(frozen=True)
class Weighed:
    """An analysis with evidence in it, and everything that the evidence did.

    Attributes:
        analysis: scored with the evidence.
        before: scored without it.
        records: the evidence that counts on the day.
        superseded: replaced by a newer run of the same test.
        later: younger than the day of the analysis.
        bonds: every record beside every finding that it speaks of.
        changes: every finding that moved.
    """

    analysis: Analysis
    before: Analysis
    records: tuple[Record, ...]
    superseded: tuple[Record, ...]
    later: tuple[Record, ...]
    bonds: tuple[Bond, ...]
    changes: tuple[Change, ...]

    @property
    def contradictions(self) -> tuple[Bond, ...]:
        """Evidence that speaks against a finding: shown one by one, never averaged."""
        return tuple(b for b in self.bonds if b.relation is Relation.CONTRADICTS)

    @property
    def tool_chain(self) -> tuple[Record, ...]:
        """Evidence about this product itself; it moves the score of no system."""
        return tuple(r for r in self.records if r.subject == TOOL_CHAIN)

    @property
    def unplaced(self) -> tuple[Record, ...]:
        """Evidence about a system that bears on no obligation: the mapping says nothing of it."""
        return tuple(r for r in self.records if r.subject != TOOL_CHAIN and not r.obligations)


def with_evidence(analysis: Analysis, records: Iterable[Record]) -> Weighed:
    """Return an analysis with evidence applied; only cells that the evidence bears on can move.

    Args:
        analysis: the analysis without evidence; it is not changed.
        records: in any order; the result does not depend on it.
    """
    judgement = analysis.judgement
    chosen = current(records, judgement.as_of)
    by_cell: dict[tuple[str, str], list[Record]] = {}
    for record in chosen.records:
        if record.subject in judgement.systems:
            for name in record.obligations:
                if name in judgement.catalogue.obligations:
                    by_cell.setdefault((record.subject, name), []).append(record)
    bonds: list[Bond] = []
    changes: list[Change] = []
    moved: dict[tuple[str, str], list[Finding]] = {}
    for (system, obligation), found in sorted(by_cell.items()):
        cell = _Cell(judgement, system, obligation, found)
        bonds += cell.bonds()
        made = cell.changes()
        if made:
            changes += made
            moved[system, obligation] = cell.findings(made)
    return Weighed(
        analysis=_rescored(analysis, moved), before=analysis, records=chosen.records,
        superseded=chosen.superseded, later=chosen.later, bonds=tuple(bonds),
        changes=tuple(changes),
    )  # fmt: skip


def _rescored(analysis: Analysis, moved: Mapping[tuple[str, str], Sequence[Finding]]) -> Analysis:
    if not moved:
        return analysis
    judgement = analysis.judgement
    kept = [f for f in judgement.assessment.findings
            if f.date > judgement.as_of or (f.system, f.obligation) not in moved]  # fmt: skip
    findings = sorted([*kept, *(f for fs in moved.values() for f in fs)], key=lambda f: f.key)
    assessment = replace(judgement.assessment, findings=tuple(findings))
    return Analysis(
        Judgement(judgement.catalogue, judgement.systems, assessment, judgement.as_of),
        analysis.scheme,
    )


class _Cell:
    """One obligation of one system with its findings and the evidence that names it."""

    def __init__(
        self, judgement: Judgement, system: str, obligation: str, records: Sequence[Record]
    ) -> None:
        self.system, self.obligation = system, obligation
        self.records = tuple(records)
        self.day = judgement.as_of
        sys_, obl = judgement.systems[system], judgement.catalogue.obligations[obligation]
        self.scored = judgement.kind(sys_, obl) is Kind.SCORED
        self.categories = cell_categories(obl, sys_)
        self.given = tuple(judgement.by_cell.get((system, obligation), ()))

    def bonds(self) -> list[Bond]:
        """Every record beside every finding of the cell that it speaks of."""
        found = []
        for record in self.records:
            touched = [c for c in self.categories or NO_CATEGORY if _about(record, c)]
            spoken_of = list(dict.fromkeys(self._finding(c) for c in touched)) or [None]
            for finding in spoken_of:
                relation, reason = self._relation(record, finding, bool(touched))
                found.append(Bond(record, self.system, self.obligation, finding, relation, reason))
        return found

    def _relation(
        self, record: Record, finding: Finding | None, touched: bool
    ) -> tuple[Relation, Reason]:
        reason = Reason.NONE
        if not self.scored:
            reason = Reason.NOT_APPLICABLE
        elif not touched:
            reason = Reason.OTHER_CATEGORY
        elif record.blocks:
            reason = Reason.PRECONDITION
        elif record.outcome not in (Outcome.PASS, Outcome.FAIL):
            reason = Reason.NO_VERDICT
        elif record.outcome is Outcome.FAIL and not record.fails:
            reason = Reason.WARNING
        elif record.outcome is Outcome.PASS and record.is_stale(self.day):
            reason = Reason.STALE
        if reason:
            return Relation.SILENT, reason
        if finding is None:
            return Relation.FOUNDS, reason
        agrees = (record.outcome is Outcome.PASS) == ((finding.level or 0) > 0)
        return (Relation.SUPPORTS if agrees else Relation.CONTRADICTS), reason

    def changes(self) -> list[Change]:
        """What the evidence moves; categories that move alike stay one finding."""
        if not self.scored:
            return []
        groups: dict[tuple[Finding | None, _Verdict], list[str]] = {}
        for category in self.categories or NO_CATEGORY:
            finding, verdict = self._finding(category), self._verdict(category)
            if verdict.moves(finding):
                groups.setdefault((finding, verdict), []).append(category)
        made = []
        for (finding, verdict), categories in groups.items():
            covered = tuple(c for c in categories if c)
            after = verdict.applied(finding, self.system, self.obligation)
            whole = covered == tuple(finding.categories or self.categories if finding
                                     else self.categories)  # fmt: skip
            kept = (finding.categories if finding else ()) if whole else covered
            made.append(Change(finding, replace(after, categories=kept), verdict.used(finding)))
        return made

    def findings(self, changes: Sequence[Change]) -> list[Finding]:
        """All findings of the cell: those moved, and what is left of the others."""
        found = [change.after for change in changes]
        for finding in self.given:
            taken: set[str] = set()
            for change in changes:
                if change.before is finding:
                    taken |= set(change.after.categories or self._of(finding))
            if not any(change.before is finding for change in changes):
                found.append(finding)
            elif left := tuple(c for c in self._of(finding) if c not in taken and c):
                found.append(replace(finding, categories=left))
        return found

    def _of(self, finding: Finding) -> tuple[str, ...]:
        return finding.categories or self.categories or NO_CATEGORY

    def _finding(self, category: str) -> Finding | None:
        return next((f for f in self.given if category in self._of(f)), None)

    def _verdict(self, category: str) -> _Verdict:
        about = [r for r in self.records if _about(r, category)]
        return _Verdict(
            obligation=self.obligation,
            passed=tuple(r for r in about if r.outcome is Outcome.PASS
                         and not r.is_stale(self.day)),
            failed=tuple(r for r in about if r.fails),
            blocked=any(r.blocks for r in about),
        )  # fmt: skip


def _about(record: Record, category: str) -> bool:
    return not category or not record.categories or category in record.categories


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the tests of one category of a cell show together."""

    obligation: str
    passed: tuple[Record, ...]
    failed: tuple[Record, ...]
    blocked: bool

    def moves(self, finding: Finding | None) -> bool:
        """Whether anything of a finding changes."""
        if self.failed:
            return True
        if not self.passed or self.blocked:
            return False
        if finding is None:
            return True
        if not finding.level:
            return False
        return self._lifts(finding) and self.grade(finding) != finding.grade

    def _lifts(self, finding: Finding) -> bool:
        return finding.level != FULL_LEVEL or any(map(self._shows_all, self.passed))

    def used(self, finding: Finding | None) -> tuple[Record, ...]:
        """The records that decided; a failure decides together with what passed beside it."""
        if not self.failed:
            return self.passed
        return self.failed if finding and not finding.level else (*self.failed, *self.passed)

    def grade(self, finding: Finding | None) -> str:
        """The strongest grade of what decided, and of the finding that it supports."""
        decisive = self.failed or self.passed
        own = strongest(grades()[r.strength] for r in decisive)
        agrees = finding is not None and (not self.failed or not finding.level)
        return strongest((own, finding.grade)) if agrees and finding else own

    def level(self, finding: Finding | None) -> int:
        """The level that is shown (docs/evidence.md)."""
        if self.failed:
            if finding is None:
                return 0
            return max(0, min((finding.level or 0) - 1, 1 if self.passed else 0))
        if finding is not None:
            return finding.level or 0
        if all(r.environment is Environment.TEST for r in self.passed):
            return 1
        whole = any(self._shows_all(r) and r.environment is Environment.PRODUCTION
                    for r in self.passed)  # fmt: skip
        return FULL_LEVEL if whole else 2

    def _shows_all(self, record: Record) -> bool:
        return self.obligation in record.fully

    def applied(self, finding: Finding | None, system: str, obligation: str) -> Finding:
        """Return the finding as it is scored."""
        level, decisive = self.level(finding), self.used(finding)
        newest = max(r.date for r in decisive)
        if finding is None:
            nb, en = founded(self.passed, self.failed)
            return Finding(
                system=system, obligation=obligation, categories=(), status=_STATUS[level],
                level=level, grade=self.grade(None), basis="stated", source=SOURCE,
                section=_section(decisive), date=newest, planned_date="", comment_nb=nb,
                comment_en=en, assessment=SOURCE, where=decisive[0].file or decisive[0].test,
            )  # fmt: skip
        if level != finding.level:
            nb, en = lowered(self.failed, finding.level or 0, level)
        else:
            nb, en = graded(self.passed, self.failed)
        return replace(
            finding, level=level, status=_STATUS[level], grade=self.grade(finding),
            source=f"{finding.source} ; {SOURCE}",
            section=f"{finding.section} ; {_section(decisive)}",
            date=max(finding.date, newest), comment_nb=f"{finding.comment_nb} {nb}",
            comment_en=f"{finding.comment_en} {en}",
        )  # fmt: skip


def _section(records: Sequence[Record]) -> str:
    files = dict.fromkeys(
        f"{r.file} (sha256 {r.sha256[:12]})" if r.sha256 else r.test for r in records
    )
    shown = list(files)[:3]
    more = f" +{len(files) - len(shown)}" if len(files) > len(shown) else ""
    return f"[{SOURCE}] {', '.join(shown)}{more}"
