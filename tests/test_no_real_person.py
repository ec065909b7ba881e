"""No national identity number of a real person is anywhere in the repository, nor in what we make.

Every run of eleven digits (or six and five) in every text file is judged by the rules of
Skatteetaten and Norsk helsenett; a number that could have been issued fails with file and line. The
judge is written here on its own, so that a mistake in the product cannot hide itself.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ips.generate import generate
from ips.generate.samples import samples

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 30 * 2**20

# Neither part of a longer number or word, nor the decimals of one, nor an arc of an OID.
CANDIDATE = re.compile(
    r"(?<![0-9A-Za-z_])(?<![0-9][.,])([0-9]{6})[ \u00a0]?([0-9]{5})(?![0-9A-Za-z_])(?![.,][0-9])"
)
BASE64 = re.compile(r"[A-Za-z0-9+/]{48,}={0,2}")
FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def could_be_issued(digits: str) -> bool:
    """Return whether a number is valid and of a series that is given to people.

    Both rules for the first check digit count: today's, and the wider one from 2032.
    """
    if weigh(digits, FIRST) not in (0, 1, 2, 3) or weigh(digits, SECOND) != 0:
        return False
    if digits[0] in "89":  # FH-numbers carry no date and have no test series
        return weigh(digits, FIRST) == 0
    day = int(digits[:2]) - (40 if digits[0] in "4567" else 0)
    try:
        dt.date(2000, int(digits[2:4]), day)  # a leap year: 29 February exists
    except ValueError:
        return False
    return True


def weigh(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11


def found_in(text: str, place: str) -> Iterator[str]:
    """Yield the places of numbers that could be real; the numbers themselves are never shown."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in CANDIDATE.finditer(line):
            if could_be_issued(match[1] + match[2]):
                yield f"{place}:{number}: {match[1][:2]}*********"
        for hidden in BASE64.findall(line):
            inner = decoded(hidden)
            yield from found_in(inner, f"{place}:{number} (base64)") if inner else ()


def decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def repository_files() -> list[Path]:
    """Return tracked and untracked files; without git, everything that is no cache."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if asked.returncode == 0:
        return [ROOT / name for name in asked.stdout.decode().split("\0") if name]
    skipped = {".git", ".venv", "__pycache__", "build", "dist"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not skipped & set(p.parts)]


def test_no_number_of_a_real_person_in_the_repository() -> None:
    found: list[str] = []
    seen = 0
    for path in repository_files():
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        seen += 1
        text = content.decode("utf-8", errors="replace")
        found += found_in(text, path.relative_to(ROOT).as_posix())
    assert seen > 50, "the search found hardly any file: is this the repository?"
    assert not found, "\n".join(found)


@pytest.mark.parametrize("seed", [1, 2032])
def test_no_number_of_a_real_person_in_generated_patients(seed: int) -> None:
    found: list[str] = []
    for patient in generate(100, seed):
        for name, content in patient.files.items():
            found += found_in(content.decode(), f"{patient.id}/{name}")
    assert not found, "\n".join(found)


def test_every_patient_has_a_number_of_a_test_series() -> None:
    for sample in samples().values():
        text = sample.files()["patient.json"].decode()
        numbers = [m[1] + m[2] for m in CANDIDATE.finditer(text)]
        assert numbers, sample.id
        assert all(int(number[2:4]) > 40 for number in numbers), sample.id


def real_looking(day: int, month: int) -> str:
    """Return the first valid number of a date; it stays in memory and belongs to the search."""
    for tail in range(100000):
        digits = f"{day:02}{month:02}00{tail:05}"
        if weigh(digits, FIRST) == 0 and weigh(digits, SECOND) == 0:
            return digits
    raise AssertionError("no number")


@pytest.mark.parametrize("day", [1, 31, 41, 71], ids=["first", "last", "D first", "D last"])
def test_the_search_finds_what_it_looks_for(day: int) -> None:
    number = real_looking(day, 1)
    lines = [f"x {number} y", f"x {number[:6]} {number[6:]}", f'"value":"{number}"']
    hidden = base64.b64encode(f"<Fnr>{number}</Fnr> and some more words".encode()).decode()
    for line in [*lines, hidden]:
        (place,) = found_in(line, "file")
        assert number not in place


@pytest.mark.parametrize("month", [41, 52, 66, 77, 81, 92])
def test_the_search_leaves_test_series_alone(month: int) -> None:
    assert not list(found_in(real_looking(15, month), "file"))


def test_the_search_leaves_other_long_numbers_alone() -> None:
    number = real_looking(1, 1)
    for text in (f"1{number}", f"0.{number}", f"2.16.{number}.1", f"a{number}", f"{number}f"):
        assert not list(found_in(text, "file")), "not an identity number here"
