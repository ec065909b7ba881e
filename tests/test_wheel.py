"""The wheel: what is in it, and that it does the main job where there is nothing else of ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.builders import ROOT

pytestmark = pytest.mark.slow
MIB = 1024 * 1024
ROOMS = ("data", "gap", "reports", "ips", "ncp", "ehds")
MUST = (
    "data/codes.csv", "data/sources.csv", "data/schemes.toml", "data/SOURCES.toml",
    "data/catalogue/edition.toml", "data/catalogue/acts.csv", "data/catalogue/articles.csv",
    "data/catalogue/parts.csv", "data/catalogue/timeline.csv", "data/catalogue/xtehr.csv",
    "data/catalogue/date_rules.csv", "data/systems/systems.csv", "data/systems/status.csv",
    "data/assessments/norway-2024-10/assessment.toml",
    "data/assessments/norway-2024-10/findings.csv",
    "data/assessments/norway-2026-11/assessment.toml",
    "data/assessments/norway-2026-11/findings.csv",
    "data/countries.csv", "data/exchange/errors.csv", "data/exchange/portal-texts.csv",
    "ncp/portal/templates/base.html.j2", "ncp/portal/static/portal.css",
    "data/fonts/DejaVuSans.ttf",
    "data/fonts/DejaVuSans-Bold.ttf", "reports/certification/paper.html.j2",
    "reports/page/page.css", "reports/page/templates/page.html.j2", "reports/texts/common.csv",
    *(f"{room}/__init__.py" for room in ROOMS),
)  # fmt: skip


def _run(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(a) for a in args], cwd=cwd, env={**kept, "PYTHONUTF8": "1"}, capture_output=True,
        text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{args}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", target, ROOT, cwd=target)
    (file,) = target.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def content(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_everything_that_the_product_reads_is_in_the_wheel(content):
    assert set(MUST) - content == set()


def test_every_data_file_and_template_of_the_checkout_is_in_the_wheel(content):
    """What is in the folders but not in the repository is not asked for."""
    done = _run("git", "ls-files", "-z", "data", "reports", cwd=ROOT)
    kept = {name for name in done.stdout.split("\0") if name}
    assert kept
    assert {name for name in kept if (ROOT / name).is_file()} - content == set()


def test_the_wheel_has_no_tests_no_caches_and_nothing_of_a_developer(content):
    tops = {name.split("/")[0] for name in content}
    assert {t for t in tops if not t.endswith(".dist-info")} == set(ROOMS)
    assert [n for n in content if "__pycache__" in n or n.endswith((".pyc", ".lock"))] == []


def test_the_wheel_stays_small(wheel):
    assert wheel.stat().st_size < 20 * MIB


def test_the_wheel_says_what_it_is(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
    about = Parser().parsestr(archive.read(name).decode())
    assert about["Name"] == "ehds-norge"
    assert about["Requires-Python"] == ">=3.11"
    assert "European Health Data Space" in about["Summary"]
    needs = " ".join(about.get_all("Requires-Dist") or [])
    for package in ("click", "pandas", "xlsxwriter", "jinja2"):
        assert package in needs.lower()
    (entry,) = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
    assert "ehds = ehds.cli:main" in archive.read(entry).decode()
    assert any(n.endswith("/LICENSE") for n in archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the scripts folder of an environment with the locked dependencies and the wheel."""
    home = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(home)
    scheme = sysconfig.get_preferred_scheme("prefix")
    scripts = Path(sysconfig.get_path("scripts", scheme, {"base": str(home)}))
    python = scripts / "python"
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet",
               "--no-compile")  # fmt: skip
    _run(*install, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=home)
    _run(*install, "--no-deps", wheel, cwd=home)
    return scripts


def test_the_main_job_runs_in_an_empty_folder_far_from_the_checkout(installed, tmp_path):
    done = _run(installed / "ehds", "readiness", "--out", "result", "--lang", "en", cwd=tmp_path)
    assert "Norway" in done.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"result"}
    made = {p.name for p in (tmp_path / "result").iterdir()}
    pages = {n for n in made if re.fullmatch(r"(region|system)-[a-z0-9-]+\.html", n)}
    assert made - pages == {
        "ehds-gap.html", "ehds-gap.xlsx", "ehds-gap.json", "ehds-evidence.json", "evidence",
        "sammendrag.html",
    }  # fmt: skip
    assert {"region-nord.html", "system-sfm.html"} <= pages
    document = json.loads((tmp_path / "result" / "ehds-gap.json").read_text("utf-8"))
    assert document["counts"]["obligations"] == 526
    assert "<h1" in (tmp_path / "result" / "ehds-gap.html").read_text("utf-8")


def test_the_rooms_that_are_imported_are_ours_and_those_of_the_wheel(installed, tmp_path):
    code = (
        "import importlib, sys; print(*(importlib.import_module(n).__file__ for n in sys.argv[1:]))"
    )
    done = _run(installed / "python", "-c", code, *ROOMS, cwd=tmp_path)
    home = str(installed.parent)
    for room, file in zip(ROOMS, done.stdout.split(), strict=True):
        assert file.startswith(home), f"{room} comes from {file}"
        assert str(ROOT) not in file
        ours = Path(file).read_text("utf-8")
        assert ours == (ROOT / room / "__init__.py").read_text("utf-8"), room


def test_no_dependency_brings_a_package_of_the_same_name(installed, tmp_path):
    code = (
        "import importlib.metadata as m, sys\n"
        "for name in sys.argv[1:]:\n"
        "    print(name, *sorted(set(m.packages_distributions().get(name, []))))\n"
    )
    done = _run(installed / "python", "-c", code, *ROOMS, cwd=tmp_path)
    for line in done.stdout.splitlines():
        assert line.split()[1:] == ["ehds-norge"], line


def test_the_commands_of_the_wheel_answer(installed, tmp_path):
    check = _run(installed / "ehds", "catalogue", "check", cwd=tmp_path)
    assert "526 sound rows, 0 problems" in check.stdout
    doctor = _run(installed / "ehds", "doctor", cwd=tmp_path)
    assert "NOT" not in doctor.stdout
    module = _run(installed / "python", "-m", "ehds", "--version", cwd=tmp_path)
    assert "ehds" in module.stdout
