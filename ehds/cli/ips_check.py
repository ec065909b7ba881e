"""What ``ehds ips check`` does with its files: read, judge, compare, write."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from data.errors import InputError, Problem
from data.results import Report
from ehds.cli.ips_convert import CDA_ROOT, STDIN, placed, read_bytes, read_fhir
from ips.conformance import hl7_validator, output
from ips.conformance.engine import ALIASES, check_bundle
from ips.conformance.model import shipped
from ips.conformance.reader import read_document
from ips.summary.coverage import CoverageRow, coverage


class Judged(NamedTuple):
    """A document with its name and what was found; a CDA has no FHIR resource."""

    name: str
    resource: dict[str, Any] | None
    report: Report


def read(file: str) -> dict[str, Any]:
    """Read a FHIR document, or a CDA turned into FHIR, from a file or ``-``."""
    content = read_bytes(file)
    if CDA_ROOT in content[:4096]:
        from ips.cda.read import to_fhir

        return to_fhir(content, name=file).bundle
    return read_fhir(content, file)


def judge(
    files: Sequence[str],
    profile: str | None,
    package_file: Path | None,
    cda_schema: Path | None = None,
    form: Literal["pivot", "friendly"] | None = None,
) -> tuple[list[Judged], list[Problem]]:
    """Judge files and folders; what cannot be read is told with the rest."""
    package = shipped().with_package(package_file) if package_file else None
    judged: list[Judged] = []
    problems: list[Problem] = []
    for name in expanded(files, problems):
        try:
            content = read_bytes(name)
            resource = None
            if CDA_ROOT in content[:4096]:
                from ips.cda.check import check_cda

                report = check_cda(content, cda_schema, form, name=name)
            else:
                resource = read_document(content)
                report = check_bundle(resource, profile, package)
        except InputError as error:
            problems += [placed(problem, name) for problem in error.problems]
        else:
            judged.append(Judged(name, resource, report))
    return judged, problems


def pair(files: Sequence[str]) -> list[tuple[str, Report]]:
    """Judge two CDA documents as the level 3 and the level 1 of one content.

    Raises:
        InputError: not two files, or one that is not CDA.
    """
    if len(files) != 2:
        raise InputError(
            Problem(f"--pair judges two documents, not {len(files)}", "--pair",
                    remedy="give the level 3 document and the level 1 document")
        )  # fmt: skip
    from ips.cda.check import check_pair, level_of

    contents = {}
    for name in files:
        content = read_bytes(name)
        try:
            contents[name] = (level_of(content), content)
        except InputError as error:
            raise InputError([placed(problem, name) for problem in error.problems]) from None
    first, second = sorted(files, key=lambda name: contents[name][0], reverse=True)
    report = check_pair(contents[first][1], contents[second][1])
    return [(f"{first} + {second}", report)]


def expanded(files: Sequence[str], problems: list[Problem]) -> list[str]:
    """Return the files, with a folder replaced by the documents in it."""
    names: list[str] = []
    for file in files:
        path = Path(file)
        if file != STDIN and path.is_dir():
            found = sorted(
                str(p)
                for p in path.iterdir()
                if p.suffix.lower() in (".json", ".xml") and p.is_file()
            )
            if not found:
                problems.append(Problem("no .json or .xml file in this folder", file))
            names += found
        else:
            names.append(file)
    return names


def coverage_of(judged: Sequence[Judged]) -> dict[str, list[CoverageRow]]:
    """Return the 18 elements of EHDS Annex I (1) per document."""
    return {one.name: coverage(one.resource) for one in judged if one.resource is not None}


def compare(judged: Sequence[Judged], profile: str | None) -> list[hl7_validator.Difference]:
    """Run the official validator on the same documents and return where the verdicts differ."""
    canonical = ALIASES.get(profile, profile) if profile else None
    judged = [one for one in judged if one.resource is not None]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, one in enumerate(judged):
            path = Path(one.name)
            if one.name == STDIN or path.suffix not in (".json", ".xml"):
                path = Path(folder) / f"{number}.json"
                path.write_bytes(orjson.dumps(one.resource))
            paths.append(path)
        verdicts = hl7_validator.validate(paths, canonical)
        return hl7_validator.compare(
            [(path, one.report) for path, one in zip(paths, judged, strict=True)], verdicts
        )


def fails(judged: Sequence[Judged], level: str) -> bool:
    """Return whether any document has a finding as grave as the level."""
    return any(output.reaches(one.report, level) for one in judged)


def written(
    judged: Sequence[Judged],
    fmt: str,
    rows: Mapping[str, list[CoverageRow]],
    differences: Sequence[hl7_validator.Difference] | None,
    lang: str,
    *,
    verbose: bool,
) -> str:
    """Return everything that was found in one of the formats."""
    named = [(one.name, one.report) for one in judged]
    if fmt == "junit":
        return output.to_junit(named)
    if fmt == "operationoutcome":
        outcomes = [output.to_operation_outcome(report) for _, report in named]
        made: Any = outcomes[0] if len(outcomes) == 1 else _collection(outcomes)
        return json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if fmt == "json":
        return _as_json(named, rows, differences)
    parts = []
    for one in judged:
        parts.append(output.to_text(one.report, one.name, verbose))
        if one.name in rows:
            parts.append(coverage_text(rows[one.name], lang))
    if differences is not None:
        parts.append(_differences_text(differences, len(judged)))
    return "".join(parts)


def _collection(outcomes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    entries = [{"resource": outcome} for outcome in outcomes]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _as_json(
    named: Sequence[tuple[str, Report]],
    rows: Mapping[str, list[CoverageRow]],
    differences: Sequence[hl7_validator.Difference] | None,
) -> str:
    content = orjson.loads(output.to_json(named))
    for document in content["documents"]:
        if document["name"] in rows:
            document["coverage"] = [row.to_dict() for row in rows[document["name"]]]
    if differences is not None:
        content["hl7_validator"] = {"differences": [asdict(d) for d in differences]}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


_STATES = {
    "nb": {"filled": "utfylt", "none-known": "ingen kjente", "no-information": "ingen opplysning",
           "missing": "mangler"},
    "en": {"filled": "filled", "none-known": "none known", "no-information": "no information",
           "missing": "missing"},
}  # fmt: skip
_NORWAY = {
    "nb": {"yes": "", "partly": "delvis i Norge", "no": "ikke fra norske kilder"},
    "en": {"yes": "", "partly": "partly in Norway", "no": "not from Norwegian sources"},
}


def coverage_text(rows: Sequence[CoverageRow], lang: str) -> str:
    """Return the 18 elements as a table; a reason stands under what is not filled."""
    filled = sum(row.state == "filled" for row in rows)
    lines = [f"  EHDS Annex I (1): {filled}/{len(rows)}"]
    for row in rows:
        number = str(row.entries) if row.entries else ""
        state = _STATES[lang][row.state]
        lines.append(
            f"  {row.element:3} {row.obligation:8} {row.name(lang):45} {state:17}{number:>3}"
        )
        if row.state != "filled":
            norway = _NORWAY[lang][row.norway]
            reason = f"{norway}: {row.reason(lang)}" if norway else row.reason(lang)
            lines.append(f"               {reason}")
    return "\n".join(lines) + "\n"


def _differences_text(differences: Sequence[hl7_validator.Difference], number: int) -> str:
    lines = [
        f"HL7 validator: the same verdict on {number - len(differences)} of {number} documents"
    ]
    for one in differences:
        lines.append(f"  {one.file}")
        lines += [f"    ours: {text}" for text in one.ours]
        lines += [f"    official: {text}" for text in one.official]
    return "\n".join(lines) + "\n"
