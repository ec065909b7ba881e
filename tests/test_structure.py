"""The house: rooms import only rooms below, no files import each other, files stay small."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

ROOMS = ("ehds", "reports", "gap", "ncp", "ips", "data")
"""From the roof to the ground: a room imports only rooms that stand after it."""
LONGEST = 400
TEXT = {".py", ".md", ".toml", ".csv", ".txt", ".json", ".xml", ".j2", ".css", ".html", ".lock",
        ".cfg", ".yml", ".yaml", ".sh", ".js", ".mjs", ".java", ""}  # fmt: skip
# Written so that the patterns do not match themselves.
FOREIGN = {
    "a path of one machine": r"/wor[k]/|/tm[p]/|/roo[t]/|/hom[e]/\w|/User[s]/\w|\bC:\\User[s]",
    "a package registry": (
        r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|yarnpkg[.]com|golang[.]org"
        r"|crates[.]io|repo1?[.]maven[.]|central[.]sonatype|deb[.]debian[.]org"),
    "a tool that wrote it": r"(?i)\bclau[d]e\b|anthropi[c]|chatgp[t]|copilo[t]|co-authored-b[y]",
}  # fmt: skip


def modules() -> dict[str, Path]:
    """Return our files by module name."""
    found = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(name: str, file: Path, known: dict[str, Path]) -> set[str]:
    """Return our modules that a file imports, anywhere in it."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in known else base)
    return {module for module in found if module in known and module != name}


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: imports(name, file, known) for name, file in known.items()}


def test_the_graph_of_imports_is_read(graph):
    assert "data.loaders.tables" in graph["data.loaders.catalogue"]
    assert "gap.analysis" in graph["ehds.cli.options"]
    assert "data" in graph["data.loaders.catalogue"]


def test_a_room_imports_only_rooms_below(graph):
    height = {room: i for i, room in enumerate(ROOMS)}
    upwards = [
        (name, other) for name, others in graph.items() for other in others
        if height[other.split(".")[0]] < height[name.split(".")[0]]
    ]  # fmt: skip
    assert upwards == []


def test_no_files_import_each_other_directly_or_in_a_circle(graph):
    assert _circles(graph) == []


def _circles(graph: dict[str, set[str]]) -> list[str]:
    """Return every circle of imports once, as «a > b > a»."""
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append(" > ".join([*path[path.index(name) :], name]))
            return
        if name in done:
            return
        for other in sorted(graph[name]):
            visit(other, [*path, name])
        done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def test_a_circle_would_be_found():
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a > b > c > a"]


def test_what_lies_on_the_ground_knows_no_format_and_no_score():
    """data/ knows nothing of FHIR, SOAP or scores."""
    for file in (ROOT / "data").rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        names = {
            alias.name.split(".")[0] for node in ast.walk(tree)
            if isinstance(node, ast.Import) for alias in node.names
        } | {
            (node.module or "").split(".")[0] for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
        }  # fmt: skip
        assert not names & {"fhir", "pandas", "requests", "xlsxwriter", "jinja2", "click"}, file


def _code_lines(file: Path) -> int:
    """Count the lines that hold code: no blank lines, comments or docstrings."""
    lines: set[int] = set()
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
               tokenize.ENCODING, tokenize.ENDMARKER}  # fmt: skip
    with file.open("rb") as stream:
        for token in tokenize.tokenize(stream.readline):
            if token.type not in skipped:
                lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def test_no_file_is_longer_than_one_idea():
    sizes = {str(f.relative_to(ROOT)): _code_lines(f) for f in modules().values()}
    assert {name: n for name, n in sizes.items() if n > LONGEST} == {}


def test_every_room_and_package_says_what_it_is():
    packages = [f for f in modules().values() if f.name == "__init__.py"]
    folders = {f.parent for f in modules().values()}
    assert folders == {f.parent for f in packages}, "a folder with code has no __init__.py"
    silent = [str(f) for f in packages if not ast.get_docstring(ast.parse(f.read_text("utf-8")))]
    assert silent == []


def test_every_file_says_what_it_is():
    for name, file in modules().items():
        assert ast.get_docstring(ast.parse(file.read_text("utf-8"))), name


def test_nothing_prints_beside_the_front_door():
    for name, file in modules().items():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", f"{name}:{node.lineno}"
            if isinstance(node, ast.Attribute) and node.attr == "echo":
                assert name.startswith("ehds."), f"{name}:{node.lineno}"


def committed() -> Iterator[Path]:
    """Yield the text files that are in the repository, or would be with the next commit."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    done = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in done.stdout.decode().split("\0"):
        file = ROOT / name
        if name and file.is_file() and file.suffix in TEXT:
            yield file


@pytest.mark.parametrize(("what", "pattern"), FOREIGN.items(), ids=FOREIGN)
def test_the_project_speaks_of_itself_alone(what, pattern):
    found = []
    for file in committed():
        try:
            lines = file.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            hit = re.search(pattern, line)
            if hit:
                found.append(f"{file.relative_to(ROOT)}:{number}: {hit[0]}")
    assert found == [], what


def test_the_locks_name_no_registry_and_hold_hashes():
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "http" not in re.sub(r"(?m)^(httpx|httpcore|httptools|[a-z-]*http[a-z-]*)==.*$", "",
                                    text), lock  # fmt: skip


def test_the_wheel_ships_every_room_and_no_tests():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    line = re.search(r"\[tool\.hatch\.build\.targets\.wheel\]\npackages = \[(.*)\]", text)
    assert line
    assert {name.strip(' "') for name in line[1].split(",")} == set(ROOMS)
