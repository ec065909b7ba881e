"""The documentation is true: its commands run, its reference is current, its links resolve."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ehds.cli import COMMANDS, run
from gap.readiness import running
from tools import cli_reference, sources

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
_NAMED_FILE = re.compile(r"^`([\w/.-]+)`\n\n```\w+\n(.*?)^```", re.M | re.S)


def commands(page: Path) -> list[str]:
    """Return the commands of the fenced ``sh`` blocks of a page."""
    return [
        line
        for language, block in _FENCE.findall(page.read_text(encoding="utf-8"))
        if language == "sh"
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    ]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the same stages of ``ehds readiness`` once for all pages; each gets a copy."""
    real, kept, before = running.run, tmp_path_factory.mktemp("evidence"), {}

    def once(plan: Any, folder: Path, stages: Any, **more: Any) -> running.Ran:
        if not stages or more.get("resume") or more.get("opened"):
            return real(plan, folder, stages, **more)
        chosen = [scenario.id for scenario in more.get("scenarios") or ()]
        key = json.dumps([plan.print_of(), sorted(stages), chosen])
        if key not in before:
            before[key] = real(plan, folder, stages, **more), kept / str(len(before))
            shutil.copytree(folder, before[key][1])
            return before[key][0]
        found, there = before[key]
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(there, folder)
        return dataclasses.replace(found, folder=folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "run", once)
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("evidence")
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_of_a_page_runs_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in _NAMED_FILE.findall(page.read_text(encoding="utf-8")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    for line in commands(page):
        words = shlex.split(line, comments=True)
        assert words[0] == "ehds", f"{page.name}: only ehds commands are run: {line}"
        code = run(words[1:])
        assert code == 0, f"{line}: exit {code}\n{capfd.readouterr().err}"


def test_the_reference_of_the_command_line_is_current() -> None:
    # In a process of its own: click keeps the help option of a command that ran without its group.
    done = subprocess.run([sys.executable, cli_reference.__file__, "--check"], check=False)
    assert done.returncode == 0, "run: make docs"


def test_every_command_stands_in_the_reference() -> None:
    text = cli_reference.TARGET.read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"## ehds {name}" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_relative_link_of_a_page_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_data_file_has_an_origin_and_its_checksum() -> None:
    assert sources.problems() == [], "run: make sources"


def test_every_dependency_says_what_it_replaces() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    said = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    for requirement in wanted:
        name = re.split(r"[<>=~ \[]", requirement, maxsplit=1)[0].lower()
        assert name in said, f"docs/dependencies.md has no line on {name}"
