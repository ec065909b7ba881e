"""Damaged and enormous CDA documents: an InputError that says what and where, and little memory."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

import data
from data.errors import InputError
from ips.cda.check import check_cda
from ips.cda.read import to_fhir
from tests.ips.cda import samples
from tests.ips.mutants import mutated

MB = 2**20
NUMBER = "13816248213"
"""The national identity number of the sample patient (synthetic)."""

PLACES = {
    "narrative": ("<text><paragraph", "<text>{}<paragraph"),
    "title": ("<title>Patient Summary", "<title>{}Patient Summary"),
    "name of a code": ('displayName="amoxicillin"', 'displayName="{}amoxicillin"'),
    "identifier": ('extension="summary-1"', 'extension="{}summary-1"'),
}
READERS: list[Callable[[bytes], object]] = [to_fhir, check_cda]


def swollen(place: str, size: int) -> bytes:
    """Return the sample with a text of so many bytes in one place."""
    old, new = PLACES[place]
    return samples.changed(old, new.format("x" * size))


@pytest.fixture(scope="module")
def enormous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose narrative has a text of 100 MB, written piece by piece."""
    file = tmp_path_factory.mktemp("enormous") / "document.xml"
    head, tail = samples.document().split("<text><paragraph", 1)
    with file.open("wb") as stream:
        stream.write(f"{head}<text>".encode())
        for _ in range(100):
            stream.write(b"x" * MB)
        stream.write(f"<paragraph{tail}".encode())
    return file


_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from ehds.cli import main
sys.argv = ["ehds", *sys.argv[2:]]
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no address space limit on this system")
@pytest.mark.parametrize("command", [("ips", "check"), ("ips", "convert", "--to", "fhir")])
def test_a_hundred_megabytes_of_text_are_refused_in_little_memory(
    enormous: Path, command: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(512 * MB), *command, str(enormous)],
        capture_output=True, text=True, timeout=120, check=False,
        cwd=Path(data.__file__).parent.parent,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 2, said[-2000:]
    assert re.search(r"MiB", said)
    assert "document.xml" in said
    assert "Traceback" not in said
    assert len(said) < 2000


@pytest.mark.parametrize("reader", READERS)
def test_what_is_too_large_is_refused_before_it_is_parsed(
    enormous: Path, reader: Callable[[bytes], object]
) -> None:
    content = enormous.read_bytes()
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="MiB"):
            reader(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Looking whether there is anything but space may copy the content once.
    assert peak < 2 * len(content)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("place", PLACES)
def test_a_text_that_the_parser_refuses_is_told_with_its_line(
    place: str, reader: Callable[[bytes], object]
) -> None:
    with pytest.raises(InputError) as caught:
        reader(swollen(place, 12 * MB))
    (problem,) = caught.value.problems
    assert re.search(r":\d+", problem.where)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("place", PLACES)
def test_a_large_text_below_the_limit_is_read_and_told_briefly(place: str) -> None:
    read = to_fhir(swollen(place, 2 * MB))
    assert read.bundle["resourceType"] == "Bundle"
    assert max(len(item.source_value) for item in read.loss.items) < 1000
    assert max(len(result.message) for result in check_cda(swollen(place, 2 * MB)).results) < 2000


@pytest.mark.parametrize("seed", range(80))
def test_mutated_documents_are_read_and_checked_or_refused(seed: int) -> None:
    content = mutated(samples.document().encode(), seed)
    for reader in READERS:
        told: InputError | None = None
        try:
            reader(content)
        except InputError as error:
            told = error
        assert told is None or (told.problems and NUMBER not in str(told))


def test_a_doubled_document_inside_itself_is_borne() -> None:
    whole = samples.document()
    nested = samples.changed("<text><paragraph", f"<text>{whole}<paragraph")
    assert to_fhir(nested).bundle["type"] == "document"
    assert check_cda(nested).results


def test_elements_without_end_are_refused() -> None:
    deep = samples.changed("<text><paragraph", "<text>" + "<content>" * 5000 + "<paragraph")
    many = samples.changed("<text><paragraph", "<text>" + "<br/>" * 20000 + "<paragraph")
    for content in (deep, many):
        for reader in READERS:
            with pytest.raises(InputError):
                reader(content)
