"""A second reading: every pair of the maps is stated in the fact base, and the other way round.

The parsers here share nothing with the maps' own making. What the fact base states and the maps
leave out on purpose is listed, with the reason.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ips.terms.tables import maps

pytestmark = pytest.mark.oracle

Pairs = set[tuple[str, str]]

LEFT_OUT = {
    # Named in the fact base as alternatives: narrower than asthma and than dialysis.
    "7497-snomed": {("5", "427461000"), ("5", "4386001")},
    "7517-snomed": {("5", "265764009"), ("5", "302497006"), ("5", "71192002")},
    # Z94.8 is the nearer of the two that are named.
    "7518-icd10": {("26", "Z94.9")},
}


@pytest.fixture(scope="module")
def text(reference: Path) -> str:
    return (reference / "norway.md").read_text(encoding="utf-8")


def _ours(name: str) -> Pairs:
    (code_map,) = [m for group in maps().values() for m in group if m.name == name]
    return {
        (code, row.target.code)
        for code, rows in code_map.rows.items()
        for row in rows
        if row.target
    }  # fmt: skip


def _between(text: str, start: str, end: str) -> str:
    begin = text.index(start)
    return text[begin : text.index(end, begin)]


def _dots(block: str, pattern: str) -> Pairs:
    matches = (re.match(pattern, item.strip()) for item in re.split(r" · |\n", block))
    return {(m[1], m[2]) for m in matches if m}


def _listed(text: str, start: str, target: str, code: str = r"\d+") -> Pairs:
    """Read ``1 Name -> A, B; 2 Name -> C`` after the start of a line."""
    (line,) = re.findall(rf"^{re.escape(start)}.*$", text, re.M)
    found: Pairs = set()
    current: list[str] = []
    for part in line[len(start) :].split("; "):
        head = re.match(rf"(?:.*: )?({code}(?:/{code})*)\b[^>]*-> ", part)
        if head:
            current = head[1].split("/")
        tail = part[head.end() :] if head else part
        found |= {(one, hit) for one in current for hit in re.findall(target, tail)}
    return found


def test_dose_forms(reference: Path, text: str) -> None:
    rows = (reference / "maps" / "no7448-edqm.tsv").read_text(encoding="utf-8").splitlines()[1:]
    stated = {(row.split("\t")[0], row.split("\t")[2]) for row in rows}
    block = _between(text, "### 6.1", "Coating is not in 7448")
    assert _dots(block, r"(\d+) .+? ?->~?(\d+)") == stated
    human = {("481", "13076000"), ("481", "11208500"), ("448", "10217000"), ("448", "10218000"),
             ("98", "12301000"), ("98", "12303000")}  # fmt: skip
    line = re.findall(r"^Unmapped human forms.*$", text, re.M)[0]
    assert all(code in line and target in line for code, target in human)
    assert _ours("7448-edqm") == stated | human


def test_routes(reference: Path, text: str) -> None:
    rows = (reference / "maps" / "no7477-edqm.tsv").read_text(encoding="utf-8").splitlines()[1:]
    stated = {(row.split("\t")[0], row.split("\t")[2]) for row in rows}
    block = _between(text, "### 6.2", "Not mapped: 72")
    assert _dots(block, r"(\d+) .+? ?->~?(\d+) ") == stated == _ours("7477-edqm")


def test_dosing_units(text: str) -> None:
    block = _between(text, "### 6.3", "7452 Enhet for pakning ->")
    assert _dots(block, r"(\d+) .+? ->~?(\d{8}) ") == _ours("7480-edqm")
    assert _dots(block, r"(\d+) .+? -> UCUM (\S+)") == _ours("7480-ucum")


def test_units_of_packages_and_time(text: str) -> None:
    line = re.findall(r"^7452 Enhet for pakning -> UCUM: (.*)$", text, re.M)[0]
    stated: Pairs = set()
    for names, target in re.findall(r"(?:^|, )`?([^,`>(]+?)`?->([^\s,~(]+)", line):
        one = {"SQ-T/SQ-E": ["SQ-T", "SQ-E/ml"], "S sett": ["S"]}.get(names, names.split("/"))
        stated |= {(name, target.rstrip(".")) for name in one}
    assert _ours("7452-ucum") | _ours("7452-edqm") == stated
    line = re.findall(r"^9088 Tidsenhet -> UCUM: (.*?) \(", text, re.M)[0]
    assert _ours("9088-ucum") == {tuple(pair.split()) for pair in line.split(", ")}


def test_reactions(text: str) -> None:
    start = re.findall(
        r"^(Suggested IPS/EPS target codes for 7497.*?SNOMED code\): )1 -> ", text, re.M
    )
    stated = _listed(text, start[0], r"\b\d{6,}\b")
    current = {pair for pair in _ours("7497-snomed") if len(pair[0]) < 3}
    assert current == stated - LEFT_OUT["7497-snomed"]
    # The older three-digit codes have the targets of the code with the same meaning, no others.
    older = _ours("7497-snomed") - current
    assert {target for _, target in older} <= {target for _, target in current}


@pytest.mark.parametrize(
    ("name", "start", "target"),
    [
        ("7514-snomed", "7514 Annen allergi -> SNOMED", r"\b\d{7,}\b"),
        ("7852-snomed", "7852 Allergener -> same VS", r"\b\d{7,}\b"),
        ("7518-emdn", "7518 Implantat -> EMDN", r"\b[JNP]\d{2,}\b"),
        ("7518-icd10", "7518 -> ICD-10 status codes", r"\bZ\d\d\.\d\b"),
        ("7517-snomed", "7517 Pågående behandling -> SNOMED", r"\b\d{7,}\b"),
        ("7651-icd10", "7651 3/4 anaesthesia -> ICD-10", r"\bT88\.\d\b"),
    ],
)
def test_critical_information(text: str, name: str, start: str, target: str) -> None:
    assert _ours(name) == _listed(text, start, target) - LEFT_OUT.get(name, set())


def test_infection_and_procedure_change(text: str) -> None:
    line = re.findall(r"^7519 Smitte -> .*$", text, re.M)[0]
    pair = r"(\d) [^;]*? -> (?:specific code or )?([UZ]\d\d\.\d)"
    assert _ours("7519-icd10") == set(re.findall(pair, line.split(": ", 1)[1]))
    assert "7522-1 reservation against blood transfusion -> Z53.1" in text
    assert _ours("7522-icd10") == {("1", "Z53.1")}


def test_vaccines(text: str) -> None:
    block = _between(text, "### 6.5", "(181 BCG")
    atc = _dots(block, r"(\d+) .* -> ([A-Z0-9]+)")
    snomed = _dots(block, r"(\d+) .* -> [A-Z0-9]+\+(\d+)$")
    assert _ours("7447-atc") == atc | {("181", "L03AX03")}
    assert _ours("7447-snomed") == snomed
    line = re.findall(r"^SYSVAK codes .*$", text, re.M)[0]
    assert all(f"{code} " in line and target in line for code, target in _ours("sysvak-atc"))


def test_laboratory(text: str) -> None:
    line = re.findall(r"^NPU03230 .*$", text, re.M)[0]
    stated = {
        (code, loinc)
        for part in line.split("; ")
        for code in re.findall(r"N(?:PU|OR)\d{5}", part)
        for loinc in re.findall(r"\b\d{3,5}-\d\b", part)
    }
    assert _ours("7280-loinc") == stated


def test_health_personnel(text: str) -> None:
    block = _between(text, "### 6.8", "[INFER pairing")
    assert _ours("9060-isco") == set(
        re.findall(r"(?:^|; )([A-Z]{2}\d?) [^;>]*?-> (\d+)", block, re.M)
    )
