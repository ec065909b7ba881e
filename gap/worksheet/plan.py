"""What an import would change: edits against the ground as it is today, file against file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from data.loaders.assessments import Assessment, Finding
from data.loaders.tables import Problems
from gap.applicability import cell_categories
from gap.worksheet import fields
from gap.worksheet.edits import Edit, Ground
from gap.worksheet.register import NewSource

Inputs = Mapping[str, str]
Place = tuple[str, str]
ALL = "all"
"""The word that accepts every conflict."""


class Moved(StrEnum):
    """What has happened to the ground of a row since the export."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Kind(StrEnum):
    """What a change does."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One finding before and after; ``by`` are the edits that ask for it, equal in all files."""

    system: str
    obligation: str
    old: Finding | None
    new: Inputs | None
    by: tuple[Edit, ...]

    @property
    def kind(self) -> Kind:
        """Whether the finding is added, changed or taken out."""
        if self.old is None:
            return Kind.ADDED
        return Kind.CHANGED if self.new else Kind.REMOVED

    def differences(self) -> list[tuple[str, str, str]]:
        """Return column, old text and new text of what differs."""
        old: Inputs = fields.of_finding(self.old) if self.old else fields.blank(())
        new: Inputs = self.new or fields.blank(())
        return [
            (name, old[name], new[name]) for name in fields.INPUTS
            if fields.canonical(old[name]) != fields.canonical(new[name])
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit of a row whose ground has moved: what stands there now, what the file wants."""

    edit: Edit
    moved: Moved
    now: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Edits of several files on one cell that cannot all be true."""

    system: str
    obligation: str
    edits: tuple[Edit, ...]


@dataclass
class Plan:
    """Everything that an import would do, and what it leaves out."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    agreed: int = 0
    """Edits that say what already stands there."""
    sources: list[NewSource] = field(default_factory=list)
    """Documents that the files register."""

    @property
    def writes(self) -> int:
        """How many findings and documents change."""
        return len(self.changes) + len(self.sources)

    @property
    def undecided(self) -> int:
        """How many conflicts and disagreements are left out."""
        return len(self.conflicts) + len(self.disagreements)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the user has decided.

    Attributes:
        accepted: ``system:obligation`` of conflicts in which the file wins, or ``all``.
        preferred: the file that wins where files disagree, or empty.
    """

    accepted: frozenset[str] = frozenset()
    preferred: str = ""

    def accepts(self, place: Place) -> bool:
        """Whether the file wins over the moved ground of a cell."""
        return ALL in self.accepted or ":".join(place) in self.accepted


def plan(
    edits: Iterable[Edit],
    current: Assessment,
    ground: Ground,
    decisions: Decisions,
    problems: Problems,
) -> Plan:
    """Return what the edits would change.

    Args:
        edits: of all files.
        current: the assessment as it is today.
        ground: catalogue and systems.
        decisions: what the user has decided about conflicts and disagreements.
        problems: gets findings that would overlap within one file.
    """  # fmt: skip
    findings: dict[Place, list[Finding]] = {}
    for finding in current.findings:
        findings.setdefault((finding.system, finding.obligation), []).append(finding)
    by_cell: dict[Place, list[Edit]] = {}
    for edit in edits:
        by_cell.setdefault((edit.system, edit.obligation), []).append(edit)
    result = Plan()
    unused = set(decisions.accepted) - {ALL}
    for place, here in by_cell.items():
        unused.discard(":".join(place))
        _Cell(place, findings.get(place, []), ground).decide(here, decisions, result, problems)
    for name in sorted(unused):
        problems.add(f"no edit of «{name}» in these files", "--accept",
                     rule="SYSTEM:ID of a conflict, or all",
                     remedy="see the conflicts without --accept")  # fmt: skip
    return result


@dataclass(frozen=True)
class _Cell:
    """One system and obligation with its findings of today."""

    place: Place
    now: Sequence[Finding]
    ground: Ground

    def decide(
        self, edits: Sequence[Edit], decisions: Decisions, result: Plan, problems: Problems
    ) -> None:
        """Sort the edits into changes, conflicts and disagreements."""
        good: list[Edit] = []
        forced: list[Edit] = []
        for edit in edits:
            moved = self._moved(edit)
            if moved and self._says_the_same(edit):
                result.agreed += 1
            elif moved and not decisions.accepts(self.place):
                result.conflicts.append(Conflict(edit, moved, self._against(edit)))
            else:
                good.append(edit)
                if moved:
                    forced.append(edit)
        if not good:
            return
        if self._disagree(good, forced):
            chosen = [e for e in good if e.file == decisions.preferred]
            if not chosen:
                result.disagreements.append(Disagreement(*self.place, tuple(good)))
                return
            good = chosen
        changes = self._changes(good, forced)
        clash = _overlapping(self._after(changes))
        if clash:
            edit = good[-1]
            problems.add(
                f"categories: a second finding for {' '.join(self.place)}"
                + (f" on {' '.join(clash)}" if clash != ("",) else ""), edit.where,
                rule="one finding for a system, an obligation and a category",
                remedy="choose categories that no other row of the cell has, or change that row; "
                "export again where it is new since the export",
            )  # fmt: skip
            return
        result.changes += changes

    def _replaced(self, edit: Edit) -> Finding | None:
        """Return the finding whose row was edited; an open row replaces only its like."""
        if edit.base is None:
            return None
        exact = self._exact(edit.base)
        open_row = edit.ground == self._blank(edit.base)
        if exact and open_row and edit.inputs is not None:
            return exact if exact.categories == tuple(edit.inputs["categories"].split()) else None
        return exact

    def _blank(self, base: Collection[str]) -> str:
        """Return what an open row of the cell stood on."""
        return fields.ground(*self.place, base, fields.blank(base), self.ground.catalogue.edition)

    def _exact(self, categories: Collection[str]) -> Finding | None:
        return next((f for f in self.now if f.categories == tuple(categories)), None)

    def _moved(self, edit: Edit) -> Moved | None:
        """Return what has happened to the ground of a row since the export."""
        edition = self.ground.catalogue.edition
        if edit.base is None:
            return Moved.ADDED if self._says_the_same(edit) else None
        exact = self._exact(edit.base)
        if edit.ground == self._blank(edit.base):
            taken = any(fields.overlap(f.categories, edit.base) for f in self.now)
            return Moved.ADDED if taken else None
        if exact is None:
            return Moved.REMOVED
        now = fields.ground(*self.place, edit.base, fields.of_finding(exact), edition)
        return None if now == edit.ground else Moved.CHANGED

    def _says_the_same(self, edit: Edit) -> bool:
        if edit.inputs is None:
            return self._exact(edit.base or ()) is None
        exact = self._exact(edit.inputs["categories"].split())
        return exact is not None and fields.same(fields.of_finding(exact), edit.inputs)

    def _against(self, edit: Edit) -> tuple[Finding, ...]:
        wanted = edit.inputs["categories"].split() if edit.inputs else ()
        return tuple(
            f for f in self.now
            if fields.overlap(f.categories, edit.base or ())
            or (edit.inputs and fields.overlap(f.categories, wanted))
        )  # fmt: skip

    def _disagree(self, edits: Sequence[Edit], forced: Sequence[Edit]) -> bool:
        """Whether edits of different files cannot all be true."""
        if len({e.file for e in edits}) < 2:
            return False
        said: dict[tuple[str, ...] | None, list[Edit]] = {}
        for edit in edits:
            said.setdefault(edit.base, []).append(edit)
        for base, here in said.items():
            if base is not None and any(not _equal(here[0], e) for e in here):
                return True
        return bool(_overlapping(self._after(self._changes(edits, forced))))

    def _changes(self, edits: Sequence[Edit], forced: Sequence[Edit]) -> list[Change]:
        """Return the changes of edits that are true together; equal ones are one change."""
        groups: list[list[Edit]] = []
        for edit in edits:
            for group in groups:
                if group[0].base == edit.base and _equal(group[0], edit):
                    group.append(edit)
                    break
            else:
                groups.append([edit])
        found: list[Change] = []
        for group in groups:
            edit = group[0]
            old = self._replaced(edit)
            found += [*self._made_room(edit, old, group)] if edit in forced else []
            if edit.inputs is not None or old is not None:
                found.append(Change(*self.place, old, edit.inputs, tuple(group)))
        return found

    def _made_room(
        self, edit: Edit, old: Finding | None, group: Sequence[Edit]
    ) -> Iterable[Change]:
        """Take from today's findings the categories that an accepted edit speaks of."""
        if edit.inputs is None:
            return
        of_cell = set(
            cell_categories(self.ground.catalogue.obligations[self.place[1]],
                            self.ground.systems[self.place[0]])
        )  # fmt: skip
        wanted = set(edit.inputs["categories"].split()) or of_cell
        for finding in self.now:
            if finding is old or not fields.overlap(finding.categories, wanted):
                continue
            left = tuple(sorted(set(finding.categories or of_cell) - wanted))
            kept = fields.of_finding(replace(finding, categories=left)) if left else None
            yield Change(*self.place, finding, kept, tuple(group))

    def _after(self, changes: Sequence[Change]) -> list[tuple[str, ...]]:
        """Return the categories of the findings of the cell after the changes."""
        gone = [c.old for c in changes if c.old]
        kept = [f.categories for f in self.now if not any(f is g for g in gone)]
        return [*kept, *(tuple(c.new["categories"].split()) for c in changes if c.new)]


def _equal(one: Edit, other: Edit) -> bool:
    if one.inputs is None or other.inputs is None:
        return one.inputs is other.inputs
    return fields.same(one.inputs, other.inputs)


def _overlapping(findings: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the categories that two findings share; one empty text where a finding means all."""
    for at, one in enumerate(findings):
        for other in findings[at + 1 :]:
            if fields.overlap(one, other):
                return tuple(sorted(set(one) & set(other))) or ("",)
    return ()
