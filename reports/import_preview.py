"""What an import would change, as text for people and as data for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from data.loaders.assessments import Finding
from data.loaders.codes import label
from gap.worksheet import fields
from gap.worksheet.intake import Intake
from gap.worksheet.plan import Change, Conflict, Disagreement
from gap.worksheet.register import NewSource
from reports.import_words import notice as worded
from reports.texts import Texts

WIDTH = 100
SCHEMA = "ehds.gap-import/1"
_LONGEST = 70


def text(intake: Intake, t: Texts) -> str:
    """Return the preview: files, changes, what is left out and why."""
    lines: list[str] = []
    for read in intake.files:
        lines.append(
            t("import.file", file=read.page.file, rows=len(read.page.lines), edits=len(read.edits),
              who=read.who or t("import.nobody"))
        )  # fmt: skip
        lines += [
            _wrapped(t("import.notice", what=worded(notice, t.lang)), 2) for notice in read.notices
        ]
    plan = intake.plan
    if plan.agreed:
        lines.append(t("import.agreed", n=plan.agreed))
    lines.append("")
    if plan.sources:
        lines.append(t("import.sources", n=len(plan.sources)))
        for new in plan.sources:
            lines += _source(new, t)
    lines += [t("import.changes", n=len(plan.changes))] if plan.changes else [t("import.none")]
    for change in plan.changes:
        lines += _change(change, t)
    if plan.conflicts:
        lines += ["", t("import.conflicts", n=len(plan.conflicts))]
        for conflict in plan.conflicts:
            lines += _conflict(conflict, t)
    if plan.disagreements:
        lines += ["", t("import.disagreements", n=len(plan.disagreements))]
        for disagreement in plan.disagreements:
            lines += _disagreement(disagreement, t)
        lines.append(_wrapped(t("import.prefer"), 2))
    return "\n".join(lines)


def _wrapped(said: str, indent: int) -> str:
    return textwrap.fill(said, WIDTH, initial_indent=" " * indent,
                         subsequent_indent=" " * (indent + 2))  # fmt: skip


def _source(new: NewSource, t: Texts) -> list[str]:
    source = new.source
    day = source.date.isoformat() if source.date else source.date_note(t.lang)
    said = f"{source.id}: {source.title(t.lang)}, {source.publisher}, {day} ({source.where})"
    return [_wrapped(said, 2), f"    {t('import.from', where=', '.join(new.where))}"]


def _change(change: Change, t: Texts) -> list[str]:
    lines = [f"  {change.system} {change.obligation}: {t(f'import.change.{change.kind}')}"]
    for name, old, new in change.differences():
        shown = f"{_short(name, old, t)} -> {_short(name, new, t)}"
        lines.append(_wrapped(f"{t(f'fill.{name}')}: {shown}", 4))
    where = ", ".join(e.where for e in change.by)
    return [*lines, f"    {t('import.from', where=where)}"]


def _short(name: str, value: str, t: Texts) -> str:
    """Return a value in words, cut where it is long; the log and the JSON have it whole."""
    if not value:
        return t("import.nothing")
    said = label(fields.CODED[name], value, t.lang) if name in fields.CODED else value
    said = " ".join(said.split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def _conflict(conflict: Conflict, t: Texts) -> list[str]:
    edit = conflict.edit
    lines = [f"  {edit.system} {edit.obligation}: {t(f'import.moved.{conflict.moved}')}"]
    lines += [
        _wrapped(t("import.now", what=_said(fields.of_finding(f), t)), 4) for f in conflict.now
    ]
    lines.append(_wrapped(t("import.wanted", what=_said(edit.inputs, t)), 4))
    lines.append(f"    {t('import.from', where=edit.where)}")
    place = f"{edit.system}:{edit.obligation}"
    return [*lines, _wrapped(t("import.accept", place=place), 4)]


def _disagreement(disagreement: Disagreement, t: Texts) -> list[str]:
    lines = [f"  {disagreement.system} {disagreement.obligation}"]
    for edit in disagreement.edits:
        lines.append(_wrapped(f"{edit.where}: {_said(edit.inputs, t)}", 4))
    return lines


def _said(inputs: Mapping[str, str] | None, t: Texts) -> str:
    """Return a finding in one line."""
    if inputs is None:
        return t("import.take_out")
    words = [f"({inputs['categories']})"] if inputs["categories"] else []
    words.append(label("status", inputs["status"], t.lang))
    if inputs["level"]:
        words.append(t("fill.found.level", level=inputs["level"]))
    words += [label("grade", inputs["grade"], t.lang), inputs["date"]]
    comment = inputs[f"comment_{t.lang}"]
    return f"{', '.join(words)}: {_short('comment', comment, t)}"


def document(intake: Intake) -> dict[str, Any]:
    """Return the whole preview as plain data (schema ``ehds.gap-import/1``)."""
    plan = intake.plan
    return {
        "schema": SCHEMA,
        "files": [
            {"file": r.page.file, "sha256": r.page.sha256, "assessor": r.who,
             "rows": len(r.page.lines), "edits": len(r.edits), "notices": list(r.notices)}
            for r in intake.files
        ],
        "agreed": plan.agreed,
        "sources": [{**new.source.cells(), "from": list(new.where)} for new in plan.sources],
        "changes": [
            {"change": str(c.kind), "system": c.system, "obligation": c.obligation,
             "old": _finding(c.old), "new": dict(c.new) if c.new else None,
             "from": [e.where for e in c.by]}
            for c in plan.changes
        ],
        "conflicts": [
            {"moved": str(c.moved), "system": c.edit.system, "obligation": c.edit.obligation,
             "now": [_finding(f) for f in c.now],
             "wanted": dict(c.edit.inputs) if c.edit.inputs else None, "from": c.edit.where}
            for c in plan.conflicts
        ],
        "disagreements": [
            {"system": d.system, "obligation": d.obligation,
             "edits": [{"from": e.where, "wanted": dict(e.inputs) if e.inputs else None}
                       for e in d.edits]}
            for d in plan.disagreements
        ],
    }  # fmt: skip


def _finding(finding: Finding | None) -> dict[str, str] | None:
    return fields.of_finding(finding) if finding else None
