"""Runs the official HL7 validator beside ours, and shows where the two differ.

It is prepared once by ``tools/hl7_validator/prepare.py``; EHDS_HL7_VALIDATOR names the folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
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
LIGHT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Options of Java that take less of the processors altogether, and longer for each file."""
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


class Validator:
    """One JVM that judges files until it is closed: starting takes most of the time.

    Args:
        options: of Java (``LIGHT``).

    Raises:
        EnvironmentProblem: it is not prepared, or Java is missing.
    """

    def __init__(self, options: Sequence[str] = ()) -> None:
        java = shutil.which("java")
        if not is_prepared() or java is None:
            raise EnvironmentProblem(
                Problem(
                    "the official HL7 validator is not prepared",
                    str(home()),
                    remedy="install Java 17 and run: python tools/hl7_validator/prepare.py",
                )
            )
        classes = f"{home() / 'classes'}{os.pathsep}{home() / 'lib'}{os.sep}*"
        command = [
            java,
            "-Xmx4g",
            *options,
            f"-Duser.home={home()}",
            "-cp",
            classes,
            "Hl7Validator",
            *GUIDES,
        ]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(  # noqa: S603 - our own program with paths that exist
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )
        self._limit = START_SECONDS

    def __enter__(self) -> Validator:
        """Return the validator, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the JVM."""
        self.close()

    def close(self) -> None:
        """End the JVM; may be called twice."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def judge(self, files: Iterable[Path], profile: str | None = None) -> list[Verdict]:
        """Judge files, one after the other.

        Args:
            files: FHIR resources, .json or .xml.
            profile: canonical to judge by, beside what the resources claim.

        Raises:
            EnvironmentProblem: it stopped, or did not answer in time.
        """
        more = f"\t{profile}" if profile else ""
        requests = [f"{file.resolve()}{more}\n" for file in files]
        limit = self._limit + FILE_SECONDS * len(requests)
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._process.kill()

        watch = threading.Timer(limit, give_up)
        watch.start()
        try:
            found = [self._one(request.encode()) for request in requests]
        except (BrokenPipeError, EOFError):
            raise EnvironmentProblem(self._stopped(limit if late.is_set() else 0)) from None
        finally:
            watch.cancel()
        self._limit = 0
        return found

    def _one(self, request: bytes) -> Verdict:
        told, asked = self._process.stdout, self._process.stdin
        assert told is not None
        assert asked is not None
        asked.write(request)
        asked.flush()
        while line := told.readline():
            answer = orjson.loads(line)
            if "file" in answer:
                return Verdict(answer["file"], tuple(answer["issues"]), int(answer["ms"]))
        raise EOFError

    def _stopped(self, limit: int) -> Problem:
        """Return why there is no answer."""
        self._process.wait()
        if limit:
            return Problem(f"the validator did not answer within {limit} s", str(home()))
        self._log.seek(0)
        tail = self._log.read().decode(errors="replace").strip().splitlines()
        why = next((t for t in tail if "Exception" in t or "Error" in t), "no message")
        return Problem(f"the validator stopped: {why[:300]}", str(home()))


def validate(files: Iterable[Path], profile: str | None = None) -> list[Verdict]:
    """Judge files with a validator of their own (see ``Validator.judge``)."""
    given = list(files)
    if not given:
        return []
    with Validator() as validator:
        return validator.judge(given, profile)


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
