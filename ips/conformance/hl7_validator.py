"""Runs the official HL7 validator beside ours, and shows where the two differ.

It is prepared once by ``tools/hl7_validator/prepare.py``; EHDS_HL7_VALIDATOR names the folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from data.errors import EnvironmentProblem, Problem
from data.results import Report, Severity
from ips.conformance.model import Json
from ips.conformance.output import JUDGED, is_valid

VARIABLE = "EHDS_HL7_VALIDATOR"
GUIDES = (
    "hl7.fhir.uv.ips#2.0.0",
    "hl7.fhir.eu.extensions.r4#1.3.0",
    "ihe.pharm.mpd.r4#1.0.0-comment-2",
    "hl7.fhir.eu.base#2.0.0",
    "hl7.fhir.eu.mpd#1.0.0",
    "hl7.fhir.eu.eps#1.0.0-xtehr",
)
ERRORS = ("error", "fatal")
START_SECONDS = 180
FILE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the official validator says about one file.

    Attributes:
        issues: severity, id, location, message of each issue.
        milliseconds: how long the judging took, without start-up.
    """

    file: str
    issues: tuple[Json, ...]
    milliseconds: int

    @property
    def errors(self) -> list[Json]:
        """The issues that make the file invalid."""
        return [i for i in self.issues if i["severity"] in ERRORS]

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def home() -> Path:
    """Return the folder where the validator is prepared."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "ehds" / "hl7-validator"


def is_prepared() -> bool:
    """Whether the official validator can be run here."""
    return (home() / "classes" / "Hl7Validator.class").is_file() and shutil.which(
        "java"
    ) is not None


def validate(files: Iterable[Path], profile: str | None = None) -> list[Verdict]:
    """Judge files with the official validator, all in one JVM.

    Args:
        files: FHIR resources, .json or .xml.
        profile: canonical to judge by, beside what the resources claim.

    Raises:
        EnvironmentProblem: it is not prepared, Java is missing, or it stopped.
    """
    requests = [f"{f.resolve()}\t{profile}" if profile else str(f.resolve()) for f in files]
    if not requests:
        return []
    lines = _run(requests)
    verdicts = []
    for line in lines:
        answer = orjson.loads(line)
        if "file" in answer:
            issues = tuple(answer["issues"])
            verdicts.append(Verdict(answer["file"], issues, int(answer["ms"])))
    if len(verdicts) != len(requests):
        raise EnvironmentProblem(
            Problem(
                f"the validator answered for {len(verdicts)} of {len(requests)} files",
                str(home()),
                remedy="run it again with fewer files; see its messages on stderr",
            )
        )
    return verdicts


def _run(requests: list[str]) -> list[bytes]:
    java = shutil.which("java")
    if not is_prepared() or java is None:
        raise EnvironmentProblem(
            Problem(
                "the official HL7 validator is not prepared",
                str(home()),
                remedy="install Java 17 and run: python tools/hl7_validator/prepare.py",
            )
        )
    command = [
        java,
        "-Xmx4g",
        f"-Duser.home={home()}",
        "-cp",
        f"{home() / 'classes'}{os.pathsep}{home() / 'lib'}{os.sep}*",
        "Hl7Validator",
        *GUIDES,
    ]
    limit = START_SECONDS + FILE_SECONDS * len(requests)
    with tempfile.TemporaryFile() as log:
        try:
            done = subprocess.run(  # noqa: S603 - our own program with paths that exist
                command,
                input="\n".join(requests).encode(),
                stdout=subprocess.PIPE,
                stderr=log,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EnvironmentProblem(
                Problem(f"the validator did not answer within {limit} s", str(home()))
            ) from None
        if done.returncode != 0:
            log.seek(0)
            tail = log.read().decode(errors="replace").strip().splitlines()
            why = next((t for t in tail if "Exception" in t or "Error" in t), "no message")
            raise EnvironmentProblem(Problem(f"the validator stopped: {why[:300]}", str(home())))
    return done.stdout.splitlines()


@dataclass(frozen=True, slots=True)
class Difference:
    """Where our verdict and the official one on a document are not the same."""

    file: str
    ours: tuple[str, ...]
    official: tuple[str, ...]


def compare(
    reports: Iterable[tuple[Path, Report]], verdicts: Iterable[Verdict]
) -> list[Difference]:
    """Return the documents on which one says error and the other does not."""
    found = []
    for (path, report), verdict in zip(reports, verdicts, strict=True):
        if is_valid(report) == verdict.valid:
            continue
        ours = tuple(
            f"{r.location}: {r.message} [{r.id}]"
            for r in report.results
            if r.severity is Severity.ERROR and r.outcome in JUDGED
        )
        official = tuple(f"{i['location']}: {i['message']} [{i['id']}]" for i in verdict.errors)
        found.append(Difference(str(path), ours, official))
    return found
